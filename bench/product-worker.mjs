/** @file A thread of scaling.mjs that multiplies matrices in its core's own cache, at the same time as the others. */
import { parentPort, workerData } from "node:worker_threads";
import { createKernels } from "../dist/src/kernels/index.js";

/** Three matrices of 192 × 192 floats are 0.4 MB. */
const SIZE = 192;
const DURATION_MS = 500;

const { gate, count } = workerData;
const kernels = createKernels();
const [a, b, c] = [1, 2, 0].map((value) => kernels.f32(SIZE * SIZE).fill(value));
const product = () => kernels.gemm({ m: SIZE, n: SIZE, k: SIZE }, a, b, c, "overwrite");
for (let i = 0; i < 200; i++) product();
if (c.some((value) => value !== 2 * SIZE)) throw new Error(`expected ${2 * SIZE} throughout the product`);
Atomics.add(gate, 0, 1);
while (Atomics.load(gate, 0) < count);
const startMs = performance.now();
let done = 0;
for (; performance.now() - startMs < DURATION_MS; done++) product();
parentPort.postMessage((2 * SIZE ** 3 * done) / (performance.now() - startMs) / 1e6);
