/**
 * @file Inputs and comparisons that the conformance suites share: seeded numbers, sparse batches, derived tolerances.
 */
import { expect } from "vitest";
import type { Rng } from "../../src/core/rng.js";
import type { Csr } from "../../src/kernels/index.js";

/** Odd sizes: nothing, one, below and above each vector and tile width, and above each block. */
export const SIZES: readonly number[] = [0, 1, 3, 31, 33, 257];

/** One rounding of f32, relative. */
export const EPSILON: number = 2 ** -24;

/** Uniform in [−scale, scale). */
export function numbers(rng: Rng, length: number, scale = 1): Float32Array {
  return Float32Array.from({ length }, () => (2 * rng.nextFloat() - 1) * scale);
}

/** What a kernel must overwrite without reading. */
export function unwritten(length: number): Float32Array {
  return new Float32Array(length).fill(Number.NaN);
}

export function integers(rng: Rng, length: number, below: number): Uint32Array {
  return Uint32Array.from({ length }, () => rng.nextBelow(below));
}

export interface SparseOptions {
  readonly rows: number;
  readonly cols: number;
  /** Entries of a row: 0 … most. */
  readonly most: number;
  /** Entries before the first row, so that offsets[0] > 0. */
  readonly skip?: number;
  /** Columns of a row are distinct and ascending. */
  readonly distinct?: boolean;
}

/** Random sparse rows, some of them empty. */
export function sparseRows(rng: Rng, { rows, cols, most, skip = 0, distinct = false }: SparseOptions): Csr {
  const columns: number[] = Array.from({ length: skip }, () => rng.nextBelow(2 ** 32));
  const offsets = [skip];
  for (let i = 0; i < rows; i++) {
    const row = Array.from({ length: rng.nextBelow(most + 1) }, () => rng.nextBelow(cols));
    columns.push(...(distinct ? [...new Set(row)].sort((x, y) => x - y) : row));
    offsets.push(columns.length);
  }
  return {
    offsets: Uint32Array.from(offsets),
    columns: Uint32Array.from(columns),
    values: numbers(rng, columns.length),
  };
}

/** Each number within its own bound; NaN and infinities must be equal. */
export function expectClose(actual: Float32Array, expected: Float32Array, bound: (i: number) => number): void {
  expect(actual.length).toBe(expected.length);
  for (let i = 0; i < expected.length; i++) {
    const difference = Math.abs(actual[i] - expected[i]);
    if (Object.is(actual[i], expected[i]) || difference <= bound(i)) continue;
    expect.fail(`[${i}]: expected ${expected[i]} ± ${bound(i)}, got ${actual[i]}`);
  }
}

export function absolutes(x: Float32Array): Float32Array {
  return x.map(Math.abs);
}
