import { expect, it } from "vitest";
import { Rng } from "../../src/core/rng.js";
import { type Kernels, WORD_STATE_LENGTH, type WordModel } from "../../src/kernels/index.js";
import { aliasTable } from "../../src/nn/output/alias-table.js";
import { HuffmanCode } from "../../src/nn/output/huffman-code.js";
import { EPSILON, expectClose, integers } from "./arrays.js";
import { describeBackends, reference } from "./backends.js";

interface Case {
  readonly dim: number;
  readonly numWords: number;
  readonly window: number;
  readonly numNegatives: number;
  readonly isTree?: boolean;
  readonly isCbow?: boolean;
}

function padded(rng: Rng, rows: number, { dim }: Case): Float32Array {
  const stride = Math.ceil(dim / 16) * 16;
  const out = new Float32Array(rows * stride);
  for (let i = 0; i < rows; i++) for (let j = 0; j < dim; j++) out[i * stride + j] = 2 * rng.nextFloat() - 1;
  return out;
}

function randomModel(rng: Rng, options: Case): WordModel {
  const { dim, numWords, window, numNegatives, isTree = false, isCbow = false } = options;
  const counts = Float64Array.from({ length: numWords }, () => 1 + rng.nextBelow(50));
  const output = padded(rng, numWords, options);
  const nodes = padded(rng, numWords - 1, options);
  return {
    dim,
    stride: Math.ceil(dim / 16) * 16,
    numWords,
    window,
    isCbow,
    keep: Uint32Array.from(counts, () => (rng.nextBelow(3) === 0 ? 2 ** 31 : 2 ** 32 - 1)),
    input: padded(rng, numWords, options),
    negatives: numNegatives < 0 ? null : { count: numNegatives, draws: aliasTable(counts), output },
    tree: isTree ? { paths: new HuffmanCode(counts).paths, nodes } : null,
  };
}

/** Sentences of words, parted by ids that are none. */
function randomIds(rng: Rng, length: number, numWords: number): Uint32Array {
  const ids = integers(rng, length, numWords);
  for (let i = 0; i < length; i++) if (rng.nextBelow(40) === 0) ids[i] = rng.nextBelow(2) ? 0xffffffff : numWords;
  return ids;
}

interface Outcome {
  readonly model: WordModel;
  readonly loss: number;
  readonly state: Uint32Array;
}

/** Trains a copy of `model`, on chunks of the sizes given. */
function train(kernels: Kernels, original: WordModel, ids: Uint32Array, seed: number, sizes = [ids.length]): Outcome {
  const model = structuredClone(original);
  const state = new Uint32Array(WORD_STATE_LENGTH);
  let loss = 0;
  let at = 0;
  for (const [i, size] of sizes.entries()) {
    const chunk = ids.subarray(at, at + size);
    loss += kernels.trainWords(
      model,
      { ids: chunk, count: chunk.length, seed, alpha: 0.05, isLast: i === sizes.length - 1 },
      state,
    );
    at += size;
  }
  return { model, loss, state };
}

const matricesOf = ({ input, negatives, tree }: WordModel): Float32Array[] => [
  input,
  ...(negatives ? [negatives.output] : []),
  ...(tree ? [tree.nodes] : []),
];

/**
 * A dot of `dim` products of numbers below 2 is off by dim·4·ε; that moves σ by a quarter of it, and a row by alpha·2 times
 * that for each target. The moves of all windows add up, and are carried on: times e^(alpha · windows), at most.
 */
function bound({ dim, window, negatives, tree }: WordModel, numIds: number): number {
  const numTargets = (negatives?.count ?? 0) + 1 + (tree ? 10 : 0);
  return EPSILON * (numIds * Math.min(2 * window, 32) * numTargets * 0.05 * (dim + 8) + 16);
}

function compare(kernels: Kernels, model: WordModel, ids: Uint32Array, seed: number): void {
  const [actual, expected] = [train(kernels, model, ids, seed), train(reference, model, ids, seed)];
  const tolerance = bound(model, ids.length);
  for (const [i, matrix] of matricesOf(actual.model).entries()) {
    expectClose(matrix, matricesOf(expected.model)[i], () => tolerance);
  }
  expect(actual.state.subarray(0, 3)).toEqual(expected.state.subarray(0, 3));
  expect(Math.abs(actual.loss - expected.loss)).toBeLessThanOrEqual(1e-5 * (1 + Math.abs(expected.loss)));
}

