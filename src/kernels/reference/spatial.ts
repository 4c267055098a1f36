/**
 * @file The oracle for images: every window is walked cell by cell.
 */
import {
  type ConvolutionDims,
  type CrossMapOptions,
  type PlaneDims,
  type SpatialKernels,
  type WindowDims,
  type WriteMode,
  windowOutput,
} from "../contract.js";

/** A cell of a window that lies inside the image: output position, cell of the kernel, position in the input plane. */
type Visit = (position: number, cell: number, at: number) => void;

/** Visits the cells of all windows of one plane, in order. */
function forEachCell(dims: WindowDims, visit: Visit): void {
  const { height, width, kernelHeight, kernelWidth, strideHeight, strideWidth, padHeight, padWidth } = dims;
  const output = windowOutput(dims);
  for (let position = 0; position < output.height * output.width; position++) {
    const top = Math.floor(position / output.width) * strideHeight - padHeight;
    const left = (position % output.width) * strideWidth - padWidth;
    for (let cell = 0; cell < kernelHeight * kernelWidth; cell++) {
      const y = top + Math.floor(cell / kernelWidth);
      const x = left + (cell % kernelWidth);
      if (y >= 0 && y < height && x >= 0 && x < width) visit(position, cell, y * width + x);
    }
  }
}

/** Visits every product of a convolution: indices into y, weight and x. `isLocal`: weights of each position. */
function forEachProduct(
  dims: ConvolutionDims,
  isLocal: boolean,
  visit: (y: number, w: number, x: number) => void,
): void {
  const { batch, planes, outputs } = dims;
  const inputSize = dims.height * dims.width;
  const output = windowOutput(dims);
  const outputSize = output.height * output.width;
  const cells = dims.kernelHeight * dims.kernelWidth;
  for (let n = 0; n < batch; n++) {
    for (let p = 0; p < outputs; p++) {
      for (let c = 0; c < planes; c++) {
        forEachCell(dims, (position, cell, at) => {
          const kernel = isLocal ? position * outputs + p : p;
          visit(
            (n * outputs + p) * outputSize + position,
            (kernel * planes + c) * cells + cell,
            (n * planes + c) * inputSize + at,
          );
        });
      }
    }
  }
}

function outputLength(dims: WindowDims, planes: number): number {
  const { height, width } = windowOutput(dims);
  return dims.batch * planes * height * width;
}

function weightLength(dims: ConvolutionDims, isLocal: boolean): number {
  const { height, width } = windowOutput(dims);
  return (isLocal ? height * width : 1) * dims.outputs * dims.planes * dims.kernelHeight * dims.kernelWidth;
}

function forward(
  dims: ConvolutionDims,
  isLocal: boolean,
  x: Float32Array,
  weight: Float32Array,
  bias: Float32Array | null,
  y: Float32Array,
): void {
  const sums = new Float64Array(outputLength(dims, dims.outputs));
  const size = sums.length / (dims.batch * dims.outputs);
  if (bias)
    sums.forEach((_, i) => {
      sums[i] = bias[Math.floor(i / size) % dims.outputs];
    });
  forEachProduct(dims, isLocal, (yAt, wAt, xAt) => {
    sums[yAt] += weight[wAt] * x[xAt];
  });
  y.set(sums);
}

function gradWeight(
  dims: ConvolutionDims,
  isLocal: boolean,
  x: Float32Array,
  dy: Float32Array,
  dWeight: Float32Array,
  mode: WriteMode,
): void {
  const sums = new Float64Array(weightLength(dims, isLocal));
  if (mode === "accumulate") sums.set(dWeight.subarray(0, sums.length));
  forEachProduct(dims, isLocal, (yAt, wAt, xAt) => {
    sums[wAt] += dy[yAt] * x[xAt];
  });
  dWeight.set(sums);
}

function gradInput(
  dims: ConvolutionDims,
  isLocal: boolean,
  weight: Float32Array,
  dy: Float32Array,
  dx: Float32Array,
): void {
  const sums = new Float64Array(dims.batch * dims.planes * dims.height * dims.width);
  forEachProduct(dims, isLocal, (yAt, wAt, xAt) => {
    sums[xAt] += weight[wAt] * dy[yAt];
  });
  dx.set(sums);
}

function sumPlanes({ batch, planes, size }: PlaneDims, x: Float32Array, out: Float32Array, mode: WriteMode): void {
  for (let c = 0; c < planes; c++) {
    let sum = mode === "accumulate" ? out[c] : 0;
    for (let n = 0; n < batch; n++) for (let s = 0; s < size; s++) sum += x[(n * planes + c) * size + s];
    out[c] = sum;
  }
}

/** Visits the cells of all windows of all planes: indices into outputs and inputs. */
function forEachPooled(dims: WindowDims, visit: (y: number, x: number, at: number) => void): void {
  const { height, width } = windowOutput(dims);
  for (let plane = 0; plane < dims.batch * dims.planes; plane++) {
    forEachCell(dims, (position, _, at) => {
      visit(plane * height * width + position, plane * dims.height * dims.width + at, at);
    });
  }
}

