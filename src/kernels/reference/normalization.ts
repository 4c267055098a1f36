/** @file The oracle for normalisation: two passes for the moments, all in f64. */
import type { ChannelDims, NormalizationKernels } from "../contract.js";

/** Calls `visit` with the position of every number of channel `c`. */
function forEachOfChannel({ rows, channels, size }: ChannelDims, c: number, visit: (at: number) => void): void {
  for (let i = 0; i < rows; i++) {
    for (let s = 0; s < size; s++) visit((i * channels + c) * size + s);
  }
}

/** Mean, and mean squared distance from it, of count numbers. */
function momentsOf(count: number, forEach: (visit: (at: number) => void) => void, x: Float32Array): [number, number] {
  let sum = 0;
  forEach((at) => {
    sum += x[at];
  });
  const mean = sum / count;
  let squares = 0;
  forEach((at) => {
    squares += (x[at] - mean) ** 2;
  });
  return [mean, squares / count];
}

export const normalization: NormalizationKernels = {
  channelMoments(dims, x, mean, variance) {
    for (let c = 0; c < dims.channels; c++) {
      [mean[c], variance[c]] = momentsOf(dims.rows * dims.size, (visit) => forEachOfChannel(dims, c, visit), x);
    }
  },
  normalizeChannels(dims, epsilon, x, mean, variance, weight, bias, y) {
    for (let c = 0; c < dims.channels; c++) {
      const scale = (weight?.[c] ?? 1) / Math.sqrt(variance[c] + Math.fround(epsilon));
      forEachOfChannel(dims, c, (at) => {
        y[at] = (x[at] - mean[c]) * scale + (bias?.[c] ?? 0);
      });
    }
  },
  channelGradSums(dims, epsilon, x, mean, variance, dy, sumDyX, sumDy) {
    for (let c = 0; c < dims.channels; c++) {
      let [products, sum] = [0, 0];
      forEachOfChannel(dims, c, (at) => {
        products += dy[at] * (x[at] - mean[c]);
        sum += dy[at];
      });
      sumDyX[c] = products / Math.sqrt(variance[c] + Math.fround(epsilon));
      sumDy[c] = sum;
    }
  },
  normalizeChannelsGrad(dims, epsilon, x, mean, variance, weight, dy, sums, dx) {
    const count = dims.rows * dims.size;
    for (let c = 0; c < dims.channels; c++) {
      const inverse = 1 / Math.sqrt(variance[c] + Math.fround(epsilon));
      const scale = (weight?.[c] ?? 1) * inverse;
      forEachOfChannel(dims, c, (at) => {
        const normalized = (x[at] - mean[c]) * inverse;
        dx[at] = scale * (sums === null ? dy[at] : dy[at] - (sums.dy[c] + normalized * sums.dyX[c]) / count);
      });
    }
  },
  normalizeRows({ rows, cols }, epsilon, x, weight, bias, y, mean, inverseStd) {
    for (let i = 0; i < rows; i++) {
      const forEach = (visit: (at: number) => void): void => {
        for (let j = 0; j < cols; j++) visit(i * cols + j);
      };
      const [average, variance] = momentsOf(cols, forEach, x);
      mean[i] = average;
      inverseStd[i] = 1 / Math.sqrt(variance + Math.fround(epsilon));
      for (let j = 0; j < cols; j++) {
        y[i * cols + j] = (x[i * cols + j] - mean[i]) * inverseStd[i] * (weight?.[j] ?? 1) + (bias?.[j] ?? 0);
      }
    }
  },
  normalizeRowsGrad({ rows, cols }, x, mean, inverseStd, weight, dy, dx) {
    for (let i = 0; i < rows; i++) {
      let [sum, products] = [0, 0];
      for (let j = 0; j < cols; j++) {
        const g = dy[i * cols + j] * (weight?.[j] ?? 1);
        sum += g;
        products += g * (x[i * cols + j] - mean[i]) * inverseStd[i];
      }
      for (let j = 0; j < cols; j++) {
        const at = i * cols + j;
        const normalized = (x[at] - mean[i]) * inverseStd[i];
        dx[at] = inverseStd[i] * (dy[at] * (weight?.[j] ?? 1) - (sum + normalized * products) / cols);
      }
    }
  },
  normalizeRowsWeightGrad({ rows, cols }, x, mean, inverseStd, dy, dWeight, mode) {
    for (let j = 0; j < cols; j++) {
      let sum = mode === "accumulate" ? dWeight[j] : 0;
      for (let i = 0; i < rows; i++) sum += dy[i * cols + j] * (x[i * cols + j] - mean[i]) * inverseStd[i];
      dWeight[j] = sum;
    }
  },
};
