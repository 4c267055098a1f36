/** @file Co-occurrence counts are those of two nested loops, whatever the memory, the cuts and the number of runs. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Rng } from "../../src/core/rng.js";
import { SENTENCE_END } from "../../src/embeddings/encoded-corpus.node.js";
import { countRange, idBitsOf } from "../../src/embeddings/glove/count-pairs.node.js";
import { createDenseTriangle, drainTriangle } from "../../src/embeddings/glove/dense-triangle.js";
import { mergeRuns } from "../../src/embeddings/glove/merge-runs.node.js";
import { PairRunReader, PairRunWriter } from "../../src/embeddings/glove/pair-run.node.js";
import { TripleBuckets } from "../../src/embeddings/glove/triple-buckets.node.js";
import { PAIR_UNIT } from "../../src/kernels/contract.js";
import { createKernels } from "../../src/kernels/index.js";
import { temporaryDirectory } from "../checkpoint/temporary-directory.js";

const kernels = createKernels();

/** "i j" → count, by the definition. */
function bruteForce(ids: readonly number[], window: number): Map<string, number> {
  const sums = new Map<string, number>();
  ids.forEach((word, t) => {
    if (word === SENTENCE_END) return;
    for (let d = 1; d <= window && t - d >= 0 && ids[t - d] !== SENTENCE_END; d++) {
      const other = ids[t - d];
      const key = `${Math.min(word, other)} ${Math.max(word, other)}`;
      sums.set(key, (sums.get(key) ?? 0) + Math.round(PAIR_UNIT / d) * (word === other ? 2 : 1));
    }
  });
  return sums;
}

/** Ids [from − context, to), a few at a time. */
function source(ids: readonly number[], from: number, to: number, most: number) {
  let at = from;
  return {
    readInto(out: Uint32Array): number {
      const count = Math.min(out.length, most, to - at);
      out.set(ids.slice(at, at + count));
      at += count;
      return count;
    },
  };
}

interface Setting {
  readonly ids: readonly number[];
  readonly numWords: number;
  readonly window: number;
  readonly memoryBytes: number;
  readonly mergeBytes: number;
  readonly cuts: number;
  readonly most: number;
}

function count({ ids, numWords, window, memoryBytes, mergeBytes, cuts, most }: Setting) {
  const folder = temporaryDirectory();
  let numPaths = 0;
  const newPath = (): string => join(folder, `run-${numPaths++}`);
  const check = (): void => {};
  const runs = Array.from({ length: cuts }, (_, part) => {
    const from = Math.floor((ids.length * part) / cuts);
    const context = Math.min(window, from);
    const reader = source(ids, from - context, Math.floor((ids.length * (part + 1)) / cuts), most);
    return countRange(reader, context, { kernels, numWords, numIds: ids.length, window, memoryBytes, newPath, check });
  }).flat();
  const order: number[][] = [];
  const sums = new Map<string, number>();
  mergeRuns(runs, { kernels, idBits: idBitsOf(numWords), memoryBytes: mergeBytes, newPath, check }, (list, length) => {
    for (let k = 0; k < length; k++) {
      const [i, j, low, high] = list.subarray(4 * k, 4 * k + 4);
      order.push([i, j]);
      sums.set(`${i} ${j}`, high * 2 ** 32 + low);
    }
  });
  expect(runs.some(({ path }) => existsSync(path))).toBe(false);
  return { sums, order, numRuns: runs.length };
}