function maxPool(dims: WindowDims, x: Float32Array, y: Float32Array, indices: Uint32Array): void {
  const length = outputLength(dims, dims.planes);
  y.fill(Number.NEGATIVE_INFINITY, 0, length);
  indices.fill(2 ** 32 - 1, 0, length);
  forEachPooled(dims, (yAt, xAt, at) => {
    const isFirst = indices[yAt] === 2 ** 32 - 1;
    const isGreater = x[xAt] > y[yAt] || (Number.isNaN(x[xAt]) && !Number.isNaN(y[yAt]));
    if (!isFirst && !isGreater) return;
    y[yAt] = x[xAt];
    indices[yAt] = at;
  });
}

function maxPoolGrad(dims: WindowDims, indices: Uint32Array, dy: Float32Array, dx: Float32Array): void {
  const inputSize = dims.height * dims.width;
  const length = outputLength(dims, dims.planes);
  const size = length / (dims.batch * dims.planes);
  const sums = new Float64Array(dims.batch * dims.planes * inputSize);
  for (let i = 0; i < length; i++) sums[Math.floor(i / size) * inputSize + indices[i]] += dy[i];
  dx.set(sums);
}

/** What each mean is divided by, [oH·oW]. */
function divisors(dims: WindowDims, countPadding: boolean): Float64Array {
  const { height, width } = windowOutput(dims);
  const counts = new Float64Array(height * width);
  if (countPadding) return counts.fill(dims.kernelHeight * dims.kernelWidth);
  forEachCell(dims, (position) => {
    counts[position]++;
  });
  return counts;
}

function averagePool(dims: WindowDims, countPadding: boolean, x: Float32Array, y: Float32Array): void {
  const counts = divisors(dims, countPadding);
  const sums = new Float64Array(outputLength(dims, dims.planes));
  forEachPooled(dims, (yAt, xAt) => {
    sums[yAt] += x[xAt];
  });
  y.set(sums.map((sum, i) => sum / counts[i % counts.length]));
}

function averagePoolGrad(dims: WindowDims, countPadding: boolean, dy: Float32Array, dx: Float32Array): void {
  const counts = divisors(dims, countPadding);
  const sums = new Float64Array(dims.batch * dims.planes * dims.height * dims.width);
  forEachPooled(dims, (yAt, xAt) => {
    sums[xAt] += dy[yAt] / counts[yAt % counts.length];
  });
  dx.set(sums);
}

/** Calls `visit` with each number's index and those of its window. */
function forEachMap(
  { batch, planes, size }: PlaneDims,
  window: number,
  visit: (at: number, near: number[]) => void,
): void {
  const half = (window - 1) / 2;
  for (let n = 0; n < batch; n++) {
    for (let c = 0; c < planes; c++) {
      for (let s = 0; s < size; s++) {
        const near: number[] = [];
        for (let d = Math.max(0, c - half); d <= Math.min(planes - 1, c + half); d++) {
          near.push((n * planes + d) * size + s);
        }
        visit((n * planes + c) * size + s, near);
      }
    }
  }
}

function crossMapNormalize(
  dims: PlaneDims,
  { window, alpha, beta, k }: CrossMapOptions,
  x: Float32Array,
  scale: Float32Array,
  y: Float32Array,
): void {
  forEachMap(dims, window, (at, near) => {
    const base = k + alpha * near.reduce((sum, i) => sum + x[i] * x[i], 0);
    scale[at] = base;
    y[at] = x[at] * base ** -beta;
  });
}

function crossMapNormalizeGrad(
  dims: PlaneDims,
  { window, alpha, beta }: CrossMapOptions,
  x: Float32Array,
  scale: Float32Array,
  y: Float32Array,
  dy: Float32Array,
  dx: Float32Array,
): void {
  forEachMap(dims, window, (at, near) => {
    const sum = near.reduce((total, i) => total + (dy[i] * y[i]) / scale[i], 0);
    dx[at] = dy[at] * scale[at] ** -beta - 2 * alpha * beta * x[at] * sum;
  });
}

export const spatial: SpatialKernels = {
  convolve: (dims, x, weight, bias, y) => forward(dims, false, x, weight, bias, y),
  convolveGradWeight: (dims, x, dy, dWeight, mode) => gradWeight(dims, false, x, dy, dWeight, mode),
  convolveGradInput: (dims, weight, dy, dx) => gradInput(dims, false, weight, dy, dx),
  sumPlanes,
  convolveLocal: (dims, x, weight, _scratch, y) => forward(dims, true, x, weight, null, y),
  convolveLocalGradWeight: (dims, x, dy, _scratch, dWeight, mode) => gradWeight(dims, true, x, dy, dWeight, mode),
  convolveLocalGradInput: (dims, weight, dy, _scratch, dx) => gradInput(dims, true, weight, dy, dx),
  maxPool,
  maxPoolGrad,
  averagePool,
  averagePoolGrad,
  crossMapNormalize,
  crossMapNormalizeGrad,
};
