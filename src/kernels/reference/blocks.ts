/** @file The oracle for rectangles, outer products of rows and maxima over pieces. */
import type { BlockKernels } from "../contract.js";

export const blocks: BlockKernels = {
  copyBlock({ rows, cols }, x, from, out, to) {
    for (let i = 0; i < rows; i++) {
      for (let j = 0; j < cols; j++) out[to.offset + i * to.stride + j] = x[from.offset + i * from.stride + j];
    }
  },
  outerProducts({ rows, left, right }, x, y, out) {
    for (let i = 0; i < rows; i++) {
      for (let a = 0; a < left; a++) {
        for (let b = 0; b < right; b++) out[(i * left + a) * right + b] = x[i * left + a] * y[i * right + b];
      }
    }
  },
  outerProductsGrad({ rows, left, right }, x, y, d, dx, dy) {
    for (let i = 0; i < rows; i++) {
      for (let a = 0; a < left; a++) {
        let sum = 0;
        for (let b = 0; b < right; b++) sum += d[(i * left + a) * right + b] * y[i * right + b];
        dx[i * left + a] = sum;
      }
      for (let b = 0; b < right; b++) {
        let sum = 0;
        for (let a = 0; a < left; a++) sum += d[(i * left + a) * right + b] * x[i * left + a];
        dy[i * right + b] = sum;
      }
    }
  },
  maxOfPieces({ rows, cols, pieces }, x, out, argmax) {
    for (let i = 0; i < rows; i++) {
      for (let j = 0; j < cols; j++) {
        let best = 0;
        for (let p = 1; p < pieces; p++) {
          const top = x[(i * pieces + best) * cols + j];
          const value = x[(i * pieces + p) * cols + j];
          if (value > top || (Number.isNaN(value) && !Number.isNaN(top))) best = p;
        }
        out[i * cols + j] = x[(i * pieces + best) * cols + j];
        argmax[i * cols + j] = best;
      }
    }
  },
  maxOfPiecesGrad({ rows, cols, pieces }, argmax, dy, dx) {
    for (let i = 0; i < rows; i++) {
      for (let p = 0; p < pieces; p++) {
        for (let j = 0; j < cols; j++) {
          dx[(i * pieces + p) * cols + j] = argmax[i * cols + j] === p ? dy[i * cols + j] : 0;
        }
      }
    }
  },
};
