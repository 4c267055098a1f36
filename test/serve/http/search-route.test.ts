/** @file Does POST /v1/search check, limit, shed and time out as it says? */
import { connect } from "node:net";
import { describe, expect, it } from "vitest";
import { BadQueryError, OverloadedError } from "../../../src/serve/engine/engine-errors.js";
import { SearchResponseSchema } from "../../../src/serve/schemas.js";
import { gate } from "./stand-in-service.js";
import { createTestServer, errorCode } from "./test-server.js";

describe("a search", () => {
  it("is given to the engine with its defaults, and answered as the contract says", async () => {
    const { service, search } = await createTestServer();
    const answer = await search({ query: "red shoes" });
    expect(answer.statusCode).toBe(200);
    expect(answer.headers["content-type"]).toBe("application/json; charset=utf-8");
    expect(service.asked[0].request).toEqual({ queries: ["red shoes"], k: 10, minProbability: 0, explain: false });
    const body = SearchResponseSchema.parse(answer.json());
    expect(body).toMatchObject({
      model: "0123456789ab",
      results: [{ query: "red shoes", labels: [{ label: "shoes" }] }],
    });
    expect(body.tookMs).toBeGreaterThan(0);
  });

  it("of several queries is answered in their order", async () => {
    const { search } = await createTestServer();
    const { results } = (await search({ queries: ["b", "a", "ü"], k: 1 })).json();
    expect(results.map(({ query }: { query: string }) => query)).toEqual(["b", "a", "ü"]);
  });

  it.each([
    ["no query", {}],
    ["query and queries", { query: "a", queries: ["b"] }],
    ["no queries in the list", { queries: [] }],
    ["a query of another type", { query: 7 }],
    ["k of 0", { query: "a", k: 0 }],
    ["a fraction of k", { query: "a", k: 1.5 }],
    ["k as text", { query: "a", k: "3" }],
    ["k above the limit", { query: "a", k: 101 }],
    ["k above what can be explained", { query: "a", k: 21, explain: true }],
    ["a probability above 1", { query: "a", minProbability: 1.1 }],
    ["an unknown field", { query: "a", limit: 3 }],
    ["an unknown field of the filter", { query: "a", filter: { names: [] } }],
    ["a query that is too long", { query: "x".repeat(2001) }],
    ["too many queries", { queries: Array(65).fill("a") }],
    ["too many names", { query: "a", filter: { only: Array(1001).fill("a") } }],
    ["null", null],
    ["a list", []],
  ])("with %s is a bad request that says what was expected", async (_, body) => {
    const { service, search } = await createTestServer();
    const answer = await search(body);
    expect([answer.statusCode, errorCode(answer.body)]).toEqual([400, "bad_request"]);
    expect(service.asked).toEqual([]);
  });

  it("may be narrowed and widened by limits, each by itself", async () => {
    const { search } = await createTestServer({ limits: { k: 5, queries: 2, queryLength: 3, filterNames: 1 } });
    const statuses = [
      await search({ query: "abc", k: 5 }),
      await search({ query: "abc", k: 6 }),
      await search({ query: "abcd" }),
      await search({ queries: ["a", "b", "c"] }),
      await search({ query: "a", filter: { except: ["a", "b"] } }),
    ].map(({ statusCode }) => statusCode);
    expect(statuses).toEqual([200, 400, 400, 400, 400]);
    // The default k is within the limit.
    expect((await search({ query: "a" })).statusCode).toBe(200);
  });

  it("that the engine refuses is a bad request in the engine's words", async () => {
    const { service, search } = await createTestServer();
    service.before = () => {
      throw new BadQueryError('filter: expected names of labels, got "sandals"');
    };
    const answer = await search({ query: "a", filter: { only: ["sandals"] } });
    expect(answer.statusCode).toBe(400);
    expect(answer.json().error.message).toBe('filter: expected names of labels, got "sandals"');
  });

  it("that fails by a fault of ours says only which request it was", async () => {
    const { service, search } = await createTestServer();
    service.before = () => {
      throw new Error("ENOENT /home/somebody/model/world-3.safetensors");
    };
    const answer = await search({ query: "a" });
    expect([answer.statusCode, errorCode(answer.body)]).toEqual([500, "internal"]);
    expect(answer.body).toContain(answer.headers["x-request-id"]);
    expect(answer.body).not.toMatch(/home|ENOENT|safetensors|at /);
  });
});

