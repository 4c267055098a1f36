/** @file What do those learn who watch the server: metrics, log, description, and that it is about to stop? */
import { Writable } from "node:stream";
import { pino } from "pino";
import { describe, expect, it } from "vitest";
import { gate, MODEL } from "./stand-in-service.js";
import { createTestServer } from "./test-server.js";

describe("metrics", () => {
  it("count requests by route and status, and tell what the engine tells", async () => {
    const { search, get } = await createTestServer();
    await search({ query: "a" });
    await search({ query: "b" });
    await search({});
    await get("/v1/labels/1");
    await get("/made-up/path?secret");
    const answer = await get("/metrics");
    expect(answer.headers["content-type"]).toMatch(/^text\/plain; version=0\.0\.4/);
    for (const line of [
      'manyworlds_http_requests_total{method="POST",route="/v1/search",status="200"} 2',
      'manyworlds_http_requests_total{method="POST",route="/v1/search",status="400"} 1',
      'manyworlds_http_requests_total{method="GET",route="/v1/labels/:id",status="200"} 1',
      'manyworlds_http_requests_total{method="GET",route="none",status="404"} 1',
      'manyworlds_http_request_duration_seconds_count{route="/v1/search"} 3',
      "manyworlds_queue_length 3",
      "manyworlds_queries_running 2",
      "manyworlds_searches_in_flight 0",
      "manyworlds_cache_hits_total 5",
      "manyworlds_cache_misses_total 7",
      "manyworlds_batches_total 4",
      "manyworlds_batched_queries_total 11",
      "manyworlds_reloads_total 1",
      "manyworlds_failed_reloads_total 0",
      "manyworlds_ready 1",
      `manyworlds_model_info{version="${MODEL.version}",kind="text",kernels="reference"} 1`,
      "manyworlds_model_worlds 2",
      "manyworlds_model_failed_worlds 0",
    ]) {
      expect(answer.body.split("\n")).toContain(line);
    }
    expect(answer.body).toContain("process_resident_memory_bytes");
    expect(answer.body).not.toContain("secret");
  });
});

describe("the log", () => {
  const lines: string[] = [];
  const log = pino({}, new Writable({ write: (chunk, _, done) => done(void lines.push(String(chunk))) }));

  it("has a line a request, without the texts of queries", async () => {
    lines.length = 0;
    const { search, get } = await createTestServer({ log });
    const answer = await search({ query: "a private matter" });
    await get("/?q=another+private+matter");
    const [searched, page] = lines.map((line) => JSON.parse(line));
    expect(searched).toMatchObject({
      level: 30,
      method: "POST",
      route: "/v1/search",
      status: 200,
      client: "127.0.0.1",
    });
    expect(searched.requestId).toBe(answer.headers["x-request-id"]);
    expect(searched.ms).toBeGreaterThan(0);
    expect(page).toMatchObject({ route: "/", status: 404 });
    expect(lines.join()).not.toContain("private");
  });

  it("has them if it is asked for them", async () => {
    lines.length = 0;
    const { search } = await createTestServer({ log, logQueries: true });
    await search({ query: "a private matter" });
    await search({ query: 7 });
    expect(lines.map((line) => JSON.parse(line).queries)).toEqual([["a private matter"], undefined]);
  });

  it("has the stack of a fault of ours under the request's id, never a key", async () => {
    lines.length = 0;
    const { service, search } = await createTestServer({ log });
    service.before = () => {
      throw new TypeError("something broke");
    };
    const answer = await search({ query: "a" }, { authorization: "Bearer this-is-a-key-and-secret" });
    const [fault, line] = lines.map((text) => JSON.parse(text));
    expect(fault).toMatchObject({
      level: 50,
      requestId: answer.headers["x-request-id"],
      err: { message: "something broke" },
    });
    expect(fault.err.stack).toContain("watching.test");
    expect(line).toMatchObject({ level: 40, status: 500 });
    expect(lines.join()).not.toContain("secret");
  });

  it("does not fill with warnings when load is shed", async () => {
    lines.length = 0;
    const { service, search } = await createTestServer({ log });
    service.ready = false;
    await search({ query: "a" });
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([{ level: 30, status: 503 }]);
  });

  it("believes a proxy's addresses and ids only where it is told to", async () => {
    const headers = { "x-forwarded-for": "203.0.113.9", "x-request-id": "abc-1" };
    const ask = async (trustedProxies: string[]): Promise<{ client: string; requestId: string }> => {
      lines.length = 0;
      const { search } = await createTestServer({ log, trustedProxies });
      await search({ query: "a" }, headers);
      return JSON.parse(lines[0]);
    };
    expect(await ask(["127.0.0.1"])).toMatchObject({ client: "203.0.113.9", requestId: "abc-1" });
    const direct = await ask([]);
    expect(direct.client).toBe("127.0.0.1");
    expect(direct.requestId).not.toBe("abc-1");
    expect((await ask(["10.0.0.0/8"])).client).toBe("127.0.0.1");
  });
});

