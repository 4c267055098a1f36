import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { describe, expect, it } from "vitest";
import { Rng } from "../../src/core/rng.js";
import { createKernels } from "../../src/kernels/create.node.js";
import { kernelsFolder } from "../../src/kernels/native/addon.js";
import { numbers, unwritten } from "./arrays.js";

const [m, n, k] = [61, 500, 130];

/** Loads the addon in a thread of its own and multiplies into a shared result, many times, then ends. */
const PROGRAM = `
  const { workerData: { file, a, b, c, m, n, k }, parentPort } = require("node:worker_threads");
  const addon = require(file);
  const operations = addon.bind(addon.isas[0]);
  for (let i = 0; i < 50; i++) operations.f32_gemm(0, m, n, k, a, b, null, c, 0);
  parentPort.postMessage("done");
`;

function shared(values: Float32Array): Float32Array {
  const copy = new Float32Array(new SharedArrayBuffer(values.byteLength));
  copy.set(values);
  return copy;
}

describe.skipIf(!["linux", "darwin"].includes(process.platform))("threads", () => {
  it("the addon packs in each thread's own workspace and survives threads that end", async () => {
    const [a, b] = [shared(numbers(new Rng(1), m * k)), shared(numbers(new Rng(2), k * n))];
    const expected = unwritten(m * n);
    createKernels({ backend: "native" }).gemm({ m, n, k }, a, b, expected, "overwrite");
    const file = join(kernelsFolder(), `manyworlds-${process.platform}-${process.arch}.node`);
    for (let round = 0; round < 2; round++) {
      const results = Array.from({ length: 4 }, () => shared(unwritten(m * n)));
      await Promise.all(
        results.map((c) => {
          const worker = new Worker(PROGRAM, { eval: true, workerData: { file, a, b, c, m, n, k } });
          return new Promise((resolve, reject) => worker.on("exit", resolve).on("error", reject));
        }),
      );
      for (const c of results) expect(new Float32Array(c)).toEqual(expected);
    }
  });
});
