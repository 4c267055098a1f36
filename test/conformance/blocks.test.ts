import { expect, it } from "vitest";
import { Rng } from "../../src/core/rng.js";
import { absolutes, EPSILON, expectClose, numbers, SIZES, unwritten } from "./arrays.js";
import { describeBackends, reference } from "./backends.js";

describeBackends("blocks", (kernels) => {
  it("copyBlock copies its rectangle and leaves the rest", () => {
    for (const rows of SIZES) {
      for (const cols of SIZES) {
        for (const [from, to] of [
          [
            { offset: 0, stride: cols },
            { offset: 0, stride: cols },
          ],
          [
            { offset: 5, stride: cols + 2 },
            { offset: 1, stride: cols + 3 },
          ],
        ]) {
          const x = numbers(new Rng(rows + cols), from.offset + rows * from.stride);
          const out = numbers(new Rng(7), to.offset + rows * to.stride);
          const expected = out.slice();
          kernels.copyBlock({ rows, cols }, x, from, out, to);
          reference.copyBlock({ rows, cols }, x, from, expected, to);
          expectClose(out, expected, () => 0);
        }
      }
    }
  });

  it("copyBlock refuses a rectangle beyond its arrays", () => {
    const place = { offset: 1, stride: 4 };
    const run = (length: number): void =>
      kernels.copyBlock({ rows: 2, cols: 3 }, new Float32Array(length), place, new Float32Array(8), place);
    expect(() => run(7)).toThrow("copyBlock: x: expected at least 8 elements, got 7");
    expect(() => run(8)).not.toThrow();
  });

  it("outerProducts and their gradients", () => {
    for (const rows of [0, 1, 3]) {
      for (const left of [1, 3, 31]) {
        for (const right of SIZES) {
          const dims = { rows, left, right };
          const rng = new Rng(rows + left + right);
          const [x, y] = [numbers(rng, rows * left), numbers(rng, rows * right)];
          const size = rows * left * right;
          const [actual, expected] = [unwritten(size), unwritten(size)];
          kernels.outerProducts(dims, x, y, actual);
          reference.outerProducts(dims, x, y, expected);
          expectClose(actual, expected, () => 0);

          const d = numbers(rng, size);
          const [dx, dy] = [unwritten(rows * left), unwritten(rows * right)];
          const [expectedX, expectedY] = [unwritten(rows * left), unwritten(rows * right)];
          const [sizeX, sizeY] = [unwritten(rows * left), unwritten(rows * right)];
          kernels.outerProductsGrad(dims, x, y, d, dx, dy);
          reference.outerProductsGrad(dims, x, y, d, expectedX, expectedY);
          reference.outerProductsGrad(dims, absolutes(x), absolutes(y), absolutes(d), sizeX, sizeY);
          expectClose(dx, expectedX, (i) => (right + 1) * EPSILON * sizeX[i]);
          expectClose(dy, expectedY, (i) => (left + 1) * EPSILON * sizeY[i]);
        }
      }
    }
  });

  it("maxOfPieces and its gradient: first among equals, NaN wins", () => {
    for (const rows of [0, 1, 3]) {
      for (const pieces of [1, 2, 5]) {
        for (const cols of SIZES) {
          const dims = { rows, pieces, cols };
          const rng = new Rng(rows + pieces + cols);
          // Few distinct numbers, so that there are ties.
          const x = numbers(rng, rows * pieces * cols).map((v) => Math.round(v * 3));
          if (x.length > 2) x[x.length - 2] = Number.NaN;
          const [out, expected] = [unwritten(rows * cols), unwritten(rows * cols)];
          const argmax = new Uint32Array(rows * cols).fill(99);
          const expectedArgmax = argmax.slice();
          kernels.maxOfPieces(dims, x, out, argmax);
          reference.maxOfPieces(dims, x, expected, expectedArgmax);
          expectClose(out, expected, () => 0);
          expectClose(Float32Array.from(argmax), Float32Array.from(expectedArgmax), () => 0);
          const dy = numbers(rng, rows * cols);
          const [dx, expectedGrad] = [unwritten(x.length), unwritten(x.length)];
          kernels.maxOfPiecesGrad(dims, argmax, dy, dx);
          reference.maxOfPiecesGrad(dims, argmax, dy, expectedGrad);
          expectClose(dx, expectedGrad, () => 0);
        }
      }
    }
  });
});