describeBackends("words", (kernels) => {
  it("trainWords with negatives: every dimension, window and number of targets", () => {
    for (const dim of [1, 3, 16, 31, 33, 100]) {
      for (const [numNegatives, window] of [
        [0, 1],
        [1, 5],
        [5, 5],
        [7, 2],
        [8, 3],
        [20, 40],
      ]) {
        for (const isCbow of [false, true]) {
          const rng = new Rng(dim * 100 + numNegatives);
          const model = randomModel(rng, { dim, numWords: 50, window, numNegatives, isCbow });
          compare(kernels, model, randomIds(rng, 60, 50), dim);
        }
      }
    }
  });

  it("trainWords with a tree, alone and with negatives", () => {
    for (const numNegatives of [-1, 5]) {
      for (const isCbow of [false, true]) {
        for (const [dim, numWords] of [
          [5, 2],
          [33, 300],
        ]) {
          const rng = new Rng(dim);
          const model = randomModel(rng, { dim, numWords, window: 4, numNegatives, isTree: true, isCbow });
          compare(kernels, model, randomIds(rng, 60, numWords), 7);
        }
      }
    }
  });

  it("has measured a loss, of windows that it would be wrong about", () => {
    const rng = new Rng(3);
    const model = randomModel(rng, { dim: 8, numWords: 20, window: 3, numNegatives: 4 });
    const { loss, state } = train(kernels, model, randomIds(rng, 600, 20), 1);
    expect(state[1]).toBe(600);
    // One window in 16 of 600 ids, 1 to 6 inputs each, five targets of about ln 2.
    expect(state[2]).toBeGreaterThan(37);
    expect(state[2]).toBeLessThan(225);
    expect(loss / state[2]).toBeGreaterThan(1);
    expect(loss / state[2]).toBeLessThan(8);
  });

  it("does not depend on the cuts between chunks; sentences longer than 1000 words are cut", () => {
    const rng = new Rng(4);
    const model = randomModel(rng, { dim: 20, numWords: 60, window: 2, numNegatives: 3 });
    const ids = integers(rng, 2500, 60);
    const whole = train(kernels, model, ids, 9);
    expect(whole.state[0]).toBe(0);
    const pieces = train(kernels, model, ids, 9, [1, 0, 999, 1, 700, 799]);
    expect(pieces.state.subarray(0, 3)).toEqual(whole.state.subarray(0, 3));
    expect(matricesOf(pieces.model)).toEqual(matricesOf(whole.model));
    const other = train(kernels, model, ids, 10);
    expect(matricesOf(other.model)).not.toEqual(matricesOf(whole.model));
  });

  it("leaves padding at zero, trains nothing on nothing, and shows NaN", () => {
    const rng = new Rng(5);
    const model = randomModel(rng, { dim: 3, numWords: 9, window: 2, numNegatives: 2 });
    const { model: after } = train(kernels, model, randomIds(rng, 300, 9), 1);
    for (const matrix of matricesOf(after)) {
      expect(matrix.every((x, i) => i % 16 < 3 || x === 0)).toBe(true);
    }
    for (const ids of [[], [3], [0xffffffff], [1, 0xffffffff, 2]]) {
      const none = train(kernels, model, Uint32Array.from(ids), 1);
      expect(none.loss).toBe(0);
      expect(matricesOf(none.model)).toEqual(matricesOf(model));
    }
    model.input.fill(Number.NaN);
    expect(train(kernels, model, randomIds(rng, 100, 9), 1).loss).toBeNaN();
  });

  it("refuses models that would reach beyond the arrays", () => {
    const model = randomModel(new Rng(6), { dim: 4, numWords: 9, window: 2, numNegatives: 2, isTree: true });
    const { negatives, tree } = model;
    if (negatives === null || tree === null) throw new Error("the case has both");
    const aliases = new Uint32Array(9).fill(9);
    for (const [bad, problem] of [
      [{ ...model, dim: 5000 }, /dim from 1 to 4096, got 5000/],
      [{ ...model, stride: 20 }, /stride of 16·n from 4, got 20/],
      [{ ...model, window: 0 }, /window from 1, got 9 and 0/],
      [{ ...model, input: model.input.subarray(1) }, /input: expected at least 144 elements, got 143/],
      [{ ...model, negatives: { ...negatives, count: 255 } }, /1 to 256 targets a window/],
      [{ ...model, negatives: null, tree: null }, /1 to 256 targets a window, .* got 0/],
      [
        { ...model, negatives: { ...negatives, draws: { ...negatives.draws, aliases } } },
        /aliases: expected numbers below 9/,
      ],
    ] as const) {
      expect(() => train(kernels, bad, Uint32Array.of(1, 2), 1)).toThrow(problem);
    }
  });
});
