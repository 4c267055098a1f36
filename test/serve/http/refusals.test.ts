/** @file Is every refusal an ErrorResponse, on the application and on the bare socket? */
import { request } from "node:http";
import { describe, expect, it } from "vitest";
import { createTestServer, errorCode, exchange } from "./test-server.js";

describe("a request that no route takes", () => {
  it.each([
    ["GET", "/nothing", 404, "not_found"],
    ["GET", "/v1/labels", 404, "not_found"],
    ["GET", "/v1/labels/1/2", 404, "not_found"],
    ["GET", "/v1/labels/99", 404, "not_found"],
    ["GET", "/v1/labels/-1", 400, "bad_request"],
    ["GET", "/v1/labels/1e3", 400, "bad_request"],
    ["GET", "/v1/labels/99999999999", 400, "bad_request"],
    ["GET", "/v1/labels/%ff", 400, "bad_request"],
    ["GET", "/v1/labels/%", 400, "bad_request"],
    ["GET", "/%c0%ae%c0%ae/etc/passwd", 400, "bad_request"],
    ["GET", "/../../etc/passwd", 404, "not_found"],
    ["GET", "/assets/..%2f..%2fpackage.json", 404, "not_found"],
    ["GET", `/v1/labels/${"1".repeat(300)}`, 414, "bad_request"],
    ["GET", `/${"a".repeat(9000)}`, 414, "bad_request"],
    ["GET", "/v1/search", 405, "method_not_allowed"],
    ["DELETE", "/v1/model", 405, "method_not_allowed"],
    ["PUT", "/v1/labels/1", 405, "method_not_allowed"],
    ["OPTIONS", "/v1/search", 405, "method_not_allowed"],
  ] as const)("%s %s", async (method, url, status, code) => {
    const { server } = await createTestServer();
    const answer = await server.app.inject({ method, url });
    expect([answer.statusCode, errorCode(answer.body)]).toEqual([status, code]);
    expect(answer.headers["x-request-id"]).toMatch(/^[\w-]+$/);
    expect(answer.headers["x-content-type-options"]).toBe("nosniff");
  });

  it("says which methods there are", async () => {
    const { server } = await createTestServer();
    const allowed = async (method: "GET" | "PATCH", url: string): Promise<unknown> =>
      (await server.app.inject({ method, url })).headers.allow;
    expect(await allowed("GET", "/v1/search?x=1")).toBe("POST");
    expect(await allowed("PATCH", "/v1/labels/1")).toBe("GET, HEAD");
  });
});

describe("a body that is not taken", () => {
  it.each([
    ["malformed JSON", '{"query": "a"', {}, 400, "bad_request"],
    ["nothing", "", {}, 400, "bad_request"],
    ["a prototype", '{"query": "a", "__proto__": {"k": 3}}', {}, 400, "bad_request"],
    ["a constructor", '{"query": "a", "constructor": {"prototype": {}}}', {}, 400, "bad_request"],
    ["deep nesting", `{"filter": ${"[".repeat(50_000)}${"]".repeat(50_000)}}`, {}, 400, "bad_request"],
    ["text", "query=a", { "content-type": "text/plain" }, 415, "unsupported_media_type"],
    ["a form", "query=a", { "content-type": "application/x-www-form-urlencoded" }, 415, "unsupported_media_type"],
    ["a content type that is none", "{}", { "content-type": ";;" }, 415, "unsupported_media_type"],
    ["a coding", "{}", { "content-encoding": "gzip" }, 415, "unsupported_media_type"],
    ["too many bytes", JSON.stringify({ query: "a".repeat(300_000) }), {}, 413, "payload_too_large"],
  ])("%s", async (_, body, headers, status, code) => {
    const { search } = await createTestServer();
    const answer = await search(body, headers);
    expect([answer.statusCode, errorCode(answer.body)]).toEqual([status, code]);
  });

  it("is limited by bytes, not by what content-length promises", async () => {
    const { server } = await createTestServer({ limits: { bodyBytes: 100 } });
    const url = await server.listen("127.0.0.1", 0);
    const chunk = `${(200).toString(16)}\r\n${"x".repeat(200)}\r\n`;
    const head =
      "POST /v1/search HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n";
    const answer = await exchange(url, head + chunk);
    expect(answer).toMatch(/^HTTP\/1\.1 413 /);
    expect(bodyOf(answer)).toBe("payload_too_large");
  });
});

