/**
 * @file Rectangles, outer products and maxima over pieces on a bridge.
 */
import type { BlockKernels, BlockPlace } from "../contract.js";
import type { Bridge, Pointer } from "./flat-operations.js";

/** kernels/ops.h, BLOCK_OPERATIONS. */
export interface FlatBlockOperations {
  f32_copy_block(
    rows: number,
    cols: number,
    x: Pointer,
    xOffset: number,
    xStride: number,
    out: Pointer,
    outOffset: number,
    outStride: number,
  ): void;
  f32_outer_products(rows: number, left: number, right: number, x: Pointer, y: Pointer, out: Pointer): void;
  f32_outer_products_grad(
    rows: number,
    left: number,
    right: number,
    x: Pointer,
    y: Pointer,
    d: Pointer,
    dx: Pointer,
    dy: Pointer,
  ): void;
  f32_max_of_pieces(rows: number, pieces: number, cols: number, x: Pointer, out: Pointer, argmax: Pointer): void;
  f32_max_of_pieces_grad(rows: number, pieces: number, cols: number, argmax: Pointer, dy: Pointer, dx: Pointer): void;
}

/** Numbers that an array must have for a rectangle at `place`. */
function extentOf(rows: number, cols: number, { offset, stride }: BlockPlace): number {
  return rows === 0 || cols === 0 ? 0 : offset + (rows - 1) * stride + cols;
}

export function blockOperations(bridge: Bridge): BlockKernels {
  const { flat } = bridge;
  return {
    copyBlock({ rows, cols }, x, from, out, to) {
      bridge.begin();
      const xAt = bridge.read("copyBlock: x", x, extentOf(rows, cols, from));
      const outAt = bridge.update("copyBlock: out", out, extentOf(rows, cols, to));
      flat.f32_copy_block(rows, cols, xAt, from.offset, from.stride, outAt, to.offset, to.stride);
      bridge.end();
    },
    outerProducts({ rows, left, right }, x, y, out) {
      bridge.begin();
      const xAt = bridge.read("outerProducts: x", x, rows * left);
      const yAt = bridge.read("outerProducts: y", y, rows * right);
      const outAt = bridge.write("outerProducts: out", out, rows * left * right);
      flat.f32_outer_products(rows, left, right, xAt, yAt, outAt);
      bridge.end();
    },
    outerProductsGrad({ rows, left, right }, x, y, d, dx, dy) {
      bridge.begin();
      const xAt = bridge.read("outerProductsGrad: x", x, rows * left);
      const yAt = bridge.read("outerProductsGrad: y", y, rows * right);
      const dAt = bridge.read("outerProductsGrad: d", d, rows * left * right);
      const dxAt = bridge.write("outerProductsGrad: dx", dx, rows * left);
      const dyAt = bridge.write("outerProductsGrad: dy", dy, rows * right);
      flat.f32_outer_products_grad(rows, left, right, xAt, yAt, dAt, dxAt, dyAt);
      bridge.end();
    },
    maxOfPieces({ rows, cols, pieces }, x, out, argmax) {
      bridge.begin();
      const xAt = bridge.read("maxOfPieces: x", x, rows * pieces * cols);
      const outAt = bridge.write("maxOfPieces: out", out, rows * cols);
      const argmaxAt = bridge.write("maxOfPieces: argmax", argmax, rows * cols);
      flat.f32_max_of_pieces(rows, pieces, cols, xAt, outAt, argmaxAt);
      bridge.end();
    },
    maxOfPiecesGrad({ rows, cols, pieces }, argmax, dy, dx) {
      bridge.begin();
      const argmaxAt = bridge.read("maxOfPiecesGrad: argmax", argmax, rows * cols);
      const dyAt = bridge.read("maxOfPiecesGrad: dy", dy, rows * cols);
      const dxAt = bridge.write("maxOfPiecesGrad: dx", dx, rows * pieces * cols);
      flat.f32_max_of_pieces_grad(rows, pieces, cols, argmaxAt, dyAt, dxAt);
      bridge.end();
    },
  };
}
