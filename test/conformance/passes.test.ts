import { expect, it } from "vitest";
import { Rng } from "../../src/core/rng.js";
import type {
  CutPassProblem,
  FactorPassProblem,
  Kernels,
  LinearPassProblem,
  Pass,
  PassMode,
} from "../../src/kernels/index.js";
import { EPSILON, expectClose, integers, numbers, SIZES, sparseRows } from "./arrays.js";
import { describeBackends, reference } from "./backends.js";

const WRITING = ["free", "locked", "ordered"] as const;
const RATE = 0.05;

/** A pass over all blocks, in an order that is not that of memory. */
function pass(mode: PassMode, numExamples: number, parts: number, options: Partial<Pass> = {}): Pass {
  const blockSize = options.blockSize ?? 5;
  const allBlocks = Math.ceil(numExamples / blockSize);
  return {
    mode,
    numExamples,
    blockSize,
    firstBlock: allBlocks > 2 ? 2 : 0,
    blockStep: allBlocks > 1 ? allBlocks - 1 : 0,
    numBlocks: allBlocks,
    rate: RATE,
    delay: 3,
    locks: mode === "locked" ? { words: new Uint32Array(parts), perPart: 1 } : null,
    order:
      mode === "ordered"
        ? { turn: Uint32Array.of(2 ** 32 - 2), firstTicket: 2 ** 32 - 2, ticketStep: 1, numTurns: numExamples + 2 }
        : null,
    exchange: null,
    stop: Uint32Array.of(0),
    ...options,
  };
}

function linear(rng: Rng, rows: number, cols: number, numOutputs: number): LinearPassProblem {
  const features = sparseRows(rng, { rows, cols, most: 9, distinct: true });
  const labels = sparseRows(rng, { rows, cols: numOutputs, most: 2, distinct: true });
  const decay = numbers(rng, cols).map(Math.abs);
  return { loss: "hinge", numOutputs, features, labelOffsets: labels.offsets, labelIds: labels.columns, decay };
}

/**
 * Runs a pass by both and compares. A step is a sum of some ten products of numbers below `size`, and each later example
 * carries the error on, by less than a factor of two since rates are small.
 */
function compare(
  kernels: Kernels,
  x: Float32Array,
  numExamples: number,
  run: (by: Kernels, x: Float32Array) => number,
  size = 2,
): Float32Array {
  const [actual, expected] = [x.slice(), x.slice()];
  const [sum, wanted] = [run(kernels, actual), run(reference, expected)];
  const bound = 100 * size * (numExamples + 10) * EPSILON;
  expectClose(actual, expected, () => bound);
  expect(Math.abs(sum - wanted)).toBeLessThanOrEqual(bound * 10 * (1 + numExamples));
  return expected;
}

