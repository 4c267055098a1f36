/**
 * @file How does a browser watch something that goes on in this process? One page, and its data as Server-Sent Events.
 *
 *   GET /         the page, whole in one file
 *   GET /events   snapshot: all records so far, as one array; then records: arrays, at most four a second
 *                 : heartbeat every 15 s · bye: the run is over, do not come back
 *
 *   feed ──record──▶ batch ──250 ms──▶ browser A
 *                          └─ skipped ─▶ browser B, whose socket is full: a fresh snapshot once it has drained
 *
 * Nothing waits for a browser: what one of them has not read is never more than a snapshot and a batch. A reconnecting
 * browser starts from a snapshot again, so events need no numbers. The server listens on 127.0.0.1 alone and answers
 * only to that name, so that no page from elsewhere can read it by a name of its own (DNS rebinding).
 *
 * It knows nothing of what it shows: records are any JSON.
 */
import { once } from "node:events";
import type { ServerResponse } from "node:http";
import fastify, { type FastifyInstance } from "fastify";
import { ConfigError } from "../../core/errors.js";

/** What is watched; train/ HistoryFeed is one. */
export interface DashboardFeed {
  /** Records that add up to all that was so far. */
  snapshot(): readonly unknown[];
  /** Calls `listener` with each further record. @returns what ends it. */
  subscribe(listener: (record: unknown) => void): () => void;
}

/** What is watched, on which page, at which port. */
export interface DashboardOptions {
  /** Asked for a snapshot by each browser that comes. */
  readonly feed: DashboardFeed;
  /** HTML with its own policy in a meta element; it asks `events`, relative to itself. */
  readonly page: string;
  /** 0: a free one. */
  readonly port: number;
}

/** A page that watches a feed, being served. */
export interface DashboardServer {
  /** Of the page, with the port that was taken. */
  readonly url: string;
  /** Sends what is left, says bye, and ends. Takes half a second at most. */
  close(): Promise<void>;
}

const HOST = "127.0.0.1";
const HOST_NAMES: ReadonlySet<string> = new Set([HOST, "localhost", "[::1]"]);
const BATCH_INTERVAL_MS = 250;
const HEARTBEAT_INTERVAL_MS = 15_000;
const CLOSE_TIMEOUT_MS = 500;
/** Browsers at a time: each is a socket and, at worst, a snapshot in memory. */
const MOST_WATCHERS = 32;

/** Serves the page and the feed's records, on 127.0.0.1 alone. @throws {ConfigError} if the port is taken. */
export async function startDashboard({ feed, page, port }: DashboardOptions): Promise<DashboardServer> {
  const app = fastify({ logger: false, forceCloseConnections: true });
  const watchers = new Watchers(feed);
  const headers = securityHeaders(page);
  app.addHook("onRequest", async (request, reply) => {
    reply.headers(headers);
    const name = (request.headers.host ?? "").replace(/:\d*$/, "");
    if (!HOST_NAMES.has(name)) await reply.code(421).type("text/plain").send("this page is for this machine alone\n");
  });
  app.setNotFoundHandler(async (_, reply) => reply.code(404).type("text/plain").send("not found\n"));
  app.get("/", async (_, reply) => reply.type("text/html; charset=utf-8").send(page));
  app.get("/events", async (_, reply) => {
    if (watchers.count >= MOST_WATCHERS) {
      return reply.code(503).header("retry-after", "10").type("text/plain").send("too many browsers watch\n");
    }
    reply.hijack();
    reply.raw.writeHead(200, { ...headers, "content-type": "text/event-stream; charset=utf-8" });
    watchers.add(reply.raw);
    return reply;
  });
  await listen(app, port);
  const address = app.server.address();
  const actual = typeof address === "object" && address !== null ? address.port : port;
  return {
    url: `http://${HOST}:${actual}/`,
    async close() {
      await watchers.close();
      await app.close();
    },
  };
}

async function listen(app: FastifyInstance, port: number): Promise<void> {
  try {
    await app.listen({ host: HOST, port });
  } catch (error) {
    await app.close();
    const { code } = error as NodeJS.ErrnoException;
    if (code !== "EADDRINUSE" && code !== "EACCES") throw error;
    const why = code === "EADDRINUSE" ? "is taken" : "is not allowed";
    throw new ConfigError(`dashboard: expected a free port, got ${port}, which ${why}; port 0 picks a free one`);
  }
}

/** The page's own policy also as a header, with what only a header can say. */
function securityHeaders(page: string): Record<string, string> {
  const policy = /http-equiv="Content-Security-Policy" content="([^"]*)"/i.exec(page)?.[1] ?? "default-src 'none'";
  return {
    "content-security-policy": `${policy}; frame-ancestors 'none'`,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
  };
}

/** An event of the stream; JSON has no line breaks of its own. */
const event = (name: string, data: unknown): string => `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;

/** The browsers that watch, and what they have not been sent yet. */
class Watchers {
  private readonly feed: DashboardFeed;
  private readonly open: Map<ServerResponse, "in step" | "behind">;
  private readonly unsubscribe: () => void;
  private readonly timers: readonly NodeJS.Timeout[];
  private batch: unknown[];

  constructor(feed: DashboardFeed) {
    this.feed = feed;
    this.open = new Map();
    this.batch = [];
    this.unsubscribe = feed.subscribe((record) => {
      if (this.open.size > 0) this.batch.push(record);
    });
    this.timers = [
      setInterval(() => this.flush(), BATCH_INTERVAL_MS),
      setInterval(() => this.send(": heartbeat\n\n"), HEARTBEAT_INTERVAL_MS),
    ];
    for (const timer of this.timers) timer.unref();
  }

  get count(): number {
    return this.open.size;
  }

  add(response: ServerResponse): void {
    this.flush();
    response.on("close", () => this.open.delete(response));
    response.on("error", () => this.open.delete(response));
    this.open.set(response, "in step");
    response.write(event("snapshot", this.feed.snapshot()));
  }

  async close(): Promise<void> {
    this.unsubscribe();
    for (const timer of this.timers) clearInterval(timer);
    this.flush();
    this.send(event("bye", null));
    const ends = [...this.open.keys()].map(async (response) => {
      const closed = once(response, "close");
      response.end();
      await closed;
    });
    const timeout = new Promise((resolve) => setTimeout(resolve, CLOSE_TIMEOUT_MS).unref());
    await Promise.race([Promise.allSettled(ends), timeout]);
  }

  private flush(): void {
    const { batch } = this;
    if (batch.length > 0) this.send(event("records", batch), true);
    this.batch = [];
    for (const [response, state] of this.open) {
      if (state !== "behind" || response.writableNeedDrain) continue;
      this.open.set(response, "in step");
      response.write(event("snapshot", this.feed.snapshot()));
    }
  }

  /** To all whose socket takes it. `isRecord`: who misses it needs a snapshot. */
  private send(text: string, isRecord = false): void {
    for (const [response, state] of this.open) {
      if (state === "in step" && !response.writableNeedDrain) response.write(text);
      else if (isRecord) this.open.set(response, "behind");
    }
  }
}
