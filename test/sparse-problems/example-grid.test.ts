import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Rng } from "../../src/core/rng.js";
import { createKernels } from "../../src/kernels/create.node.js";
import { epochRounds, type Round } from "../../src/sparse-problems/epoch-rounds.js";
import { arrangeInGrid, dealToGroups } from "../../src/sparse-problems/example-grid.js";
import { breadthFirst } from "../../src/sparse-problems/graph.js";
import { createCutProblem, createFactorProblem, type Graph } from "../../src/sparse-problems/index.js";
import {
  initialiseVector,
  partOfProblem,
  readingPass,
  runPass,
  vectorLength,
} from "../../src/sparse-problems/problem.js";
import { FIXED, smallCut, smallFactors, smallGraph, smallLinear, smallRatings } from "./small-problems.js";

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
  const rng = new Rng(seed);
  const cells = Uint32Array.from({ length: numExamples }, () => rng.nextBelow(numGroups * numGroups));
  const order = Uint32Array.from({ length: numExamples }, (_, i) => i);
  return { grid: arrangeInGrid(order, numGroups, (i) => cells[i]), order, cells };
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
        fc.pre(numGroups > 1 && numThreads <= numGroups);
        const { grid, order, cells } = randomGrid(numExamples, numGroups, seed);
        const rounds = Array.from({ length: numThreads }, (_, t) =>
          epochRounds({ numExamples, grid }, seed, epoch, t, numThreads),
        );
        rounds[0].forEach((_, r) => {
          const met = rounds.map((of) => [...new Set(visited(of[r]).map((i) => cells[order[i]]))]);
          expect(met.every((of) => of.length <= 1)).toBe(true);
          const firsts = met.flat().map((cell) => Math.floor(cell / numGroups));
          const seconds = met.flat().map((cell) => cell % numGroups);
          expect([new Set(firsts).size, new Set(seconds).size]).toEqual([firsts.length, seconds.length]);
        });
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
        const groupOf = dealToGroups(weights.keys(), weights, numGroups);
        expect([...groupOf]).toEqual([...groupOf].sort((a, b) => a - b));
        const total = weights.reduce((sum, weight) => sum + weight, 0);
        for (let group = 0; group < numGroups; group++) {
          const weight = weights.reduce((sum, w, part) => sum + (groupOf[part] === group ? w : 0), 0);
          expect(weight).toBeLessThan(total / numGroups + Math.max(...weights, 0) + 1);
        }
      }),
    );
  });

  it("of vertices are neighbours: two graphs without an edge between them have a group each", () => {
    const graph: Graph = {
      numVertices: 40,
      heads: Uint32Array.from({ length: 38 }, (_, i) => i),
      tails: Uint32Array.from({ length: 38 }, (_, i) => i + 2),
      weights: new Float32Array(38).fill(1),
    };
    const { vertices, degrees } = breadthFirst(graph);
    expect([...vertices].sort((a, b) => a - b)).toEqual(Array.from({ length: 40 }, (_, v) => v));
    expect([...vertices.subarray(0, 20)].every((v) => v % 2 === 0)).toBe(true);
    expect([...degrees.subarray(0, 4), degrees[39]]).toEqual([1, 1, 2, 2, 1]);
    const { grid } = createCutProblem(graph, { numTerminals: 2, fixed: FIXED.slice(0, 2) });
    expect([...(grid?.offsets ?? [])]).toEqual([0, 19, 19, 19, 38]);
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
    const lefts = Array.from({ length: 9 }, (_, cell) => [
      ...inGrid.data.lefts.subarray(offsets[cell], offsets[cell + 1]),
    ]);
    const groupMax = [0, 1, 2].map((p) => Math.max(...lefts.slice(3 * p, 3 * p + 3).flat()));
    const groupMin = [0, 1, 2].map((p) => Math.min(...lefts.slice(3 * p, 3 * p + 3).flat()));
    expect([numGroups, offsets[9]]).toEqual([3, 2000]);
    expect(groupMax[0]).toBeLessThan(groupMin[1]);
    expect(groupMax[1]).toBeLessThan(groupMin[2]);
  });

  it("has the loss of its parts", () => {
    for (const problem of [smallLinear(), smallFactors(), smallCut()]) {
      const x = new Float32Array(vectorLength(problem));
      initialiseVector(problem, 1, x);
      const loss = (from: number, to: number): number => {
        const part = partOfProblem(problem, from, to);
        return runPass(kernels, part, readingPass(part, "loss"), x);
      };
      const n = problem.numExamples;
      const [whole, parts] = [loss(0, n), loss(0, 100) + loss(100, 101) + loss(101, 101) + loss(101, n)];
      expect(Math.abs(parts - whole)).toBeLessThan(1e-6 * whole);
    }
  });

  it("is refused without groups, and with entries or ends that are missing", () => {
    const factors = (numGroups: number) => () => createFactorProblem(smallRatings(), { numGroups });
    expect(factors(0)).toThrow(/createFactorProblem: expected numGroups from 1 to 256, got 0/);
    expect(factors(1.5)).toThrow(/got 1.5/);
    const graph = smallGraph();
    const cut = (given: object) => () => createCutProblem({ ...graph, ...given }, { numTerminals: 3, fixed: FIXED });
    expect(cut({ tails: graph.tails.subarray(1) })).toThrow(/expected two ends for each weight, got 600, 599, 600/);
  });
});