describe("load", () => {
  it("beyond the engine's queue is answered 503 with the engine's time to wait", async () => {
    const { service, search, get } = await createTestServer();
    service.before = () => {
      throw new OverloadedError("full", 2.3);
    };
    const answer = await search({ query: "a" });
    expect([answer.statusCode, errorCode(answer.body), answer.headers["retry-after"]]).toEqual([
      503,
      "overloaded",
      "3",
    ]);
    expect((await get("/metrics")).body).toContain('manyworlds_shed_requests_total{reason="queue"} 1');
  });

  it("beyond the searches at once is answered 503, and taken on again when one is done", async () => {
    const { service, search } = await createTestServer({ limits: { concurrent: 2 } });
    const held = gate();
    service.before = () => held.opened;
    const first = [search({ query: "a" }), search({ query: "b" })];
    await until(() => service.asked.length === 2);
    const shed = await search({ query: "c" });
    expect([shed.statusCode, errorCode(shed.body), shed.headers["retry-after"]]).toEqual([503, "overloaded", "1"]);
    held.open();
    expect((await Promise.all(first)).map(({ statusCode }) => statusCode)).toEqual([200, 200]);
    expect((await search({ query: "d" })).statusCode).toBe(200);
  });

  it("of one client beyond its share is answered 429, while another is served", async () => {
    const { service, server, get } = await createTestServer({ limits: { concurrentPerClient: 1 } });
    const held = gate();
    service.before = ({ queries }) => (queries[0] === "slow" ? held.opened : undefined);
    const ask = (query: string, remoteAddress: string) =>
      server.app.inject({ method: "POST", url: "/v1/search", payload: { query }, remoteAddress });
    const slow = ask("slow", "10.0.0.1");
    await until(() => service.asked.length === 1);
    const shed = await ask("quick", "10.0.0.1");
    expect([shed.statusCode, errorCode(shed.body), shed.headers["retry-after"]]).toEqual([
      429,
      "too_many_requests",
      "1",
    ]);
    expect((await ask("quick", "10.0.0.2")).statusCode).toBe(200);
    held.open();
    expect((await slow).statusCode).toBe(200);
    expect((await ask("quick", "10.0.0.1")).statusCode).toBe(200);
    expect((await get("/metrics")).body).toContain('manyworlds_shed_requests_total{reason="client"} 1');
  });

  it("is held to a client until it has taken its answers", async () => {
    const { service, server } = await createTestServer({ limits: { concurrentPerClient: 4 } });
    const url = await server.listen("127.0.0.1", 0);
    service.label1 = "x".repeat(4_000_000);
    const socket = connect(Number(new URL(url).port), "127.0.0.1");
    socket.pause();
    const body = '{"query": "a"}';
    const head = `POST /v1/search HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n`;
    socket.write(`${head}${body}`.repeat(4));
    await until(() => service.asked.length === 4);
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect((await post(url)).status).toBe(429);
    socket.destroy();
    await until(async () => (await post(url)).status === 200);
  });

  it("is not counted twice when searches fail", async () => {
    const { service, search } = await createTestServer({ limits: { concurrent: 1 } });
    service.before = () => {
      throw new Error("broken");
    };
    for (let i = 0; i < 3; i++) expect((await search({ query: "a" })).statusCode).toBe(500);
  });

  it("is refused while the model is not loaded", async () => {
    const { service, search, get } = await createTestServer();
    service.ready = false;
    for (const answer of [
      await search({ query: "a" }),
      await get("/v1/model"),
      await get("/v1/labels/0"),
      await get("/readyz"),
    ]) {
      expect([answer.statusCode, errorCode(answer.body), answer.headers["retry-after"]]).toEqual([
        503,
        "not_ready",
        "1",
      ]);
    }
    expect((await get("/healthz")).statusCode).toBe(200);
  });
});

describe("a search that takes too long", () => {
  it("is answered 503 timeout, and its query is dropped", async () => {
    const { service, server, get } = await createTestServer({ limits: { timeoutMs: 50 } });
    const url = await server.listen("127.0.0.1", 0);
    service.before = (_, signal) => gate(signal).opened;
    const answer = await post(url);
    const body = await answer.text();
    expect([answer.status, errorCode(body), answer.headers.get("retry-after")]).toEqual([503, "timeout", "1"]);
    expect(service.asked[0].signal?.aborted).toBe(true);
    const metrics = (await get("/metrics")).body;
    expect(metrics).toContain('manyworlds_shed_requests_total{reason="timeout"} 1');
    expect(metrics).toContain("manyworlds_searches_in_flight 0");
  });

  it("but not longer than it may is not dropped", async () => {
    const { service, server } = await createTestServer({ limits: { timeoutMs: 5000 } });
    const url = await server.listen("127.0.0.1", 0);
    service.before = (_, signal) =>
      new Promise((resolve, reject) => {
        setTimeout(resolve, 100);
        signal?.addEventListener("abort", () => reject(signal.reason));
      });
    expect((await post(url)).status).toBe(200);
    expect(service.asked[0].signal?.aborted).toBe(false);
  });

  it("keeps its place until the engine has let go of it", async () => {
    const { service, search } = await createTestServer({ limits: { timeoutMs: 30, concurrent: 1 } });
    const held = gate();
    service.before = () => held.opened;
    expect((await search({ query: "a" })).json().error.code).toBe("timeout");
    expect((await search({ query: "b" })).json().error.code).toBe("overloaded");
    held.open();
    await until(async () => (await search({ query: "c" })).statusCode === 200);
  });

  it("is dropped when the client goes away", async () => {
    const { service, server } = await createTestServer();
    const url = await server.listen("127.0.0.1", 0);
    let reason: unknown;
    service.before = (_, signal) =>
      gate(signal).opened.catch((error) => {
        reason = error;
        throw error;
      });
    const client = new AbortController();
    const asked = post(url, client.signal).then(
      ({ status }) => status,
      (error: Error) => error.name,
    );
    await until(() => service.asked.length === 1);
    client.abort();
    expect(await asked).toBe("AbortError");
    await until(() => reason !== undefined);
    expect(reason).toMatchObject({ status: 499 });
  });
});

function post(url: string, signal: AbortSignal | null = null): Promise<Response> {
  const headers = { "content-type": "application/json" };
  return fetch(`${url}/v1/search`, { method: "POST", headers, body: '{"query": "a"}', signal });
}

async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  for (const end = Date.now() + 5000; !(await holds()); ) {
    if (Date.now() > end) throw new Error("waited in vain");
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
