import { expect, it } from "vitest";
import { Rng } from "../../src/core/rng.js";
import type { ChannelDims } from "../../src/kernels/index.js";
import { EPSILON, expectClose, numbers, unwritten } from "./arrays.js";
import { describeBackends, reference } from "./backends.js";

const CHANNEL_DIMS: readonly ChannelDims[] = [
  ...[1, 2, 33].flatMap((rows) => [1, 3, 31, 33, 257, 1030].map((channels) => ({ rows, channels, size: 1 }))),
  ...[1, 3].flatMap((rows) => [2, 3, 31, 33, 257].map((size) => ({ rows, channels: 3, size }))),
];
const UNIT = 2 ** -3;
const EPS = 1e-3;

/** Numbers of spread about 0.6 around `center`. */
function around(rng: Rng, length: number, center: number): Float32Array {
  return numbers(rng, length).map((x) => x + center);
}

describeBackends("normalization of channels", (kernels) => {
  it("channelMoments, also far from 0; constants have no variance", () => {
    for (const dims of CHANNEL_DIMS) {
      for (const center of [0, 1000]) {
        const x = around(new Rng(dims.rows + dims.size), dims.rows * dims.channels * dims.size, center);
        const [mean, variance] = [unwritten(dims.channels), unwritten(dims.channels)];
        const [expectedMean, expectedVariance] = [unwritten(dims.channels), unwritten(dims.channels)];
        kernels.channelMoments(dims, x, mean, variance);
        reference.channelMoments(dims, x, expectedMean, expectedVariance);
        // Sums in f64: only the results are rounded. The shift cancels, since it lies among the numbers.
        expectClose(mean, expectedMean, (i) => 2 * EPSILON * Math.abs(expectedMean[i]));
        expectClose(variance, expectedVariance, (i) => 2 * EPSILON * expectedVariance[i] + 1e-14);
        x.fill(center + 0.3);
        kernels.channelMoments(dims, x, mean, variance);
        expect([...variance]).toEqual(new Array(dims.channels).fill(0));
        x[x.length - 1] = Number.NaN;
        kernels.channelMoments(dims, x, mean, variance);
        expect([mean[dims.channels - 1], variance[dims.channels - 1]]).toEqual([NaN, NaN]);
      }
    }
  });

  it("normalizeChannels and gradients, with and without weights and batch statistics", () => {
    for (const dims of CHANNEL_DIMS) {
      const { rows, channels, size } = dims;
      const length = rows * channels * size;
      const rng = new Rng(length);
      const [x, dy] = [around(rng, length, 0.5), numbers(rng, length)];
      const [mean, variance] = [numbers(rng, channels), numbers(rng, channels).map((v) => Math.abs(v) + UNIT)];
      // |x − mean| ≤ 2.5 and 1/√variance ≤ √8: normalised numbers are at most 7.1.
      const largest = 2.5 * Math.sqrt(1 / UNIT);
      for (const affine of [true, false]) {
        const weight = affine ? numbers(rng, channels) : null;
        const bias = affine ? numbers(rng, channels) : null;
        const [y, expected] = [unwritten(length), unwritten(length)];
        kernels.normalizeChannels(dims, EPS, x, mean, variance, weight, bias, y);
        reference.normalizeChannels(dims, EPS, x, mean, variance, weight, bias, expected);
        expectClose(y, expected, () => 8 * EPSILON * (largest + 1));
        const overwritten = x.slice();
        kernels.normalizeChannels(dims, EPS, overwritten, mean, variance, weight, bias, overwritten);
        expectClose(overwritten, y, () => 0);

        const sums = { dyX: unwritten(channels), dy: unwritten(channels) };
        const expectedSums = { dyX: unwritten(channels), dy: unwritten(channels) };
        kernels.channelGradSums(dims, EPS, x, mean, variance, dy, sums.dyX, sums.dy);
        reference.channelGradSums(dims, EPS, x, mean, variance, dy, expectedSums.dyX, expectedSums.dy);
        expectClose(sums.dyX, expectedSums.dyX, () => 8 * EPSILON * rows * size * largest);
        expectClose(sums.dy, expectedSums.dy, (i) => 2 * EPSILON * Math.abs(expectedSums.dy[i]) + 1e-12);

        for (const used of [expectedSums, null]) {
          const [dx, expectedGrad] = [unwritten(length), unwritten(length)];
          kernels.normalizeChannelsGrad(dims, EPS, x, mean, variance, weight, dy, used, dx);
          reference.normalizeChannelsGrad(dims, EPS, x, mean, variance, weight, dy, used, expectedGrad);
          expectClose(dx, expectedGrad, () => 16 * EPSILON * Math.sqrt(1 / UNIT) * (2 + largest * largest));
          const inPlace = dy.slice();
          kernels.normalizeChannelsGrad(dims, EPS, x, mean, variance, weight, inPlace, used, inPlace);
          expectClose(inPlace, dx, () => 0);
        }
      }
    }
  });
});