describe("the description", () => {
  it("is OpenAPI 3.1 of every address, with the limits that hold", async () => {
    const { get } = await createTestServer({ limits: { k: 50 }, packageVersion: "1.2.3" });
    const document = (await get("/openapi.json")).json();
    expect(document.openapi).toBe("3.1.0");
    expect(document.info.version).toBe("1.2.3");
    expect(Object.keys(document.paths)).toEqual([
      "/v1/search",
      "/v1/labels/{id}",
      "/v1/model",
      "/healthz",
      "/readyz",
      "/metrics",
    ]);
    const { requestBody, responses } = document.paths["/v1/search"].post;
    const { properties } = requestBody.content["application/json"].schema;
    expect(properties.k).toMatchObject({ type: "integer", minimum: 1, maximum: 50, default: 10 });
    expect(Object.keys(responses)).toEqual(["200", "400", "401", "413", "414", "415", "421", "429", "500", "503"]);
    expect(responses[200].content["application/json"].schema.properties.results.items.properties.labels.type).toBe(
      "array",
    );
  });

  it("is a page that needs neither script nor inline style", async () => {
    const { get } = await createTestServer();
    const page = await get("/docs");
    expect(page.headers["content-type"]).toBe("text/html; charset=utf-8");
    expect(page.body).not.toMatch(/<script|<style|style=|onclick/);
    for (const text of ["/v1/search", "results[].labels[].probability", "From 1 to 100.", "429", "curl"]) {
      expect(page.body).toContain(text);
    }
    const [, href] = /href="([^"]+\.css)"/.exec(page.body) ?? [];
    expect((await get(href)).headers["content-type"]).toBe("text/css; charset=utf-8");
  });
});

describe("stopping", () => {
  it("is said first, answers what is under way, and takes nothing new", async () => {
    const { service, server } = await createTestServer();
    const url = await server.listen("127.0.0.1", 0);
    const held = gate();
    service.before = () => held.opened;
    const search = (): Promise<Response> =>
      fetch(`${url}/v1/search`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: '{"query": "a"}',
      });
    const slow = search();
    while (service.asked.length === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    const closed = server.close({ drainMs: 1500, graceMs: 20_000 });
    const ready = await fetch(`${url}/readyz`);
    expect([ready.status, ready.headers.get("connection")]).toEqual([503, "close"]);
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
    const late = search();
    const isOpen = (): Promise<boolean> =>
      fetch(`${url}/healthz`).then(
        () => true,
        () => false,
      );
    while (await isOpen()) await new Promise((resolve) => setTimeout(resolve, 50));
    held.open();
    const answers = await Promise.all([slow, late]);
    // Not even the connection of the one that was asked before is kept: it would hold up the end.
    expect(answers.map(({ status, headers }) => [status, headers.get("connection")])).toEqual([
      [200, "close"],
      [200, "close"],
    ]);
    const begun = Date.now();
    expect(await closed).toBe(0);
    expect(Date.now() - begun).toBeLessThan(5000);
  });

  it("does not wait for ever, and says how many it cut off", async () => {
    const { service, server } = await createTestServer();
    const url = await server.listen("127.0.0.1", 0);
    service.before = () => new Promise<void>(() => {});
    const slow = fetch(`${url}/v1/search`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: '{"query": "a"}',
    });
    const failed = expect(slow).rejects.toThrow();
    while (service.asked.length === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    expect(await server.close({ graceMs: 50 })).toBe(1);
    await failed;
  });
});

describe("listening", () => {
  it("says why it cannot", async () => {
    const [first, second] = [await createTestServer(), await createTestServer()];
    const { port } = new URL(await first.server.listen("127.0.0.1", 0));
    await expect(second.server.listen("127.0.0.1", Number(port))).rejects.toThrow(
      `serve: cannot listen on 127.0.0.1 port ${port}: the port is in use`,
    );
    await expect(second.server.listen("192.0.2.1", 0)).rejects.toThrow("this machine has no such address");
  });
});
