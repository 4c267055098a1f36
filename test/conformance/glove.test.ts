import { expect, it } from "vitest";
import { Rng } from "../../src/core/rng.js";
import { MAX_PAIR_WINDOW, PAIR_UNIT, SENTENCE_END } from "../../src/kernels/contract.js";
import { gloveRowLength, type Kernels, type PairCounts } from "../../src/kernels/index.js";
import { expectClose } from "./arrays.js";
import { describeBackends, reference } from "./backends.js";

/** Words of a small vocabulary, most of them frequent, and sentence ends. */
function text(rng: Rng, length: number, numWords: number): Uint32Array {
  return Uint32Array.from({ length }, () =>
    rng.nextBelow(9) === 0 ? SENTENCE_END : Math.floor(numWords * rng.nextFloat() ** 3),
  );
}

/** Row i of the triangle holds the columns from i to limits[i], after those before it. */
function emptyCounts(limits: readonly number[], capacity: number): PairCounts {
  const starts: number[] = [];
  let size = 0;
  limits.forEach((limit, i) => {
    // Below 0 for rows whose first column comes later than all cells so far: the sum with the column is not.
    starts.push((size - i + 2 ** 32) % 2 ** 32);
    size += Math.max(0, limit - i);
  });
  return {
    limits: Uint32Array.from(limits),
    starts: Uint32Array.from(starts),
    dense: new Uint32Array(size),
    list: new Uint32Array(4 * capacity).fill(77),
    used: new Uint32Array(1),
  };
}

const numbers = ({ dense, list, used }: PairCounts): number[][] => [[...dense], [...list], [...used]];

/** Triples (i, j, x), i ≤ j < numWords. */
function triples(list: readonly (readonly [number, number, number])[]): Uint32Array {
  const out = new Uint32Array(3 * list.length);
  const counts = new Float32Array(out.buffer);
  list.forEach(([i, j, x], k) => {
    out[3 * k] = i;
    out[3 * k + 1] = j;
    counts[3 * k + 2] = x;
  });
  return out;
}

function startState(rng: Rng, numWords: number, dimension: number): Float32Array {
  const row = gloveRowLength(dimension);
  return Float32Array.from({ length: numWords * row }, (_, at) => {
    if (at % (row / 4) > dimension) return 0;
    return at % row < row / 2 ? rng.nextFloat() - 0.5 : 1 + 5 * rng.nextFloat();
  });
}