describeBackends("normalization of rows", (kernels) => {
  it("normalizeRows and gradients, with and without weights", () => {
    for (const rows of [0, 1, 3, 33]) {
      for (const cols of [1, 2, 3, 31, 33, 257]) {
        const length = rows * cols;
        const rng = new Rng(length);
        const [x, dy] = [around(rng, length, 2), numbers(rng, length)];
        for (const affine of [true, false]) {
          const weight = affine ? numbers(rng, cols) : null;
          const bias = affine ? numbers(rng, cols) : null;
          const [y, mean, inverse] = [unwritten(length), unwritten(rows), unwritten(rows)];
          const [expected, expectedMean, expectedInverse] = [unwritten(length), unwritten(rows), unwritten(rows)];
          kernels.normalizeRows({ rows, cols }, EPS, x, weight, bias, y, mean, inverse);
          reference.normalizeRows({ rows, cols }, EPS, x, weight, bias, expected, expectedMean, expectedInverse);
          expectClose(mean, expectedMean, () => 4 * EPSILON * 3);
          expectClose(inverse, expectedInverse, (i) => 4 * EPSILON * expectedInverse[i]);
          const steepest = (i: number): number => expectedInverse[Math.floor(i / cols)];
          // x and mean are at most 3, x − mean at most 2.
          expectClose(y, expected, (i) => 8 * EPSILON * (1 + 5 * steepest(i)));

          const [dx, expectedGrad] = [unwritten(length), unwritten(length)];
          kernels.normalizeRowsGrad({ rows, cols }, x, expectedMean, expectedInverse, weight, dy, dx);
          reference.normalizeRowsGrad({ rows, cols }, x, expectedMean, expectedInverse, weight, dy, expectedGrad);
          const bound = (i: number): number => 16 * EPSILON * steepest(i) * (2 + (2 * steepest(i)) ** 2);
          expectClose(dx, expectedGrad, bound);
          const inPlace = dy.slice();
          kernels.normalizeRowsGrad({ rows, cols }, x, expectedMean, expectedInverse, weight, inPlace, inPlace);
          expectClose(inPlace, dx, () => 0);
        }
        const [mean, inverse] = [numbers(rng, rows), numbers(rng, rows)];
        for (const mode of ["overwrite", "accumulate"] as const) {
          const actual = mode === "overwrite" ? unwritten(cols) : numbers(rng, cols);
          const expected = actual.slice();
          kernels.normalizeRowsWeightGrad({ rows, cols }, x, mean, inverse, dy, actual, mode);
          reference.normalizeRowsWeightGrad({ rows, cols }, x, mean, inverse, dy, expected, mode);
          // |x̂| ≤ 4 · 1, three roundings a term.
          expectClose(actual, expected, () => 4 * EPSILON * (4 * rows + 1));
        }
      }
    }
  });
});
