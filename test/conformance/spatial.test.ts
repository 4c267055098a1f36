/** @file Images: convolutions, pooling and normalisation across planes against the reference, on every backend. */
import { expect, it } from "vitest";
import { Rng } from "../../src/core/rng.js";
import type { ConvolutionDims, PlaneDims, WindowDims, WriteMode } from "../../src/kernels/index.js";
import { localScratchLength, windowOutput } from "../../src/kernels/index.js";
import { absolutes, EPSILON, expectClose, numbers, unwritten } from "./arrays.js";
import { describeBackends, reference } from "./backends.js";

const MODES: WriteMode[] = ["overwrite", "accumulate"];

type Pair = readonly [height: number, width: number];

function dimsOf(batch: number, planes: number, outputs: number, image: Pair, kernel: Pair, stride: Pair, pad: Pair) {
  return {
    batch,
    planes,
    outputs,
    height: image[0],
    width: image[1],
    kernelHeight: kernel[0],
    kernelWidth: kernel[1],
    strideHeight: stride[0],
    strideWidth: stride[1],
    padHeight: pad[0],
    padWidth: pad[1],
  };
}

/** Small ones in every respect, then those that need several blocks of rows, planes, outputs and images. */
const CONVOLUTIONS: readonly ConvolutionDims[] = [
  dimsOf(1, 1, 1, [1, 1], [1, 1], [1, 1], [0, 0]),
  dimsOf(2, 3, 4, [5, 7], [1, 1], [1, 1], [0, 0]),
  dimsOf(3, 2, 5, [6, 6], [3, 3], [1, 1], [1, 1]),
  dimsOf(2, 3, 17, [7, 9], [3, 2], [2, 1], [1, 0]),
  dimsOf(2, 2, 3, [9, 11], [2, 3], [1, 2], [0, 2]),
  dimsOf(2, 1, 3, [10, 13], [3, 5], [3, 3], [2, 4]),
  dimsOf(1, 2, 2, [8, 8], [1, 1], [3, 2], [0, 0]),
  dimsOf(5, 1, 1, [1, 33], [1, 5], [1, 4], [0, 2]),
  dimsOf(2, 2, 2, [2, 2], [3, 3], [1, 1], [3, 4]),
  dimsOf(7, 3, 9, [4, 4], [4, 4], [1, 1], [0, 0]),
  dimsOf(33, 2, 49, [4, 5], [2, 2], [1, 1], [0, 0]),
  dimsOf(31, 40, 3, [5, 5], [3, 3], [1, 1], [1, 1]),
  dimsOf(1, 31, 33, [12, 12], [5, 5], [1, 1], [0, 0]),
  dimsOf(3, 1, 8, [28, 28], [5, 5], [1, 1], [0, 0]),
  dimsOf(2, 257, 3, [3, 3], [3, 3], [1, 1], [1, 1]),
  dimsOf(2, 2, 520, [3, 4], [2, 2], [1, 1], [0, 0]),
];
/** Images larger than a patch, kernels larger than a block: few outputs, so that the reference takes moments. */
const LARGE: readonly ConvolutionDims[] = [
  dimsOf(1, 40, 2, [60, 64], [3, 3], [1, 1], [1, 1]),
  dimsOf(1, 2, 1, [3, 3000], [2, 3], [1, 1], [0, 1]),
  dimsOf(1, 1, 2, [70, 70], [33, 33], [2, 2], [0, 0]),
  dimsOf(1, 300, 1, [2, 500], [2, 2], [1, 2], [0, 0]),
];

const inputLength = (d: WindowDims): number => d.batch * d.planes * d.height * d.width;
const positionsOf = (d: WindowDims): number => windowOutput(d).height * windowOutput(d).width;
const depthOf = (d: ConvolutionDims): number => d.planes * d.kernelHeight * d.kernelWidth;

function title(d: WindowDims & { outputs?: number }): string {
  return (
    `${d.batch}×${d.planes}×${d.height}×${d.width} → ${d.outputs ?? d.planes} planes, kernel ${d.kernelHeight}×${d.kernelWidth}, ` +
    `stride ${d.strideHeight}×${d.strideWidth}, padding ${d.padHeight}×${d.padWidth}`
  );
}

/** What the reference says, and (terms + 1)·2⁻²⁴·Σ|a||b| for each number. Judged once for all backends. */
interface Judged {
  readonly start: Float32Array;
  readonly expected: Float32Array;
  readonly bound: Float32Array;
}
function judge(start: Float32Array, terms: number, run: (isMagnitude: boolean, out: Float32Array) => void): Judged {
  const [expected, magnitude] = [start.slice(), absolutes(start)];
  run(false, expected);
  run(true, magnitude);
  return { start, expected, bound: magnitude.map((x) => (terms + 1) * EPSILON * x) };
}

