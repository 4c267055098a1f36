import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Rng } from "../../src/core/rng.js";
import { createKernels } from "../../src/kernels/create.node.js";
import { epochRounds, type Round } from "../../src/sparse-problems/epoch-rounds.js";
import { arrangeInGrid, dealToGroups } from "../../src/sparse-problems/example-grid.js";
import { createFactorProblem } from "../../src/sparse-problems/index.js";
import {
  initialiseVector,
  partOfProblem,
  readingPass,
  runPass,
  vectorLength,
} from "../../src/sparse-problems/problem.js";
import { smallFactors, smallRatings } from "./small-problems.js";

const kernels = createKernels();

/** The examples that a round visits. */
function visited({ from, to, slice }: Round): number[] {
  const all = Math.ceil((to - from) / slice.blockSize);
  return Array.from({ length: slice.numBlocks }, (_, i) => (slice.firstBlock + i * slice.blockStep) % all).flatMap(
    (block) => {
      const first = from + block * slice.blockSize;
      return Array.from({ length: Math.min(slice.blockSize, to - first) }, (_, j) => first + j);
    },
  );
}

/** Examples in random cells. */
function randomGrid(numExamples: number, numGroups: number, seed: number) {
  const numSteps = 2 * numGroups;
  const rng = new Rng(seed);
  const groups = Array.from({ length: numExamples }, () => [rng.nextBelow(numGroups), rng.nextBelow(numSteps)]);
  const order = Uint32Array.from({ length: numExamples }, (_, i) => i);
  const grid = arrangeInGrid(order, numGroups, (i) => groups[i][0] * numSteps + groups[i][1]);
  return { grid, order, groups };
}

const sizes = [
  fc.nat(800),
  fc.integer({ min: 1, max: 7 }),
  fc.integer({ min: 1, max: 9 }),
  fc.nat(99),
  fc.nat(20),
] as const;

describe("rounds of an epoch", () => {
  it("meet every example once, whatever the numbers of groups and threads", () => {
    fc.assert(
      fc.property(...sizes, (numExamples, numGroups, numThreads, seed, epoch) => {
        const { grid } = randomGrid(numExamples, numGroups, seed);
        const rounds = Array.from({ length: numThreads }, (_, t) =>
          epochRounds({ numExamples, grid }, seed, epoch, t, numThreads),
        );
        const seen = rounds.flatMap((of) => of.flatMap(visited)).sort((a, b) => a - b);
        expect(seen).toEqual(Array.from({ length: numExamples }, (_, i) => i));
        for (const of of rounds) {
          expect(of.map(({ numTurns }) => numTurns)).toEqual(rounds[0].map(({ numTurns }) => numTurns));
          for (const round of of) expect(visited(round).length).toBeLessThanOrEqual(round.numTurns);
        }
      }),
    );
  });

  it("give no two threads a group in common", () => {
    fc.assert(
      fc.property(...sizes, (numExamples, numGroups, numThreads, seed, epoch) => {
        fc.pre(numThreads <= numGroups);
        const { grid, order, groups } = randomGrid(numExamples, numGroups, seed);
        const rounds = Array.from({ length: numThreads }, (_, t) =>
          epochRounds({ numExamples, grid }, seed, epoch, t, numThreads),
        );
        const met = rounds.map((of) => of.map((round) => visited(round).map((i) => groups[order[i]])));
        const sets = (thread: number, r: number, side: 0 | 1) => new Set(met[thread][r].map((pair) => pair[side]));
        for (let t = 0; t < numThreads; t++) {
          rounds[t].forEach((_, r) => {
            expect([sets(t, r, 0).size, sets(t, r, 1).size].every((size) => size <= 1)).toBe(true);
            for (let other = 0; other < numThreads; other++) {
              if (other === t) continue;
              // Nor a thread that is a step ahead.
              for (const ahead of [r, r + 1].filter((round) => round < met[other].length)) {
                expect(
                  [0, 1].some((side) =>
                    [...sets(t, r, side as 0 | 1)].some((group) => sets(other, ahead, side as 0 | 1).has(group)),
                  ),
                ).toBe(false);
              }
            }
          });
        }
      }),
    );
  });

  it("come in another order each epoch", () => {
    const { grid } = randomGrid(5000, 4, 1);
    const of = (epoch: number): string => JSON.stringify(epochRounds({ numExamples: 5000, grid }, 1, epoch, 0, 2));
    expect(new Set([0, 1, 2, 3].map(of)).size).toBeGreaterThan(2);
  });
});

describe("groups", () => {
  it("weigh about the same, and take parts in the order given", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(50), { maxLength: 60 }), fc.integer({ min: 1, max: 8 }), (list, numGroups) => {
        const weights = Uint32Array.from(list);
        const groupOf = dealToGroups(weights, numGroups);
        expect([...groupOf]).toEqual([...groupOf].sort((a, b) => a - b));
        const total = weights.reduce((sum, weight) => sum + weight, 0);
        for (let group = 0; group < numGroups; group++) {
          const weight = weights.reduce((sum, w, part) => sum + (groupOf[part] === group ? w : 0), 0);
          expect(weight).toBeLessThan(total / numGroups + Math.max(...weights, 0) + 1);
        }
      }),
    );
  });
});

describe("a problem in a grid", () => {
  it("has the examples of the one without, cell by cell", () => {
    const key = ({ data }: ReturnType<typeof smallFactors>): string[] =>
      [...data.lefts].map((left, i) => `${left} ${data.rights[i]} ${data.values[i]}`).sort();
    const [plain, inGrid] = [1, 3].map((numGroups) => smallFactors(2000, { numGroups }));
    expect(plain.grid).toBeNull();
    expect(key(inGrid)).toEqual(key(plain));
    expect(inGrid.data.decay).toEqual(plain.data.decay);
    const { numGroups, offsets } = inGrid.grid ?? { numGroups: 0, offsets: new Uint32Array() };
    const lefts = Array.from({ length: 18 }, (_, cell) => [
      ...inGrid.data.lefts.subarray(offsets[cell], offsets[cell + 1]),
    ]);
    const groupMax = [0, 1, 2].map((p) => Math.max(...lefts.slice(6 * p, 6 * p + 6).flat()));
    const groupMin = [0, 1, 2].map((p) => Math.min(...lefts.slice(6 * p, 6 * p + 6).flat()));
    expect([numGroups, offsets[18]]).toEqual([3, 2000]);
    expect(groupMax[0]).toBeLessThan(groupMin[1]);
    expect(groupMax[1]).toBeLessThan(groupMin[2]);
  });

  it("has the loss of its parts", () => {
    const problem = smallFactors(2000, { numGroups: 3 });
    const x = new Float32Array(vectorLength(problem));
    initialiseVector(problem, 1, x);
    const loss = (part: typeof problem): number => runPass(kernels, part, readingPass(part, "loss"), x);
    const bounds = [0, 100, 101, 101, 2000];
    const parts = bounds.slice(1).reduce((sum, to, i) => sum + loss(partOfProblem(problem, bounds[i], to)), 0);
    expect(Math.abs(parts - loss(problem))).toBeLessThan(1e-6 * parts);
  });

  it("is refused without groups", () => {
    const factors = (numGroups: number) => () => createFactorProblem(smallRatings(), { numGroups });
    expect(factors(0)).toThrow(/expected numGroups from 1 \(.*\) to 64, got 0; take the number of threads/);
    expect(factors(1.5)).toThrow(/got 1.5/);
  });
});
