/** @file Is a server for one machine reached under no other name, and one behind keys or a proxy under any? */
import { describe, expect, it } from "vitest";
import { ApiKeys } from "../../../src/serve/http/api-keys.js";
import type { HttpOptions } from "../../../src/serve/http/http-options.js";
import { createTestServer, errorCode, exchange } from "./test-server.js";

/** The status that a server with `options` on `host` gives a request with this Host header. */
async function statusOf(header: string, options: HttpOptions = {}, host = "127.0.0.1"): Promise<number> {
  const { server } = await createTestServer(options);
  const { port } = new URL(await server.listen(host, 0));
  const answer = await exchange(
    `http://127.0.0.1:${port}`,
    `GET /healthz HTTP/1.1\r\nhost: ${header}\r\nconnection: close\r\n\r\n`,
  );
  const status = Number(answer.split(" ")[1]);
  if (status !== 200) expect(errorCode(answer.slice(answer.indexOf("\r\n\r\n") + 4))).toBe("bad_request");
  return status;
}

describe("a server on a loopback address", () => {
  it.each(["127.0.0.1", "localhost", "LOCALHOST:8080", "[::1]:1", "127.0.0.1:65535"])("answers to %s", async (name) => {
    expect(await statusOf(name)).toBe(200);
  });

  it.each(["evil.example", "evil.example:8080", "localhost.evil.example", "127.0.0.1.evil.example", "127.0.0.2", ""])(
    "refuses %j",
    async (name) => {
      expect(await statusOf(name)).toBe(421);
      expect(await statusOf(name, {}, "localhost")).toBe(421);
    },
  );

  it("answers to any name where keys or a proxy guard it", async () => {
    const apiKeys = new ApiKeys([{ name: "shop", key: "correct-horse-battery-staple" }]);
    expect(await statusOf("search.example", { apiKeys })).toBe(200);
    expect(await statusOf("search.example", { trustedProxies: ["127.0.0.1"] })).toBe(200);
  });
});

it("a server on all addresses answers to any name", async () => {
  expect(await statusOf("search.example", {}, "0.0.0.0")).toBe(200);
});
