/** @file Can one client fill the queue with a few searches of many queries? */
import { expect, it } from "vitest";
import { readLimits } from "../../../src/cli/serve-flags.js";
import { DEFAULT_HTTP_LIMITS } from "../../../src/serve/http/http-options.js";
import { gate } from "./stand-in-service.js";
import { createTestServer, errorCode } from "./test-server.js";

it("not beyond its share: 429 there, while others are served, until its answers are taken", async () => {
  const { service, server, get } = await createTestServer({ limits: { queriesPerClient: 10 } });
  const held = gate();
  service.before = ({ queries }) => (queries[0] === "slow" ? held.opened : undefined);
  const ask = (query: string, count: number, remoteAddress = "10.0.0.1") =>
    server.app.inject({
      method: "POST",
      url: "/v1/search",
      payload: { queries: Array(count).fill(query) },
      remoteAddress,
    });
  const slow = [ask("slow", 4), ask("slow", 5)];
  await expect.poll(() => service.asked.length).toBe(2);
  const shed = await ask("quick", 2);
  expect([shed.statusCode, errorCode(shed.body), shed.headers["retry-after"]]).toEqual([429, "too_many_requests", "1"]);
  expect((await ask("quick", 1)).statusCode).toBe(200);
  expect((await ask("quick", 10, "10.0.0.2")).statusCode).toBe(200);
  held.open();
  expect((await Promise.all(slow)).map(({ statusCode }) => statusCode)).toEqual([200, 200]);
  expect((await ask("quick", 10)).statusCode).toBe(200);
  expect((await get("/metrics")).body).toContain('manyworlds_shed_requests_total{reason="client"} 1');
});

it("but a search of more is answered where it is the client's only one", async () => {
  const { search } = await createTestServer({ limits: { queriesPerClient: 3 } });
  for (let i = 0; i < 2; i++) expect((await search({ queries: ["a", "b", "c", "d"] })).statusCode).toBe(200);
});

it("and its share is a quarter of the queue, or what the flag says", () => {
  expect(DEFAULT_HTTP_LIMITS.queriesPerClient).toBe(256);
  expect(readLimits({}).queriesPerClient).toBeUndefined();
  expect(readLimits({ maxQueued: 100 }).queriesPerClient).toBe(25);
  expect(readLimits({ maxQueued: 100, maxClientQueries: 7 }).queriesPerClient).toBe(7);
});
