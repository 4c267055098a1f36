/** @file Does an engine that is closed while it reads a changed model start no threads for it? */
import { expect, it, vi } from "vitest";
import { SearchEngine } from "../../../src/serve/engine/search-engine.js";
import { ServedModel } from "../../../src/serve/engine/served-model.js";

/** Reads that the test ends. */
const reads: ((parts: unknown) => void)[] = [];
vi.mock("../../../src/serve/engine/model-parts.js", () => ({
  loadModelParts: () => new Promise((resolve) => reads.push(resolve)),
}));

it("none, once it has been told to close", async () => {
  const parts = { version: "v", failedWorlds: [], worlds: new Map(), watched: new Map() };
  const close = vi.fn(async () => {});
  const served = { parts, close, isAlive: true, batcher: { batches: 0, batchedQueries: 0 } };
  const start = vi.spyOn(ServedModel, "start").mockResolvedValue(served as unknown as ServedModel);
  const loading = SearchEngine.load("nowhere", { watch: false });
  await expect.poll(() => reads.length).toBe(1);
  reads[0](parts);
  const engine = await loading;
  expect(start).toHaveBeenCalledTimes(1);

  const reloaded = engine.reload();
  await expect.poll(() => reads.length).toBe(2);
  const closed = engine.close();
  reads[1](parts);
  await Promise.all([reloaded, closed]);
  expect(start).toHaveBeenCalledTimes(1);
  expect(close).toHaveBeenCalledTimes(1);
});
