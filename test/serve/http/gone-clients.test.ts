/** @file Does a request leave a trace whose client went away, or whose address leads nowhere? */

import { connect } from "node:net";
import { Writable } from "node:stream";
import { pino } from "pino";
import { expect, it } from "vitest";
import { gate } from "./stand-in-service.js";
import { createTestServer } from "./test-server.js";

const BODY = '{"query": "a"}';
const SEARCH = `POST /v1/search HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: ${BODY.length}\r\n\r\n${BODY}`;

function createLog(): { readonly lines: Record<string, unknown>[]; readonly log: pino.Logger } {
  const lines: Record<string, unknown>[] = [];
  const log = pino({}, new Writable({ write: (chunk, _, done) => done(void lines.push(JSON.parse(String(chunk)))) }));
  return { lines, log };
}

it("is counted and logged as 499, once each, pipelined or not", async () => {
  const { lines, log } = createLog();
  const { service, server, get } = await createTestServer({ log });
  const url = await server.listen("127.0.0.1", 0);
  service.before = (_, signal) => gate(signal).opened;
  const socket = connect(Number(new URL(url).port), "127.0.0.1");
  socket.write(SEARCH.repeat(3));
  await expect.poll(() => service.asked.length).toBe(3);
  expect(lines).toEqual([]);
  socket.destroy();
  await expect.poll(() => lines.length).toBe(3);
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(lines).toHaveLength(3);
  for (const line of lines) {
    expect(line).toMatchObject({ level: 30, method: "POST", route: "/v1/search", status: 499, client: "127.0.0.1" });
  }
  const metrics = (await get("/metrics")).body;
  expect(metrics).toContain('requests_total{method="POST",route="/v1/search",status="499"} 3\n');
  expect(metrics).not.toMatch(/route="\/v1\/search",status="(?!499)/);
});

it("and an answer that was taken is not, though its connection ends then", async () => {
  const { lines, log } = createLog();
  const { server, get } = await createTestServer({ log });
  const url = await server.listen("127.0.0.1", 0);
  const answer = await fetch(`${url}/v1/model`, { headers: { connection: "close" } });
  await answer.text();
  await expect.poll(() => lines.length).toBe(1);
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(lines).toMatchObject([{ route: "/v1/model", status: 200 }]);
  expect((await get("/metrics")).body).not.toContain('status="499"');
});

it("an address that is none is logged, without the address", async () => {
  const { lines, log } = createLog();
  const { get } = await createTestServer({ log });
  expect((await get("/v1/labels/%ff?q=secret")).statusCode).toBe(400);
  expect(lines).toMatchObject([{ method: "GET", route: "none", status: 400, client: "127.0.0.1" }]);
  expect(JSON.stringify(lines)).not.toContain("secret");
});
