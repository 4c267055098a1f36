/** @file Does a client that takes its answer byte by byte lose its connection, and with it its places? */
import { connect } from "node:net";
import { expect, it, onTestFinished } from "vitest";
import { createTestServer } from "./test-server.js";

const BODY = '{"query": "a"}';
const SEARCH = `POST /v1/search HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: ${BODY.length}\r\n\r\n${BODY}`;

it("once the time for taking it is up, though it makes progress", async () => {
  const { service, server, get } = await createTestServer({ limits: { sendMs: 1000, timeoutMs: 1000 } });
  const url = await server.listen("127.0.0.1", 0);
  service.label1 = "x".repeat(16_000_000);
  const socket = connect(Number(new URL(url).port), "127.0.0.1");
  socket.on("error", () => {});
  socket.pause();
  let numRead = 0;
  const reading = setInterval(() => {
    numRead += (socket.read(8192) ?? socket.read())?.length ?? 0;
  }, 20);
  onTestFinished(() => {
    clearInterval(reading);
    socket.destroy();
  });
  const inFlight = async (): Promise<string | undefined> =>
    /manyworlds_searches_in_flight (\d+)/.exec((await get("/metrics")).body)?.[1];
  socket.write(SEARCH.repeat(2));
  await expect.poll(() => service.asked.length).toBe(2);
  await new Promise((resolve) => setTimeout(resolve, 500));
  const numReadThen = numRead;
  expect([await inFlight(), numReadThen > 0]).toEqual(["2", true]);
  await expect.poll(inFlight, { timeout: 5000 }).toBe("0");
  expect(numRead).toBeGreaterThan(numReadThen);
  expect(numRead).toBeLessThan(16_000_000);
});
