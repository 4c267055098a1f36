/** @file Do pipelined searches give their places back when their connection ends? All but the first wait without a socket. */
import { connect, type Socket } from "node:net";
import { expect, it, onTestFinished } from "vitest";
import { gate } from "./stand-in-service.js";
import { createTestServer } from "./test-server.js";

const NUM_SEARCHES = 100;
const BODY = '{"query": "a"}';
const SEARCH = `POST /v1/search HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: ${BODY.length}\r\n\r\n${BODY}`;

/** A connection that has written `count` searches back to back. */
function pipeline(url: string, count: number = NUM_SEARCHES): Socket {
  const socket = connect(Number(new URL(url).port), "127.0.0.1");
  socket.write(SEARCH.repeat(count));
  return socket;
}

it("whose answers were to come, and their queries leave the queue", async () => {
  const { service, server, get } = await createTestServer();
  const warnings: Error[] = [];
  const warn = (warning: Error): void => void warnings.push(warning);
  process.on("warning", warn);
  onTestFinished(() => void process.off("warning", warn));
  const url = await server.listen("127.0.0.1", 0);
  service.before = (_, signal) => gate(signal).opened;
  const socket = pipeline(url);
  await expect.poll(() => service.asked.length).toBe(NUM_SEARCHES);
  const inFlight = async (): Promise<string | undefined> =>
    /manyworlds_searches_in_flight (\d+)/.exec((await get("/metrics")).body)?.[1];
  expect(await inFlight()).toBe(String(NUM_SEARCHES));
  socket.destroy();
  await expect.poll(inFlight).toBe("0");
  expect(service.asked.every(({ signal }) => signal?.aborted === true)).toBe(true);
  expect(warnings).toEqual([]);
});

// With a hundred answers waiting Node reads no further, so that the end is seen only when the first is answered: in time.
it.each([5, NUM_SEARCHES])("whose answers, %i, wait behind one that does not come", async (count) => {
  const { service, server, get } = await createTestServer({ limits: { timeoutMs: 300 } });
  const url = await server.listen("127.0.0.1", 0);
  service.before = (_, signal) => (service.asked.length === 1 ? gate(signal).opened : undefined);
  const socket = pipeline(url, count);
  await expect.poll(() => service.asked.length).toBe(count);
  expect((await get("/metrics")).body).toContain(`manyworlds_searches_in_flight ${count}\n`);
  socket.destroy();
  const isFree = async (): Promise<boolean> => (await get("/metrics")).body.includes("searches_in_flight 0\n");
  await expect.poll(isFree, { timeout: 5000 }).toBe(true);
});

it("and are all answered where it does not", async () => {
  const { service, server, get } = await createTestServer();
  const url = await server.listen("127.0.0.1", 0);
  service.before = () => new Promise((resolve) => setTimeout(resolve, 20));
  const socket = pipeline(url);
  let text = "";
  socket.on("data", (chunk) => {
    text += chunk;
  });
  await expect.poll(() => text.split("HTTP/1.1 200 ").length - 1).toBe(NUM_SEARCHES);
  await expect.poll(async () => (await get("/metrics")).body).toContain("manyworlds_searches_in_flight 0");
  socket.destroy();
});