function convolutionCase(d: ConvolutionDims, isLocal: boolean) {
  const rng = new Rng(d.height * 31 + d.width);
  const depth = depthOf(d);
  const positions = positionsOf(d);
  const x = numbers(rng, inputLength(d));
  const weight = numbers(rng, (isLocal ? positions : 1) * d.outputs * depth);
  const bias = numbers(rng, d.outputs);
  const dy = numbers(rng, d.batch * d.outputs * positions);
  const scratch = unwritten(localScratchLength(d));
  const sign = (isMagnitude: boolean, array: Float32Array): Float32Array => (isMagnitude ? absolutes(array) : array);
  const y = (withBias: boolean) =>
    judge(unwritten(dy.length), depth + 1, (m, out) => {
      if (isLocal) reference.convolveLocal(d, sign(m, x), sign(m, weight), scratch, out);
      else reference.convolve(d, sign(m, x), sign(m, weight), withBias ? sign(m, bias) : null, out);
    });
  const dWeight = (mode: WriteMode) => {
    const start = mode === "overwrite" ? unwritten(weight.length) : numbers(rng, weight.length);
    return judge(start, isLocal ? d.batch : d.batch * positions, (m, out) => {
      if (isLocal) reference.convolveLocalGradWeight(d, sign(m, x), sign(m, dy), scratch, out, mode);
      else reference.convolveGradWeight(d, sign(m, x), sign(m, dy), out, mode);
    });
  };
  const dx = judge(unwritten(x.length), d.outputs + d.kernelHeight * d.kernelWidth, (m, out) => {
    if (isLocal) reference.convolveLocalGradInput(d, sign(m, weight), sign(m, dy), scratch, out);
    else reference.convolveGradInput(d, sign(m, weight), sign(m, dy), out);
  });
  return { x, weight, bias, dy, scratch, y: [y(false), y(true)], dWeight: MODES.map(dWeight), dx };
}

const shared = [...CONVOLUTIONS, ...LARGE].map((d) => ({ d, ...convolutionCase(d, false) }));
const local = CONVOLUTIONS.filter((d) => positionsOf(d) * d.outputs * depthOf(d) < 400_000).map((d) => ({
  d,
  ...convolutionCase(d, true),
}));

const POOLS: readonly WindowDims[] = [
  dimsOf(1, 1, 1, [1, 1], [1, 1], [1, 1], [0, 0]),
  dimsOf(2, 3, 3, [6, 8], [2, 2], [2, 2], [0, 0]),
  dimsOf(2, 2, 2, [7, 33], [3, 3], [2, 2], [1, 1]),
  dimsOf(1, 3, 3, [5, 40], [3, 5], [1, 1], [2, 4]),
  dimsOf(1, 2, 2, [9, 67], [2, 3], [3, 4], [1, 2]),
  dimsOf(3, 1, 1, [4, 5], [4, 5], [1, 1], [0, 0]),
  dimsOf(1, 1, 1, [2, 70_001], [2, 3], [2, 2], [0, 1]),
  dimsOf(1, 2, 2, [3, 257], [1, 2], [1, 5], [0, 1]),
];

