/** @file Does the dashboard's server send what was and what comes, to friends only, and wait for nobody? */
import { request as httpRequest, type IncomingMessage } from "node:http";
import { connect } from "node:net";
import { describe, expect, it, onTestFinished } from "vitest";
import { ConfigError } from "../../../src/core/errors.js";
import { type DashboardServer, startDashboard } from "../../../src/serve/dashboard/dashboard-server.node.js";

const PAGE = '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'"><p>page</p>';

/** A feed whose records are numbers; a snapshot is all of them. */
class NumberFeed {
  readonly records: unknown[] = [];
  readonly listeners = new Set<(record: unknown) => void>();

  add(record: unknown): void {
    this.records.push(record);
    for (const listener of this.listeners) listener(record);
  }
  snapshot(): readonly unknown[] {
    return [...this.records];
  }
  subscribe(listener: (record: unknown) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }
}

async function start(feed: NumberFeed): Promise<DashboardServer> {
  const server = await startDashboard({ feed, page: PAGE, port: 0 });
  onTestFinished(() => server.close());
  return server;
}

interface StreamEvent {
  readonly name: string;
  readonly data: unknown;
}

/** Reads events until the stream ends, and those so far on demand. */
class Stream {
  readonly events: StreamEvent[] = [];
  readonly ended: Promise<void>;
  readonly response: IncomingMessage;

  constructor(response: IncomingMessage) {
    this.response = response;
    let text = "";
    response.setEncoding("utf8").on("data", (chunk: string) => {
      text += chunk;
      const blocks = text.split("\n\n");
      text = blocks.pop() ?? "";
      for (const block of blocks) {
        const match = /^event: (.*)\ndata: (.*)$/.exec(block);
        if (match !== null) this.events.push({ name: match[1], data: JSON.parse(match[2]) });
      }
    });
    this.ended = new Promise((resolve) => response.on("close", resolve));
  }

  static open(url: string): Promise<Stream> {
    return new Promise((resolve, reject) => {
      httpRequest(`${url}events`, (response) => resolve(new Stream(response)))
        .on("error", reject)
        .end();
    });
  }

  async until(isEnough: (events: readonly StreamEvent[]) => boolean): Promise<void> {
    for (let i = 0; i < 400 && !isEnough(this.events); i++) await new Promise((resolve) => setTimeout(resolve, 10));
    expect(isEnough(this.events), JSON.stringify(this.events).slice(0, 300)).toBe(true);
  }

  /** Data of all events of this name, joined. */
  all(name: string): unknown[] {
    return this.events.filter((event) => event.name === name).flatMap(({ data }) => data as unknown[]);
  }
}

