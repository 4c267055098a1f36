/**
 * @file How does a row-major tensor look along one of its dimensions? As `outer` runs of `size` blocks of `inner` numbers.
 *
 *   [2, 3, 4] along 1:   outer 2 │ size 3 │ inner 4          number (o, s, i) stands at (o·size + s)·inner + i
 *
 * Splitting and joining are then copies of rectangles, whatever the number of dimensions.
 */
import { ConfigError, ShapeError } from "../../core/index.js";
import { formatShape } from "../shape-check.js";

/** @throws {ConfigError} unless `dimension` is a whole number. Those below 0 count from the last, which is −1. */
export function checkDimension(where: string, dimension: number): void {
  if (Number.isInteger(dimension)) return;
  throw new ConfigError(
    `${where}: expected a whole number as dimension, got ${dimension}; 0 is the batch, -1 the last`,
  );
}

/** `dimension` in 0 … numDimensions − 1. @throws {ShapeError} for one that the shape lacks. */
export function resolveDimension(where: string, dimension: number, shape: readonly number[]): number {
  const resolved = dimension < 0 ? dimension + shape.length : dimension;
  if (resolved >= 0 && resolved < shape.length) return resolved;
  throw new ShapeError(
    `${where}: expected a tensor with dimension ${dimension}, got ${formatShape(shape)}; dimensions count from 0, or ` +
      "from -1 at the end",
  );
}

/** The product of the sizes from dimension `start` up to, not including, `end`. */
export function sizeBetween(shape: readonly number[], start: number, end: number): number {
  let size = 1;
  for (let i = start; i < end; i++) size *= shape[i];
  return size;
}