describeBackends("passes", (kernels) => {
  it("linearPass: losses, outputs, modes, decay", () => {
    for (const numExamples of SIZES) {
      for (const numOutputs of [1, 2, 3, 6, 8, 10, 31, 33]) {
        const rng = new Rng(numExamples * 100 + numOutputs);
        const problem = linear(rng, numExamples, 40, numOutputs);
        const x = numbers(rng, 40 * numOutputs, 0.3);
        for (const loss of ["hinge", "logistic"] as const) {
          for (const mode of WRITING) {
            const made = compare(kernels, x, numExamples, (by, w) =>
              by.linearPass(pass(mode, numExamples, 40), { ...problem, loss }, w),
            );
            if (numExamples > 30) expect(made).not.toEqual(x);
          }
          const kept = compare(kernels, x, numExamples, (by, w) =>
            by.linearPass(pass("loss", numExamples, 40), { ...problem, loss, decay: null }, w),
          );
          expect(kept).toEqual(x);
          compare(kernels, x, numExamples, (by, w) =>
            by.linearPass(pass("free", numExamples, 40), { ...problem, loss, decay: null }, w),
          );
        }
        const count = (by: Kernels): number =>
          by.linearPass(pass("mistakes", numExamples, 40, { blockSize: 64 }), problem, x.slice());
        expect(count(kernels)).toBe(count(reference));
      }
    }
  });

  it("factorPass: ranks, modes, decay", () => {
    for (const numExamples of SIZES) {
      for (const rank of [1, 2, 3, 6, 8, 10, 31, 33]) {
        const rng = new Rng(numExamples * 100 + rank);
        const problem: FactorPassProblem = {
          numLeft: 11,
          rank,
          lefts: integers(rng, numExamples, 11),
          rights: integers(rng, numExamples, 7),
          values: numbers(rng, numExamples),
          decay: numbers(rng, 18).map(Math.abs),
        };
        const x = numbers(rng, 18 * rank, 0.4);
        for (const mode of [...WRITING, "loss"] as const) {
          for (const decay of [problem.decay, null]) {
            compare(kernels, x, numExamples, (by, w) =>
              by.factorPass(pass(mode, numExamples, 18), { ...problem, decay }, w),
            );
          }
        }
      }
    }
  });

  it("cutPass: terminals, modes; rows stay on the simplex, fixed ones where they are", () => {
    for (const numExamples of SIZES) {
      for (const numTerminals of [1, 3, 17, 33]) {
        const rng = new Rng(numExamples * 100 + numTerminals);
        // Few edges a vertex: where edges meet often, shares become equal but for a rounding, and signs arbitrary.
        const numVertices = 5 * numExamples + 50;
        const heads = integers(rng, numExamples, numVertices);
        const problem: CutPassProblem = {
          numTerminals,
          heads,
          tails: heads.map((head) => (head + 1 + rng.nextBelow(numVertices - 1)) % numVertices),
          weights: numbers(rng, numExamples).map(Math.abs),
          fixed: Uint8Array.from({ length: numVertices }, (_, i) => (i % 10 === 3 ? 1 : 0)),
        };
        const x = numbers(rng, numVertices * numTerminals);
        reference.projectRowsOnSimplex(numVertices, numTerminals, x);
        for (const mode of [...WRITING, "loss"] as const) {
          const made = compare(kernels, x, numExamples, (by, w) =>
            by.cutPass(pass(mode, numExamples, numVertices), problem, w),
          );
          for (let i = 0; i < numVertices; i++) {
            const row = made.subarray(i * numTerminals, (i + 1) * numTerminals);
            expect(Math.abs(row.reduce((a, b) => a + b, 0) - 1)).toBeLessThan(1e-5);
            if (problem.fixed[i]) expect(row).toEqual(x.subarray(i * numTerminals, (i + 1) * numTerminals));
          }
        }
      }
    }
  });

  it("slices of several threads make up the whole", () => {
    const rng = new Rng(3);
    const problem = linear(rng, 103, 40, 1);
    const x = numbers(rng, 40, 0.3);
    const loss = (options: Partial<Pass>): number =>
      kernels.linearPass(pass("loss", 103, 40, { blockSize: 4, ...options }), problem, x.slice());
    const all = loss({ firstBlock: 0, blockStep: 1, numBlocks: 26 });
    const parts = [0, 1, 2].map((t) =>
      loss({ firstBlock: (5 + 7 * t) % 26, blockStep: 21, numBlocks: Math.ceil((26 - t) / 3) }),
    );
    expect(Math.abs(parts.reduce((a, b) => a + b, 0) - all)).toBeLessThan(1e-9 * all);
  });

  it("projectRowsOnSimplex: as by sorting; points of the simplex stay; NaN shows", () => {
    for (const cols of SIZES.slice(1)) {
      const x = numbers(new Rng(cols), 5 * cols, 3);
      const [actual, expected] = [x.slice(), x.slice()];
      kernels.projectRowsOnSimplex(5, cols, actual);
      reference.projectRowsOnSimplex(5, cols, expected);
      expectClose(actual, expected, () => 4 * cols * EPSILON * 3);
      const again = actual.slice();
      kernels.projectRowsOnSimplex(5, cols, again);
      expectClose(again, actual, () => 4 * cols * EPSILON);
    }
    const sick = Float32Array.of(0.5, Number.NaN, 0.2);
    kernels.projectRowsOnSimplex(1, 3, sick);
    expect([...sick]).toEqual([Number.NaN, Number.NaN, Number.NaN]);
  });

  it("NaN in x shows in the loss", () => {
    const rng = new Rng(5);
    for (const loss of ["hinge", "logistic"] as const) {
      const problem = { ...linear(rng, 50, 10, 1), loss };
      expect(kernels.linearPass(pass("loss", 50, 10), problem, new Float32Array(10).fill(Number.NaN))).toBeNaN();
    }
  });

  it("a stopped pass takes no step and waits for no lock and no turn", () => {
    const problem = linear(new Rng(7), 50, 10, 1);
    const x = new Float32Array(10);
    const stop = Uint32Array.of(1);
    expect(kernels.linearPass(pass("free", 50, 10, { stop }), problem, x)).toBe(0);
    const order = { turn: Uint32Array.of(9), firstTicket: 1, ticketStep: 2, numTurns: 60 };
    expect(kernels.linearPass(pass("ordered", 50, 10, { stop, order }), problem, x)).toBe(0);
    expect([...x]).toEqual(Array(10).fill(0));
  });

  it("a lock a part or a lock a number: the same numbers as without, and none is held in the end", () => {
    const rng = new Rng(31);
    const factors = {
      ...{ numLeft: 11, rank: 6, lefts: integers(rng, 70, 11), rights: integers(rng, 70, 7) },
      ...{ values: numbers(rng, 70), decay: null },
    };
    const cut = {
      ...{ numTerminals: 6, heads: integers(rng, 70, 9), tails: integers(rng, 70, 9).map((v) => v + 9) },
      ...{ weights: numbers(rng, 70).map(Math.abs), fixed: new Uint8Array(18) },
    };
    const hinge = { ...linear(rng, 70, 18, 1), decay: null };
    const runs: readonly [number, (pass: Pass, x: Float32Array) => number][] = [
      [1, (pass, x) => kernels.linearPass(pass, hinge, x)],
      [6, (pass, x) => kernels.linearPass(pass, linear(new Rng(32), 70, 18, 6), x)],
      [6, (pass, x) => kernels.factorPass(pass, factors, x)],
      [6, (pass, x) => kernels.cutPass(pass, cut, x)],
    ];
    for (const [width, run] of runs) {
      const start = numbers(rng, 18 * width, 0.3);
      const free = start.slice();
      const wanted = run(pass("free", 70, 18), free);
      expect(free).not.toEqual(start);
      for (const perPart of [1, width]) {
        const words = new Uint32Array(18 * perPart);
        const x = start.slice();
        expect(run(pass("locked", 70, 18, { locks: { words, perPart } }), x)).toBe(wanted);
        expect(x).toEqual(free);
        expect(words.some((word) => word !== 0)).toBe(false);
      }
    }
  });

  it("refuses blocks outside, and modes without what they need", () => {
    const problem = linear(new Rng(7), 50, 10, 1);
    const x = new Float32Array(10);
    const run = (options: Partial<Pass>) => () => kernels.linearPass(pass("free", 50, 10, options), problem, x);
    expect(run({ firstBlock: 10 })).toThrow(/linearPass: expected blocks below 10, got 10/);
    expect(run({ mode: "locked" })).toThrow(/expected locks, got none/);
    expect(run({ mode: "ordered" })).toThrow(/expected an order, got none/);
    const locks = (length: number, perPart: number) => ({ words: new Uint32Array(length), perPart });
    expect(run({ mode: "locked", locks: locks(9, 1) })).toThrow(/locks: expected at least 10 elements, got 9/);
    expect(run({ mode: "locked", locks: locks(99, 2) })).toThrow(
      /expected a lock a part, or one a number \(1\), got 2/,
    );
  });
});