describe("what is not HTTP", () => {
  it.each([
    ["garbage", "\x00\x01\x02\r\n\r\n", 400],
    ["an unknown method", "FETCH / HTTP/1.1\r\nhost: localhost\r\n\r\n", 400],
    ["a header without a name", "GET / HTTP/1.1\r\n: x\r\n\r\n", 400],
    [
      "two lengths",
      "POST /v1/search HTTP/1.1\r\nhost: localhost\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\n{}",
      400,
    ],
    [
      "length and chunks",
      "POST /v1/search HTTP/1.1\r\nhost: localhost\r\ncontent-length: 2\r\ntransfer-encoding: chunked\r\n\r\n{}",
      400,
    ],
    ["headers that are too long", `GET / HTTP/1.1\r\nhost: localhost\r\nx: ${"y".repeat(20_000)}\r\n\r\n`, 431],
    ["a tunnel", "CONNECT example.com:443 HTTP/1.1\r\nhost: localhost\r\n\r\n", 405],
    ["no host", "GET /healthz HTTP/1.1\r\nconnection: close\r\n\r\n", 400],
    ["an expectation", "GET /healthz HTTP/1.1\r\nhost: localhost\r\nexpect: cake\r\n\r\n", 417],
  ])("%s is refused on the socket", async (_, bytes, status) => {
    const { server } = await createTestServer();
    const url = await server.listen("127.0.0.1", 0);
    const answer = await exchange(url, bytes);
    expect(answer.split(" ")[1]).toBe(String(status));
    expect(answer.toLowerCase()).toContain("x-content-type-options: nosniff");
    bodyOf(answer);
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
  });

  it.each([
    ["headers", "GET / HTTP/1.1\r\nhost: localhost\r\n"],
    [
      "a body",
      "POST /v1/search HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 90\r\n\r\n{",
    ],
    ["nothing at all", ""],
  ])("%s that does not arrive in time is answered 408", async (_, bytes) => {
    const { server } = await createTestServer({ limits: { receiveMs: 200 } });
    const url = await server.listen("127.0.0.1", 0);
    const answer = await exchange(url, bytes);
    expect(answer).toMatch(/^HTTP\/1\.1 408 /);
    expect(bodyOf(answer)).toBe("timeout");
  });

  it("counts", async () => {
    const { server, get } = await createTestServer();
    const url = await server.listen("127.0.0.1", 0);
    await exchange(url, "garbage\r\n\r\n");
    expect((await get("/metrics")).body).toContain("manyworlds_socket_errors_total 1");
  });
});

describe("connections", () => {
  it("are kept longer than proxies keep theirs, for any number of requests", async () => {
    const { server } = await createTestServer();
    const url = await server.listen("127.0.0.1", 0);
    expect((await fetch(`${url}/healthz`)).headers.get("keep-alive")).toBe("timeout=72");
  });

  it("beyond the limit are closed as they come", async () => {
    const { server, get } = await createTestServer({ limits: { connections: 1 } });
    const url = new URL(await server.listen("127.0.0.1", 0));
    const open = request({ host: url.hostname, port: url.port, path: "/healthz" });
    open.flushHeaders();
    const first = await new Promise<number | undefined>((resolve) =>
      open.on("response", (r) => resolve(r.resume().statusCode)),
    );
    expect(first).toBe(200);
    // The first connection is kept alive only by an agent that keeps it; hold it by a request that never ends.
    const held = request({
      host: url.hostname,
      port: url.port,
      path: "/v1/search",
      method: "POST",
      headers: { "content-length": 9 },
    });
    held.on("error", () => {});
    held.flushHeaders();
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(await exchange(url.href, "GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n")).toBe("");
    held.destroy();
    expect((await get("/metrics")).body).toMatch(/manyworlds_dropped_connections_total [1-9]/);
  });
});

/** The code of an ErrorResponse that came over a socket. */
function bodyOf(answer: string): string {
  return errorCode(answer.slice(answer.indexOf("\r\n\r\n") + 4));
}