describeBackends("images", (kernels) => {
  it.each(shared.map((c) => [title(c.d), c] as const))("convolution %s", (_, c) => {
    [null, c.bias].forEach((bias, i) => {
      const y = c.y[i].start.slice();
      kernels.convolve(c.d, c.x, c.weight, bias, y);
      expectClose(y, c.y[i].expected, (j) => c.y[i].bound[j]);
    });
    MODES.forEach((mode, i) => {
      const dWeight = c.dWeight[i].start.slice();
      kernels.convolveGradWeight(c.d, c.x, c.dy, dWeight, mode);
      expectClose(dWeight, c.dWeight[i].expected, (j) => c.dWeight[i].bound[j]);
    });
    const dx = c.dx.start.slice();
    kernels.convolveGradInput(c.d, c.weight, c.dy, dx);
    expectClose(dx, c.dx.expected, (j) => c.dx.bound[j]);
  });

  it.each(local.map((c) => [title(c.d), c] as const))("untied convolution %s", (_, c) => {
    const y = unwritten(c.dy.length);
    kernels.convolveLocal(c.d, c.x, c.weight, c.scratch, y);
    expectClose(y, c.y[0].expected, (j) => c.y[0].bound[j]);
    MODES.forEach((mode, i) => {
      const dWeight = c.dWeight[i].start.slice();
      kernels.convolveLocalGradWeight(c.d, c.x, c.dy, c.scratch, dWeight, mode);
      expectClose(dWeight, c.dWeight[i].expected, (j) => c.dWeight[i].bound[j]);
    });
    const dx = unwritten(c.x.length);
    kernels.convolveLocalGradInput(c.d, c.weight, c.dy, c.scratch, dx);
    expectClose(dx, c.dx.expected, (j) => c.dx.bound[j]);
  });

  it("convolution of no images gives a zero gradient", () => {
    const d = dimsOf(0, 2, 3, [4, 4], [3, 3], [1, 1], [0, 0]);
    const none = new Float32Array(0);
    const dWeight = unwritten(54);
    kernels.convolve(d, none, numbers(new Rng(1), 54), null, none);
    kernels.convolveGradInput(d, numbers(new Rng(1), 54), none, none);
    kernels.convolveGradWeight(d, none, none, dWeight, "overwrite");
    expect(dWeight).toEqual(new Float32Array(54));
  });

  it("convolution: NaN reaches the outputs whose windows hold it, and no others", () => {
    const d = dimsOf(2, 2, 3, [6, 6], [3, 3], [1, 1], [1, 1]);
    const x = numbers(new Rng(3), inputLength(d));
    x[14] = Number.NaN;
    const weight = numbers(new Rng(4), 54);
    const [y, expected] = [unwritten(216), unwritten(216)];
    kernels.convolve(d, x, weight, null, y);
    reference.convolve(d, x, weight, null, expected);
    expect([...y].map(Number.isNaN)).toEqual([...expected].map(Number.isNaN));
    expect([...expected].filter(Number.isNaN).length).toBe(27);
  });

  it("refuses kernels beyond the image, kernels of too many cells and arrays that are too short", () => {
    const d = dimsOf(1, 1, 1, [4, 4], [5, 5], [1, 1], [0, 0]);
    const x = new Float32Array(400_000);
    expect(() => kernels.convolve(d, x, x, null, x.slice())).toThrow(
      /kernel within the padded image, got 5 × 5 on 4 × 4/,
    );
    const big = dimsOf(1, 1, 1, [200, 200], [129, 128], [1, 1], [0, 0]);
    expect(() => kernels.convolve(big, x, x, null, x.slice())).toThrow(/at most 16384 cells, got 16512/);
    const small = { ...d, kernelHeight: 2, kernelWidth: 2 };
    expect(() => kernels.convolve(small, x, x, null, x.slice(0, 8))).toThrow(/convolve: y: expected at least 9/);
    expect(() => kernels.maxPool({ ...small, padHeight: 2 }, x, x.slice(), new Uint32Array(99))).toThrow(
      /less padding/,
    );
    const wild = Uint32Array.of(0, 1, 2, 3, 4, 5, 6, 7, 16);
    expect(() => kernels.maxPoolGrad(small, wild, x, x.slice())).toThrow(/below 16/);
  });

  it("sumPlanes", () => {
    for (const [batch, planes, size] of [
      [0, 3, 5],
      [1, 1, 1],
      [3, 33, 31],
      [2, 3, 2500],
    ]) {
      const dims = { batch, planes, size };
      const x = numbers(new Rng(size), batch * planes * size);
      for (const mode of MODES) {
        const start = mode === "overwrite" ? unwritten(planes) : numbers(new Rng(2), planes);
        const [actual, expected] = [start.slice(), start.slice()];
        kernels.sumPlanes(dims, x, actual, mode);
        reference.sumPlanes(dims, x, expected, mode);
        expectClose(actual, expected, () => (size * batch + 1) * Math.min(size, 1024) * EPSILON);
      }
    }
  });

  it.each(POOLS.map((d) => [title(d), d] as const))("pooling %s", (_, d) => {
    const length = d.batch * d.planes * positionsOf(d);
    const x = numbers(new Rng(d.width), inputLength(d));
    const dy = numbers(new Rng(d.height), length);
    const [y, expected] = [unwritten(length), unwritten(length)];
    const [indices, expectedIndices] = [new Uint32Array(length), new Uint32Array(length)];
    const [dx, expectedDx] = [unwritten(x.length), unwritten(x.length)];
    kernels.maxPool(d, x, y, indices);
    reference.maxPool(d, x, expected, expectedIndices);
    expect(y).toEqual(expected);
    expect(indices).toEqual(expectedIndices);
    const cells = d.kernelHeight * d.kernelWidth;
    kernels.maxPoolGrad(d, indices, dy, dx);
    reference.maxPoolGrad(d, indices, dy, expectedDx);
    expectClose(dx, expectedDx, () => cells * cells * EPSILON);
    for (const countPadding of [false, true]) {
      y.fill(Number.NaN);
      kernels.averagePool(d, countPadding, x, y);
      reference.averagePool(d, countPadding, x, expected);
      // A mean of numbers below 1: as many roundings as terms, and three for the two shares.
      expectClose(y, expected, () => (cells + 4) * EPSILON);
      dx.fill(Number.NaN);
      kernels.averagePoolGrad(d, countPadding, dy, dx);
      reference.averagePoolGrad(d, countPadding, dy, expectedDx);
      expectClose(dx, expectedDx, () => cells * (cells + 4) * EPSILON);
    }
  });

  it("maxPool takes the first of equal numbers; NaN beats all, −∞ beats padding", () => {
    const d = dimsOf(1, 1, 1, [6, 37], [3, 3], [1, 2], [1, 1]);
    for (const seed of [1, 2, 3]) {
      const rng = new Rng(seed);
      const values = [0, 0, 1, Number.NaN, Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY, -1];
      const x = Float32Array.from({ length: inputLength(d) }, () => values[rng.nextBelow(seed === 3 ? 3 : 7)]);
      if (seed === 2) x.fill(Number.NEGATIVE_INFINITY);
      const length = positionsOf(d);
      const [y, expected] = [unwritten(length), unwritten(length)];
      const [indices, expectedIndices] = [new Uint32Array(length), new Uint32Array(length)];
      kernels.maxPool(d, x, y, indices);
      reference.maxPool(d, x, expected, expectedIndices);
      expect(y).toEqual(expected);
      expect(indices).toEqual(expectedIndices);
    }
  });

  it("crossMapNormalize and its gradient", () => {
    const shapes: readonly PlaneDims[] = [
      { batch: 1, planes: 1, size: 1 },
      { batch: 2, planes: 3, size: 31 },
      { batch: 2, planes: 33, size: 33 },
    ];
    for (const dims of shapes) {
      for (const window of [1, 5, 9]) {
        for (const beta of [0.75, 0.5, 1, 0.6, 2.3]) {
          for (const k of [2, 0.01]) {
            const length = dims.batch * dims.planes * dims.size;
            const options = { window, alpha: 0.5, beta, k: Math.fround(k) };
            const [x, dy] = [numbers(new Rng(length), length, 3), numbers(new Rng(window), length)];
            const [scale, y, expectedScale, expected] = [1, 2, 3, 4].map(() => unwritten(length));
            kernels.crossMapNormalize(dims, options, x, scale, y);
            reference.crossMapNormalize(dims, { ...options, beta: Math.fround(beta) }, x, expectedScale, expected);
            expectClose(scale, expectedScale, (i) => (window + 3) * EPSILON * expectedScale[i]);
            // The power multiplies the scale's error by beta and the logarithm's by itself, and adds its own.
            const power = (i: number): number =>
              (16 + beta * (window + 3 + 4 * Math.abs(Math.log(expectedScale[i])))) * EPSILON;
            expectClose(y, expected, (i) => power(i) * Math.abs(expected[i]));
            const [dx, expectedDx, magnitude] = [1, 2, 3].map(() => unwritten(length));
            kernels.crossMapNormalizeGrad(dims, options, x, scale, y, dy, dx);
            reference.crossMapNormalizeGrad(dims, { ...options, beta: Math.fround(beta) }, x, scale, y, dy, expectedDx);
            // The sum of the terms' magnitudes: that of −|x| and |dy|, |y|.
            const negative = x.map((v) => -Math.abs(v));
            const absolute = { ...options, beta: Math.fround(beta) };
            reference.crossMapNormalizeGrad(dims, absolute, negative, scale, absolutes(y), absolutes(dy), magnitude);
            expectClose(dx, expectedDx, (i) => (power(i) + (window + 8) * EPSILON) * magnitude[i]);
          }
        }
      }
    }
  });

  it("crossMapNormalize: NaN spoils its window; even windows are refused", () => {
    const dims = { batch: 1, planes: 5, size: 17 };
    const x = numbers(new Rng(1), 85);
    x[2 * 17 + 3] = Number.NaN;
    for (const beta of [0.75, 0.6]) {
      const [scale, y] = [unwritten(85), unwritten(85)];
      kernels.crossMapNormalize(dims, { window: 3, alpha: 1, beta, k: 1 }, x, scale, y);
      expect([...y.keys()].filter((i) => Number.isNaN(y[i]))).toEqual([20, 37, 54]);
    }
    const [scale, y] = [unwritten(85), unwritten(85)];
    expect(() => kernels.crossMapNormalize(dims, { window: 4, alpha: 1, beta: 1, k: 1 }, x, scale, y)).toThrow(/odd/);
  });
});