describe("co-occurrence counts", () => {
  it("are those of two nested loops, for any memory, cuts and reads, each pair once and in order", () => {
    const word = fc.integer({ min: 0, max: 40 }).map((x) => Math.floor(x ** 2 / 40));
    const id = fc.oneof({ weight: 9, arbitrary: word }, { weight: 1, arbitrary: fc.constant(SENTENCE_END) });
    fc.assert(
      fc.property(
        fc.array(id, { maxLength: 300 }),
        fc.integer({ min: 1, max: 20 }),
        fc.integer({ min: 1, max: 12 }).map((x) => 2 ** x),
        fc.integer({ min: 4, max: 12 }).map((x) => 2 ** x),
        fc.integer({ min: 1, max: 4 }),
        fc.integer({ min: 1, max: 100 }),
        (ids, window, memoryBytes, mergeBytes, cuts, most) => {
          const { sums, order } = count({ ids, numWords: 41, window, memoryBytes, mergeBytes, cuts, most });
          expect(sums).toEqual(bruteForce(ids, window));
          const sorted = [...order].sort(([a, b], [c, d]) => a - c || b - d);
          expect(order).toEqual(sorted);
          expect(order).toHaveLength(sums.size);
        },
      ),
      { numRuns: 60 },
    );
  });

  it("need no more than the memory: little of it makes many runs, which are merged in groups", () => {
    const rng = new Rng(1);
    const ids = Array.from({ length: 5000 }, () => Math.floor(300 * rng.nextFloat() ** 2));
    const setting = { ids, numWords: 300, window: 10, cuts: 2, most: 999 };
    const small = count({ ...setting, memoryBytes: 10_000, mergeBytes: 48 * 4096 * 3 });
    expect(small.numRuns).toBeGreaterThan(100);
    const large = count({ ...setting, memoryBytes: 2 ** 24, mergeBytes: 2 ** 24 });
    // A list and a triangle for each part.
    expect(large.numRuns).toBeLessThanOrEqual(4);
    expect(small.sums).toEqual(large.sums);
    expect(large.sums).toEqual(bruteForce(ids, 10));
  });

  it("go to buckets at random, none is lost", () => {
    const buckets = new TripleBuckets(temporaryDirectory(), 10 ** 6, 1);
    const numPairs = 30_000;
    const list = new Uint32Array(4 * numPairs);
    for (let k = 0; k < numPairs; k++) list.set([k, k + 1, k, 1], 4 * k);
    buckets.add(list, numPairs);
    const files = buckets.finish();
    buckets.close();
    expect(files).toHaveLength(3);
    const seen = new Set<number>();
    for (const { path, numTriples } of files) {
      expect(Math.abs(numTriples - numPairs / 3)).toBeLessThan(4 * Math.sqrt((numPairs * 2) / 9));
      const words = new Uint32Array(new Uint8Array(readFileSync(path)).buffer);
      const counts = new Float32Array(words.buffer);
      expect(words).toHaveLength(3 * numTriples);
      for (let at = 0; at < words.length; at += 3) {
        expect(words[at + 1]).toBe(words[at] + 1);
        expect(counts[at + 2]).toBe(Math.fround((2 ** 32 + words[at]) / PAIR_UNIT));
        seen.add(words[at]);
      }
    }
    expect(seen.size).toBe(numPairs);
  });
});

describe("the dense triangle", () => {
  it("gives every pair below the product a cell of its own", () => {
    for (const [numWords, most] of [
      [1, 0],
      [1, 9],
      [7, 5],
      [50, 300],
      [50, 2000],
      [1000, 3000],
    ]) {
      const { limits, starts, numCells } = createDenseTriangle(numWords, most);
      expect(numCells).toBeLessThanOrEqual(most);
      expect(numCells).toBeGreaterThanOrEqual(Math.min(numWords > 1 ? 1 : 0, most));
      const cells: number[] = [];
      for (let i = 0; i < numWords; i++) for (let j = i; j < limits[i]; j++) cells.push((starts[i] + j) >>> 0);
      expect(cells).toEqual(Array.from({ length: numCells }, (_, cell) => cell));
    }
    expect(createDenseTriangle(60, 10 ** 6).numCells).toBe((60 * 61) / 2);
  });

  it("hands its counts on in order, in pieces, and is empty then", () => {
    const triangle = createDenseTriangle(5, 100);
    const dense = new Uint32Array(triangle.numCells).fill(3);
    dense[4] = 0;
    const list = new Uint32Array(8);
    const seen: number[][] = [];
    drainTriangle(triangle, dense, list, (n) => {
      for (let k = 0; k < n; k++) seen.push([...list.subarray(4 * k, 4 * k + 4)]);
    });
    expect(seen).toHaveLength(14);
    expect(seen.slice(3, 6)).toEqual([
      [0, 3, 3, 0],
      [1, 1, 3, 0],
      [1, 2, 3, 0],
    ]);
    expect(dense.every((x) => x === 0)).toBe(true);
  });
});

it("a run says when it cannot be written or read", () => {
  const folder = temporaryDirectory();
  expect(() => new PairRunWriter(join(folder, "absent", "run"))).toThrow(/could not be written/);
  const writer = new PairRunWriter(join(folder, "run"));
  writer.write(Uint32Array.of(1, 2, 3, 4), 1);
  const run = writer.close();
  const reader = new PairRunReader({ ...run, numPairs: 2 }, new Uint32Array(8));
  expect(() => reader.refill()).toThrow(/shorter than it was/);
  reader.close();
});
