/**
 * @file Where does a training step's time go, and how far from the machine's limits is each kernel?
 *
 *   node bench/step-profile.mjs [--set nvd] [--steps 300]
 *
 * Every kernel call of a world's steps is timed from outside. Work is counted from the arguments: multiply-adds for
 * gemm; for the others bytes that must move at least (each number read or written once). Ceilings are measured on the
 * spot: multiply-adds in registers, and a stream over arrays beyond the caches. Arrays that fit a cache may exceed the
 * stream's rate. The loss after the steps is printed: the profiled run computes what an ordinary one does.
 */
import { parseArgs } from "node:util";
import { loadDataset } from "../dist/src/data/index.js";
import { createKernels } from "../dist/src/kernels/index.js";
import { LabelHash } from "../dist/src/mach/index.js";
import { chooseOptions, WorldTraining } from "../dist/src/train/index.js";
import { optimizationOf, worldOptionsOf } from "../dist/src/train/model-options.js";
import { peakGflops, streamGbs } from "./ceilings.mjs";
import { splitPath } from "./datasets.mjs";
import { machineLine, table } from "./machine.mjs";

const { values: args } = parseArgs({
  options: { set: { type: "string", default: "nvd" }, steps: { type: "string", default: "300" } },
});

/** Multiply-adds × 2, or bytes at least, of one call. */
const WORK = {
  gemm: ([{ m, n, k }]) => ({ flops: 2 * m * n * k }),
  csrGemm: ([{ rows, cols }, x]) => ({ bytes: (x.offsets[rows] * (cols + 2) + rows * cols) * 4 }),
  csrGradRows: ([columns, cols, x]) => ({ bytes: (x.offsets[columns] * (cols + 2) + columns * cols) * 4 }),
  adamStep: ([{ cols, rows }]) => ({ bytes: (rows?.count ?? 1) * cols * 28 }),
  rowRmsStep: ([{ cols, rows }]) => ({ bytes: (rows?.count ?? 1) * cols * 12 }),
  csrRowRmsStep: ([columns, cols, x]) => ({ bytes: (x.offsets[columns] * (cols + 2) + 2 * columns * cols) * 4 }),
  csrGatherRows: ([source, ids, count]) => {
    let entries = 0;
    for (let i = 0; i < count; i++) entries += source.offsets[ids[i] + 1] - source.offsets[ids[i]];
    return { bytes: entries * 16 };
  },
  csrCompactTranspose: ([rows, x]) => ({ bytes: x.offsets[rows] * 20 }),
  softmaxCrossEntropy: ([{ rows, cols }]) => ({ bytes: rows * cols * 8 }),
  sigmoidCrossEntropy: ([{ rows, cols }]) => ({ bytes: rows * cols * 8 }),
  addBias: ([{ rows, cols }]) => ({ bytes: rows * cols * 8 }),
  sumRows: ([{ rows, cols }]) => ({ bytes: rows * cols * 4 }),
  relu: ([length]) => ({ bytes: length * 8 }),
  reluGrad: ([length]) => ({ bytes: length * 12 }),
  dropout: ([length]) => ({ bytes: length * 8 }),
};

const kernels = createKernels();
const spent = new Map();
let timing = false;
const timed = new Proxy(kernels, {
  get(target, name) {
    const member = Reflect.get(target, name);
    if (typeof member !== "function") return member;
    return (...call) => {
      if (!timing) return member.apply(target, call);
      const start = performance.now();
      const result = member.apply(target, call);
      const seconds = (performance.now() - start) / 1000;
      const { flops = 0, bytes = 0 } = WORK[name]?.(call) ?? {};
      const sum = spent.get(name) ?? { calls: 0, seconds: 0, flops: 0, bytes: 0 };
      spent.set(name, {
        calls: sum.calls + 1,
        seconds: sum.seconds + seconds,
        flops: sum.flops + flops,
        bytes: sum.bytes + bytes,
      });
      return result;
    };
  },
});

const { dataset, report } = await loadDataset(splitPath(args.set, "train"), {
  skipBadRows: true,
  numericOptions: { scaling: "l2" },
});
const options = chooseOptions({ ...report, labelsPerRow: report.numLabelOccurrences / report.numRows }, {});
const hash = new LabelHash({ ...options, numLabels: report.numLabels });
const training = new WorldTraining(timed, dataset, {
  world: 0,
  hash: hash.parameters(0),
  model: worldOptionsOf(options, report.numFeatures),
  optimization: optimizationOf(options),
});
// The first steps touch memory for the first time.
for (let i = 0; i < 50; i++) training.step();
timing = true;
const start = performance.now();
const steps = Number(args.steps);
for (let i = 0; i < steps; i++) training.step();
const total = (performance.now() - start) / 1000;
timing = false;

const [gflops, gbs] = [peakGflops(kernels), streamGbs(kernels)];
console.log(machineLine());
console.log(
  `${args.set}: batch ${options.batchSize}, ${[report.numFeatures, ...options.hidden, options.numBuckets].join(" → ")}, ` +
    `${options.loss}, ${options.output} output; ${kernels.info.gemm}; ceilings ${gflops.toFixed(0)} GFLOP/s, ${gbs.toFixed(1)} GB/s`,
);
const rows = [["kernel", "calls/step", "µs/step", "share", "rate", "of ceiling"]];
let inKernels = 0;
for (const [name, { calls, seconds, flops, bytes }] of [...spent].sort((a, b) => b[1].seconds - a[1].seconds)) {
  inKernels += seconds;
  const rate = flops > 0 ? flops / seconds / 1e9 : bytes / seconds / 1e9;
  const known = flops + bytes > 0;
  rows.push([
    name,
    (calls / steps).toFixed(0),
    ((1e6 * seconds) / steps).toFixed(0),
    `${((100 * seconds) / total).toFixed(1)} %`,
    known ? `${rate.toFixed(1)} ${flops > 0 ? "GFLOP/s" : "GB/s"}` : "",
    known ? `${((100 * rate) / (flops > 0 ? gflops : gbs)).toFixed(0)} %` : "",
  ]);
}
console.log(table(rows));
console.log(
  `${steps} steps of ${((1e6 * total) / steps).toFixed(0)} µs (${Math.round((steps * options.batchSize) / total)} rows/s); ` +
    `${((100 * inKernels) / total).toFixed(1)} % inside kernels; loss now ${training.progress.loss.toFixed(4)}`,
);
