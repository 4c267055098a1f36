/** @file Does a server told twice to stop know an echo of the first signal from somebody's impatience? */
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createDirectory, removeDirectory, succeed } from "./manyworlds-process.js";
import { writeTextRows } from "./sample-rows.js";
import { type Serving, startServing } from "./serve-process.js";
import { TINY } from "./tiny-models.js";

const directory = createDirectory();
const model = join(directory, "m");

beforeAll(async () => {
  const rows = join(directory, "train.tsv");
  writeTextRows(rows, { numRows: 1200, numLabels: 30, seed: 1 });
  await succeed(["train", rows, "--model", model, ...TINY]);
});
afterAll(() => removeDirectory(directory));

/** Sends SIGTERM twice. @returns exit code and milliseconds from the first signal to the end. */
async function stopTwice(server: Serving, apartMs: number): Promise<{ code: number | null; ms: number }> {
  const begin = performance.now();
  const stopped = server.stop();
  await new Promise((resolve) => setTimeout(resolve, apartMs));
  const { code } = await Promise.all([server.stop(), stopped]).then(([outcome]) => outcome);
  return { code, ms: performance.now() - begin };
}

it("drains when the second comes at once, as npm and a terminal send it", async () => {
  const server = await startServing([model, "--drain", "2s", "--log-level", "silent"]);
  const stopped = stopTwice(server, 50);
  await new Promise((resolve) => setTimeout(resolve, 1000));
  expect((await server.search({ query: "word15" })).status).toBe(200);
  const { code, ms } = await stopped;
  expect(code).toBe(0);
  expect(ms).toBeGreaterThan(2000);
});

it("ends at once when the second comes later", async () => {
  const server = await startServing([model, "--drain", "60s", "--log-level", "silent"]);
  const { code, ms } = await stopTwice(server, 1200);
  expect(code).toBe(130);
  expect(ms).toBeLessThan(30_000);
});
