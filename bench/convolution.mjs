/**
 * @file How near do convolutions come to the matrix product that they are?
 *
 *   npm run build && node bench/convolution.mjs [--backend native|wasm] [--isa NAME|all] [--only TEXT]
 *
 * By default on WASM and on the best instruction set that the processor has.
 *
 * Each shape has three products, of P planes of output, K = planes·kernel cells, S = outputs of a plane, N images:
 *
 *   forward       M = P  N = N·S  K        w·windows           gemm NN
 *   gradWeight    M = P  N = K    K = N·S  dy·windowsᵀ         gemm NT
 *   gradInput     M = K  N = N·S  K = P    wᵀ·dy               gemm TN
 *
 * 2·M·N·K operations each. `gemm` is the rate of our own gemm on that shape, with the matrix of windows ready made in memory,
 * measured in turns with the convolution; what the convolution does besides (padding, windows, bias, adding windows up) has
 * to fit into the difference. Answers are checked against sums in f64 first. Operands are warm where they fit a cache.
 * "untied" are kernels of each position. On a machine shared with others, pin it: `taskset -c 0`.
 */
import assert from "node:assert/strict";
import { parseArgs } from "node:util";
import { Rng } from "../dist/src/core/rng.js";
import { createKernels, localScratchLength, windowOutput } from "../dist/src/kernels/index.js";
import { loadAddon } from "../dist/src/kernels/native/addon.js";
import { bestSeconds, peakGflops } from "./ceilings.mjs";
import { machineLine, table } from "./machine.mjs";

const { values: options } = parseArgs({
  options: {
    backend: { type: "string" },
    isa: { type: "string" },
    only: { type: "string", default: "" },
  },
});

const shape = (batch, planes, side, outputs, kernel, pad = 0, stride = 1) => ({
  batch,
  planes,
  height: side,
  width: side,
  outputs,
  kernelHeight: kernel,
  kernelWidth: kernel,
  strideHeight: stride,
  strideWidth: stride,
  padHeight: pad,
  padWidth: pad,
});
const SHAPES = [
  shape(128, 1, 28, 32, 5),
  shape(128, 32, 12, 64, 5),
  shape(64, 64, 28, 64, 3, 1),
  shape(16, 128, 14, 256, 3, 1),
  shape(16, 3, 112, 64, 7, 3, 2),
  shape(64, 256, 7, 256, 3, 1),
  shape(32, 64, 28, 128, 1),
];
const UNTIED = [shape(128, 32, 12, 64, 5)];

const rng = new Rng(42);
const fill = (array) => {
  for (let i = 0; i < array.length; i++) array[i] = rng.nextFloat() - 0.5;
  return array;
};

/** Calls `visit` with the places in y, weight and x of all products that involve what `want` fixes. */
function sumProducts(d, isLocal, want, term) {
  const { height: oH, width: oW } = windowOutput(d);
  const all = (n) => Array.from({ length: n }, (_, i) => i);
  let [sum, magnitude, terms] = [0, 0, 0];
  for (const n of want.n === undefined ? all(d.batch) : [want.n])
    for (const p of want.p === undefined ? all(d.outputs) : [want.p])
      for (const c of want.c === undefined ? all(d.planes) : [want.c])
        for (const s of want.s === undefined ? all(oH * oW) : [want.s])
          for (const k of want.k === undefined ? all(d.kernelHeight * d.kernelWidth) : [want.k]) {
            const row = Math.floor(s / oW) * d.strideHeight + Math.floor(k / d.kernelWidth) - d.padHeight;
            const column = (s % oW) * d.strideWidth + (k % d.kernelWidth) - d.padWidth;
            if (row < 0 || row >= d.height || column < 0 || column >= d.width) continue;
            const at = row * d.width + column;
            if (want.at !== undefined && at !== want.at) continue;
            const kernel = isLocal ? s * d.outputs + p : p;
            const value = term(
              (n * d.outputs + p) * oH * oW + s,
              (kernel * d.planes + c) * d.kernelHeight * d.kernelWidth + k,
              (n * d.planes + c) * d.height * d.width + at,
            );
            sum += value;
            magnitude += Math.abs(value);
            terms++;
          }
  return { sum, bound: (terms + 2) * 2 ** -24 * magnitude };
}

function assertClose(what, actual, { sum, bound }) {
  assert.ok(Math.abs(actual - sum) <= bound, `${what}: expected ${sum} ± ${bound}, got ${actual}`);
}