describeBackends("glove", (kernels) => {
  it("countPairs: dense cells, the list, where it stops and goes on", () => {
    for (const [length, window, capacity] of [
      [0, 1, 5],
      [1, 3, 5],
      [33, 1, 40],
      [257, 4, 100],
      [257, 15, 30],
      [3000, 31, 500],
    ]) {
      const ids = text(new Rng(length), length, 20);
      const limits = Array.from({ length: 20 }, (_, i) => Math.floor(20 / (i + 1)));
      const [actual, expected] = [emptyCounts(limits, capacity), emptyCounts(limits, capacity)];
      for (let at = 0; at < length; ) {
        const next = kernels.countPairs(ids, at, length, window, actual);
        expect(next).toBe(reference.countPairs(ids, at, length, window, expected));
        expect(numbers(actual)).toEqual(numbers(expected));
        expect(next).toBeGreaterThan(at);
        actual.used[0] = 0;
        expected.used[0] = 0;
        at = next;
      }
    }
    const none = emptyCounts([1], 1);
    for (const window of [0, MAX_PAIR_WINDOW + 1]) {
      expect(() => kernels.countPairs(new Uint32Array(1), 0, 1, window, none)).toThrow(/window from 1 to 1024/);
    }
  });

  it("countPairs: weights by distance, twice for a word with itself; a full cell moves to the list", () => {
    const counts = emptyCounts([2, 2], 9);
    counts.dense[1] = 2 ** 31 - 2 ** 20;
    kernels.countPairs(Uint32Array.of(0, 0, 1, SENTENCE_END, 1), 0, 5, 3, counts);
    expect([...counts.dense]).toEqual([2 * PAIR_UNIT, PAIR_UNIT / 2, 0]);
    expect([...counts.list.subarray(0, 5)]).toEqual([0, 1, 2 ** 31, 0, 77]);
    expect(counts.used[0]).toBe(1);
  });

  it("combinePairs: sorts, and adds beyond 32 bits", () => {
    for (const [count, idBits] of [
      [0, 1],
      [1, 1],
      [33, 1],
      [257, 5],
      [3000, 10],
      [3000, 11],
      [3000, 21],
      [500, 32],
    ]) {
      const rng = new Rng(count + idBits);
      // Few distinct ids, spread over all bits.
      const id = (): number => Math.floor((rng.nextBelow(8) / 8) * 2 ** idBits + rng.nextBelow(2)) % 2 ** idBits;
      const list = Uint32Array.from({ length: 4 * count }, (_, at) =>
        at % 4 < 2 ? id() : at % 4 === 2 ? rng.nextUint32() : rng.nextBelow(3),
      );
      const [expected, scratch] = [list.slice(), new Uint32Array(4 * count).fill(99)];
      const left = reference.combinePairs(count, idBits, expected, scratch);
      expect(kernels.combinePairs(count, idBits, list, scratch)).toBe(left);
      expect(list.subarray(0, 4 * left)).toEqual(expected.subarray(0, 4 * left));
    }
    expect(() => kernels.combinePairs(0, 33, new Uint32Array(0), new Uint32Array(0))).toThrow(/1 to 32 bits/);
  });

  it("shuffleTriples: the oracle's order, of all triples", () => {
    for (const count of [0, 1, 3, 31, 33, 257]) {
      const list = Uint32Array.from({ length: 3 * count + 1 }, (_, at) => at);
      const expected = list.slice();
      kernels.shuffleTriples(count, 7, list);
      reference.shuffleTriples(count, 7, expected);
      expect(list).toEqual(expected);
      const firsts = Array.from({ length: count }, (_, k) => list[3 * k]);
      expect(firsts.sort((a, b) => a - b)).toEqual(Array.from({ length: count }, (_, k) => 3 * k));
    }
  });

  it("gloveStep: one step on each of many cells", () => {
    for (const dimension of [1, 3, 15, 16, 31, 33, 100, 257]) {
      const rng = new Rng(dimension);
      const numWords = 150;
      // Every word in one triple, so that errors do not feed on each other; the last with itself.
      const cells = Array.from({ length: 75 }, (_, k): [number, number, number] => [
        k,
        k === 74 ? k : 149 - k,
        Math.exp(8 * rng.nextFloat() - 3),
      ]);
      const state = startState(rng, numWords, dimension);
      const [actual, expected] = [kernels.f32(state.length), state.slice()];
      actual.set(state);
      const step = { dimension, learningRate: 0.05, xMax: 10, alpha: 0.75 };
      const loss = kernels.gloveStep(step, cells.length, triples(cells), actual);
      const wanted = reference.gloveStep(step, cells.length, triples(cells), expected);
      // e is a sum of `dimension` products up to 1/4 and a logarithm up to 5, f is right to 1e-6, a step to 1e-5.
      const error = (dimension * (dimension / 4 + 10) * 2) / 2 ** 24 + 1e-5 * (dimension / 4 + 10);
      expect(Math.abs(loss - wanted)).toBeLessThan(1e-4 * wanted);
      expectClose(
        actual,
        expected,
        (at) =>
          (at % (gloveRowLength(dimension) / 4) === dimension ? 40 : 0.05) * error + 1e-6 * Math.abs(expected[at]),
      );
      // What is no number of a vector stays 0, so that the next step may read it.
      const part = gloveRowLength(dimension) / 4;
      expect(actual.every((value, at) => at % part <= dimension || value === 0)).toBe(true);
    }
  });

  it("gloveStep: many epochs find vectors whose products are the logarithms", () => {
    const rng = new Rng(3);
    const [numWords, dimension] = [12, 5];
    const truth = Array.from({ length: numWords * 4 }, () => rng.nextFloat() - 0.5);
    const cells: [number, number, number][] = [];
    for (let i = 0; i < numWords; i++) {
      for (let j = i; j < numWords; j++) {
        let product = 1;
        for (let d = 0; d < 4; d++) product += 3 * truth[4 * i + d] * truth[4 * j + d];
        cells.push([i, j, Math.exp(product)]);
      }
    }
    const run = (by: Kernels): number[] => {
      const state = by.f32(numWords * gloveRowLength(dimension));
      state.set(startState(new Rng(4), numWords, dimension));
      const list = triples(cells);
      return Array.from({ length: 400 }, (_, epoch) => {
        by.shuffleTriples(cells.length, epoch, list);
        return by.gloveStep({ dimension, learningRate: 0.1, xMax: 4, alpha: 0.75 }, cells.length, list, state);
      });
    };
    const [actual, expected] = [run(kernels), run(reference)];
    expect(actual[399]).toBeLessThan(actual[0] / 1000);
    for (const epoch of [0, 10, 50]) expect(actual[epoch] / expected[epoch]).toBeCloseTo(1, 2);
  });

  it("gloveStep: what is not finite shows in the loss", () => {
    const state = kernels.f32(2 * gloveRowLength(3));
    state.set(startState(new Rng(1), 2, 3));
    state[1] = Number.NaN;
    const step = { dimension: 3, learningRate: 0.05, xMax: 10, alpha: 0.75 };
    expect(kernels.gloveStep(step, 1, triples([[0, 1, 2]]), state)).toBeNaN();
    expect(kernels.gloveStep(step, 0, triples([]), state)).toBe(0);
  });
});
