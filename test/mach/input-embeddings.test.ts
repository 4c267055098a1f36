import { expect, it } from "vitest";
import { Rng } from "../../src/core/rng.js";
import { createKernels } from "../../src/kernels/index.js";
import { startFromEmbeddings } from "../../src/mach/input-embeddings.js";

const kernels = createKernels();
const DIMENSION = 20;
const WIDTH = 512;
const NUM_FEATURES = 2100;
const SPREAD = 0.3;

function unitVectors(count: number, seed: number): Float32Array {
  const rng = new Rng(seed);
  const out = new Float32Array(count * DIMENSION);
  for (let i = 0; i < count; i++) {
    const row = Float64Array.from({ length: DIMENSION }, () => rng.nextFloat() - 0.5);
    const norm = Math.hypot(...row);
    row.forEach((x, j) => {
      out[i * DIMENSION + j] = x / norm;
    });
  }
  return out;
}

const cosine = (a: Float32Array, b: Float32Array): number =>
  a.reduce((sum, x, j) => sum + x * b[j], 0) / (Math.hypot(...a) * Math.hypot(...b));
const rowsOf = (array: Float32Array, width: number) => (i: number) => array.subarray(i * width, (i + 1) * width);

// More rows than are projected at once, and gaps between them.
const features = Uint32Array.from({ length: 1500 }, (_, i) => i + Math.floor(i / 3));
const embeddings = { features, vectors: unitVectors(features.length, 1), dimension: DIMENSION };

function started(seed: number): Float32Array {
  const weight = new Float32Array(NUM_FEATURES * WIDTH).fill(7);
  startFromEmbeddings(kernels, embeddings, weight, WIDTH, { spread: SPREAD, rng: new Rng(seed) });
  return weight;
}

it("keeps the angles between words, the spread of random weights, and rows without a vector", () => {
  const weight = rowsOf(started(1), WIDTH);
  const vector = rowsOf(embeddings.vectors, DIMENSION);
  let largest = 0;
  for (let i = 0; i < 1499; i += 7) {
    const difference = cosine(weight(features[i]), weight(features[i + 1])) - cosine(vector(i), vector(i + 1));
    largest = Math.max(largest, Math.abs(difference));
  }
  // Johnson-Lindenstrauss: a standard error of at most 1/√512 = 0.044 for each of 215 pairs.
  expect(largest).toBeLessThan(5 / Math.sqrt(WIDTH));
  const all = [0, 500, 1499].flatMap((i) => [...weight(features[i])]);
  const deviation = Math.sqrt(all.reduce((sum, x) => sum + x * x, 0) / all.length);
  expect(deviation).toBeGreaterThan(0.8 * (SPREAD / Math.sqrt(3)));
  expect(deviation).toBeLessThan(1.2 * (SPREAD / Math.sqrt(3)));
  const known = new Set(features);
  for (let feature = 0; feature < NUM_FEATURES; feature++) {
    expect(weight(feature).every((x) => x === 7)).toBe(!known.has(feature));
  }
});

it("shows each world another side of the words, the same each time", () => {
  const [one, again, other] = [started(1), started(1), started(2)].map((weight) => rowsOf(weight, WIDTH)(features[3]));
  expect(again).toEqual(one);
  expect(Math.abs(cosine(one, other))).toBeLessThan(0.3);
});
