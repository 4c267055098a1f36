import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createKernels } from "../../src/kernels/create.node.js";
import { dealToGroups } from "../../src/sparse-problems/example-grid.js";
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
  it("has no two groups in the same lines of memory", () => {
    const { data, grid } = createFactorProblem(smallRatings(4000), { rank: 8, numGroups: 3 });
    const groupsOfLine = new Map<number, Set<number>>();
    for (let cell = 0; grid !== null && cell < 18; cell++) {
      for (let i = grid.offsets[cell]; i < grid.offsets[cell + 1]; i++) {
        const line = Math.floor(((data.numLeft + data.rights[i]) * 8) / 32);
        groupsOfLine.set(line, (groupsOfLine.get(line) ?? new Set()).add(cell % 6));
      }
    }
    expect(groupsOfLine.size).toBeGreaterThan(3);
    expect([...groupsOfLine.values()].every(({ size }) => size === 1)).toBe(true);
  });

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
    expect(factors(0)).toThrow(/expected numGroups from 1 \(.*\) to 64, got 0; take one more than the threads/);
    expect(factors(1.5)).toThrow(/got 1.5/);
  });
});