/** The three parts of one convolution: what to run, the same product as a gemm, and a check of some places. */
function partsOf(kernels, d, isLocal) {
  const { height: oH, width: oW } = windowOutput(d);
  const [S, P, cells] = [oH * oW, d.outputs, d.kernelHeight * d.kernelWidth];
  const K = d.planes * cells;
  const x = fill(kernels.f32(d.batch * d.planes * d.height * d.width));
  const weight = fill(kernels.f32((isLocal ? S : 1) * P * K));
  const dy = fill(kernels.f32(d.batch * P * S));
  const [y, dWeight, dx] = [dy, weight, x].map(({ length }) => kernels.f32(length));
  const scratch = kernels.f32(isLocal ? localScratchLength(d) : 0);
  const windows = fill(kernels.f32(K * d.batch * (isLocal ? 1 : S)));
  const products = kernels.f32(Math.max(P * d.batch * (isLocal ? 1 : S), K * d.batch * (isLocal ? 1 : S), P * K));
  const outputs = fill(kernels.f32(P * d.batch * (isLocal ? 1 : S)));
  const times = isLocal ? S : 1;
  const columns = d.batch * (isLocal ? 1 : S);
  const gemm = (dims, a, b) => () => {
    for (let t = 0; t < times; t++) kernels.gemm(dims, a, b, products, "overwrite");
  };
  const pick = (n) => rng.nextBelow(n);
  return [
    {
      part: "forward",
      run: () => (isLocal ? kernels.convolveLocal(d, x, weight, scratch, y) : kernels.convolve(d, x, weight, null, y)),
      gemm: gemm({ m: P, n: columns, k: K }, weight, windows),
      check() {
        const [n, p, s] = [pick(d.batch), pick(P), pick(S)];
        const expected = sumProducts(d, isLocal, { n, p, s }, (_, w, i) => weight[w] * x[i]);
        assertClose("y", y[(n * P + p) * S + s], expected);
      },
    },
    {
      part: "gradWeight",
      run: () =>
        isLocal
          ? kernels.convolveLocalGradWeight(d, x, dy, scratch, dWeight, "overwrite")
          : kernels.convolveGradWeight(d, x, dy, dWeight, "overwrite"),
      gemm: gemm({ m: P, n: K, k: columns, transposeB: true }, outputs, windows),
      check() {
        const [p, c, k] = [pick(P), pick(d.planes), pick(cells)];
        const s = isLocal ? pick(S) : undefined;
        const expected = sumProducts(d, isLocal, { p, c, k, s }, (o, _, i) => dy[o] * x[i]);
        assertClose("dWeight", dWeight[(((s ?? 0) * P + p) * d.planes + c) * cells + k], expected);
      },
    },
    {
      part: "gradInput",
      run: () =>
        isLocal
          ? kernels.convolveLocalGradInput(d, weight, dy, scratch, dx)
          : kernels.convolveGradInput(d, weight, dy, dx),
      gemm: gemm({ m: K, n: columns, k: P, transposeA: true }, weight, outputs),
      check() {
        const [n, c, at] = [pick(d.batch), pick(d.planes), pick(d.height * d.width)];
        const expected = sumProducts(d, isLocal, { n, c, at }, (o, w) => dy[o] * weight[w]);
        assertClose("dx", dx[(n * d.planes + c) * d.height * d.width + at], expected);
      },
    },
  ].map((part) => ({ ...part, amount: 2 * d.batch * S * P * K }));
}

function* backends() {
  if (options.backend !== "wasm") {
    const [best] = loadAddon().isas;
    const isas = options.isa === "all" ? loadAddon().isas : [options.isa ?? best];
    for (const isa of isas) yield createKernels({ backend: "native", isa });
  }
  if (options.backend !== "native" && !options.isa) yield createKernels({ backend: "wasm" });
}

console.log(machineLine());
for (const kernels of backends()) {
  const { backend, isa } = kernels.info;
  console.log(`\n${backend} ${isa} · peak ${peakGflops(kernels).toFixed(0)} GFLOP/s`);
  const rows = [["shape", "part", "GFLOP/s", "gemm", "ratio"]];
  for (const [d, isLocal] of [...SHAPES.map((s) => [s, false]), ...UNTIED.map((s) => [s, true])]) {
    const name =
      `${d.batch}×${d.planes}×${d.height}×${d.width} → ${d.outputs}, ${d.kernelHeight}×${d.kernelWidth}` +
      `${d.padHeight ? ` pad ${d.padHeight}` : ""}${d.strideHeight > 1 ? ` stride ${d.strideHeight}` : ""}` +
      `${isLocal ? " untied" : ""}`;
    if (!name.includes(options.only)) continue;
    for (const { part, run, gemm, check, amount } of partsOf(kernels, d, isLocal)) {
      run();
      for (let i = 0; i < 20; i++) check();
      // In turns, so that what else runs on the machine meets both.
      let [seconds, product] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
      for (let turn = 0; turn < 3; turn++) {
        seconds = Math.min(seconds, bestSeconds(run));
        product = Math.min(product, bestSeconds(gemm));
      }
      const rate = (time) => (amount / time / 1e9).toFixed(0);
      rows.push([name, part, rate(seconds), rate(product), `${((100 * product) / seconds).toFixed(0)} %`]);
    }
  }
  console.log(table(rows));
}