describe("the dashboard's server", () => {
  it("sends what was, then what comes in batches, and says bye", async () => {
    const feed = new NumberFeed();
    const server = await start(feed);
    for (const record of [1, 2, 3]) feed.add(record);
    const stream = await Stream.open(server.url);
    await stream.until((events) => events.length === 1);
    for (const record of [4, 5]) feed.add(record);
    await stream.until((events) => events.length === 2);
    feed.add(6);
    await server.close();
    await stream.ended;
    expect(stream.events.map(({ name }) => name)).toEqual(["snapshot", "records", "records", "bye"]);
    expect(stream.all("snapshot")).toEqual([1, 2, 3]);
    expect(stream.all("records")).toEqual([4, 5, 6]);
    expect(feed.listeners.size).toBe(0);
  });

  it("starts from a snapshot again for who comes back", async () => {
    const feed = new NumberFeed();
    const server = await start(feed);
    feed.add("a");
    const first = await Stream.open(server.url);
    await first.until((events) => events.length === 1);
    first.response.destroy();
    await first.ended;
    feed.add("b");
    const second = await Stream.open(server.url);
    await second.until((events) => events.length === 1);
    expect(second.events[0]).toEqual({ name: "snapshot", data: ["a", "b"] });
  });

  it("keeps nothing for a browser that does not read, and gives it a fresh snapshot later", async () => {
    const feed = new NumberFeed();
    const server = await start(feed);
    const { port } = new URL(server.url);
    const slow = connect(Number(port), "127.0.0.1");
    slow.pause();
    slow.write(`GET /events HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`);
    const quick = await Stream.open(server.url);
    await quick.until((events) => events.length === 1);
    // Eight batches of 4 MB: a socket's buffers hold less than the first two.
    for (let batch = 0; batch < 8; batch++) {
      const record = String(batch).repeat(4_000_000);
      for (const listener of feed.listeners) listener(record);
      await quick.until(() => quick.all("records").length === batch + 1);
    }
    feed.records.push("in the end");
    expect(quick.all("records").map((record) => String(record).length)).toEqual(Array(8).fill(4_000_000));
    let text = "";
    slow.setEncoding("utf8").on("data", (chunk: string) => {
      text += chunk;
    });
    slow.resume();
    for (let i = 0; i < 400 && !text.includes('data: ["in the end"]'); i++) await new Promise((r) => setTimeout(r, 10));
    expect(text).toContain('event: snapshot\ndata: ["in the end"]');
    expect(text.length).toBeLessThan(13e6);
    expect(text).not.toContain("7777");
    slow.destroy();
  });

  it("closes in time with a browser that never reads", async () => {
    const feed = new NumberFeed();
    const server = await start(feed);
    const { port } = new URL(server.url);
    feed.add("x".repeat(30_000_000));
    const slow = connect(Number(port), "127.0.0.1");
    slow.pause();
    slow.on("error", () => {});
    slow.write(`GET /events HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`);
    await new Promise((resolve) => setTimeout(resolve, 100));
    const startMs = performance.now();
    await server.close();
    expect(performance.now() - startMs).toBeLessThan(3000);
    slow.destroy();
  });

  it("answers to the name of this machine alone", async () => {
    const server = await start(new NumberFeed());
    const { port } = new URL(server.url);
    const status = (host: string): Promise<number | undefined> =>
      new Promise((resolve, reject) => {
        httpRequest({ host: "127.0.0.1", port, path: "/", headers: { host } }, (response) => {
          response.resume();
          resolve(response.statusCode);
        })
          .on("error", reject)
          .end();
      });
    const statuses = await Promise.all(
      [`127.0.0.1:${port}`, "localhost:9", "evil.example", "127.0.0.1.evil.example"].map(status),
    );
    expect(statuses).toEqual([200, 200, 421, 421]);
  });

  it("serves the page under its own policy, and nothing else", async () => {
    const server = await start(new NumberFeed());
    const page = await fetch(server.url);
    expect(await page.text()).toBe(PAGE);
    expect(Object.fromEntries(page.headers)).toMatchObject({
      "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
      "x-content-type-options": "nosniff",
      "x-frame-options": "DENY",
      "referrer-policy": "no-referrer",
      "cache-control": "no-store",
      "content-type": "text/html; charset=utf-8",
    });
    for (const path of ["history.jsonl", "..%2f..%2fetc/passwd", "events/x"]) {
      expect((await fetch(server.url + path)).status).toBe(404);
    }
    expect((await fetch(server.url, { method: "POST" })).status).toBe(404);
  });

  it("says how to go on when the port is taken", async () => {
    const server = await start(new NumberFeed());
    const port = Number(new URL(server.url).port);
    await expect(startDashboard({ feed: new NumberFeed(), page: PAGE, port })).rejects.toThrow(
      new ConfigError(`dashboard: expected a free port, got ${port}, which is taken; port 0 picks a free one`),
    );
  });

  it("bounds how many watch", async () => {
    const server = await start(new NumberFeed());
    const streams = await Promise.all(Array.from({ length: 33 }, () => Stream.open(server.url)));
    const statuses = streams.map(({ response }) => response.statusCode).sort();
    expect([statuses[0], statuses[31], statuses[32]]).toEqual([200, 200, 503]);
    for (const { response } of streams) response.destroy();
  });
});
