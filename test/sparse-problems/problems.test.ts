import { describe, expect, it } from "vitest";
import { Rng } from "../../src/core/rng.js";
import { createKernels } from "../../src/kernels/create.node.js";
import {
  cooccurrenceGraph,
  createCutProblem,
  createFactorProblem,
  createLinearProblem,
  mistakeRate,
  objective,
  rootMeanSquaredError,
  roundCut,
  type SparseProblem,
  vectorLength,
} from "../../src/sparse-problems/index.js";
import { initialiseVector, readingPass, runPass } from "../../src/sparse-problems/problem.js";
import { FIXED, smallCut, smallFactors, smallGraph, smallLinear, smallRatings, smallRows } from "./small-problems.js";

const kernels = createKernels({ backend: "reference" });
const RATE = 1e-3;

/** A step of example `e` alone, as x before minus x after, over the rate. */
function step(problem: SparseProblem, e: number, x: Float32Array): number[] {
  const after = x.slice();
  const pass = { ...readingPass(problem, "loss"), mode: "free" as const, blockSize: 1, firstBlock: e, rate: RATE };
  runPass(kernels, problem, pass, after);
  return Array.from(x, (value, i) => (value - after[i]) / RATE);
}

/** f_e by its definition, in f64. */
function exampleLoss(problem: SparseProblem, e: number, x: Float64Array): number {
  if (problem.kind === "linear") {
    const { features, labelOffsets, labelIds, numOutputs, loss } = problem.data;
    const entries = Array.from(
      { length: features.offsets[e + 1] - features.offsets[e] },
      (_, j) => features.offsets[e] + j,
    );
    const labels = labelIds.subarray(labelOffsets[e], labelOffsets[e + 1]);
    let sum = 0;
    for (let k = 0; k < numOutputs; k++) {
      const y = (numOutputs === 1 ? labels.length > 0 : labels.includes(k)) ? 1 : -1;
      const score = entries.reduce((s, j) => s + features.values[j] * x[features.columns[j] * numOutputs + k], 0);
      sum += loss === "hinge" ? Math.max(0, 1 - y * score) : Math.log1p(Math.exp(-y * score));
      for (const j of entries) {
        const u = features.columns[j];
        const degree = features.columns.filter((column) => column === u).length;
        sum += (problem.lambda * x[u * numOutputs + k] ** 2) / degree;
      }
    }
    return sum;
  }
  if (problem.kind === "factors") {
    const { lefts, rights, values, rank, numLeft } = problem.data;
    const [u, v] = [lefts[e], rights[e]];
    const norm = (row: number): number => {
      let sum = 0;
      for (let j = 0; j < rank; j++) sum += x[row * rank + j] ** 2;
      return sum;
    };
    let dot = 0;
    for (let j = 0; j < rank; j++) dot += x[u * rank + j] * x[(numLeft + v) * rank + j];
    const [ofU, ofV] = [lefts.filter((i) => i === u).length, rights.filter((i) => i === v).length];
    return (dot - values[e]) ** 2 + (problem.mu / 2) * (norm(u) / ofU + norm(numLeft + v) / ofV);
  }
  const { heads, tails, weights, numTerminals: k } = problem.data;
  let distance = 0;
  for (let j = 0; j < k; j++) distance += Math.abs(x[heads[e] * k + j] - x[tails[e] * k + j]);
  return weights[e] * distance;
}

function differences(problem: SparseProblem, e: number, x: Float32Array): number[] {
  const at = Float64Array.from(x);
  return Array.from(x, (value, i) => {
    const h = 1e-6;
    at[i] = value + h;
    const above = exampleLoss(problem, e, at);
    at[i] = value - h;
    const below = exampleLoss(problem, e, at);
    at[i] = value;
    return (above - below) / (2 * h);
  });
}

describe("steps follow the gradient of the example, regulariser included", () => {
  const random = (problem: SparseProblem, scale: number): Float32Array => {
    const rng = new Rng(9);
    return Float32Array.from({ length: vectorLength(problem) }, () => scale * (2 * rng.nextFloat() - 1));
  };

  it.each([
    ["hinge", 1],
    ["logistic", 1],
    ["hinge", null],
    ["logistic", null],
  ] as const)("linear, %s, label %s", (loss, positiveLabel) => {
    const problem = createLinearProblem(smallRows(40, 20, 3), { loss, positiveLabel, lambda: 2 });
    const x = random(problem, 1);
    for (const e of [0, 7, 39]) {
      const wanted = differences(problem, e, x);
      // x − x' of numbers below 2 is known to 2·2⁻²⁴, here over the rate.
      step(problem, e, x).forEach((g, i) => void expect(Math.abs(g - wanted[i])).toBeLessThan(3e-4));
    }
  });

  it("factors", () => {
    const problem = createFactorProblem(smallRatings(50), { rank: 3, mu: 2 });
    const x = random(problem, 1);
    for (const e of [0, 7, 49]) {
      const wanted = differences(problem, e, x);
      step(problem, e, x).forEach((g, i) => void expect(Math.abs(g - wanted[i])).toBeLessThan(3e-4));
    }
  });

  it("cut: the gradient's part along the simplex, at inner points; none of a fixed vertex", () => {
    const problem = smallCut();
    const x = random(problem, 0.1).map((value) => value + 1 / 3);
    kernels.projectRowsOnSimplex(60, 3, x);
    const { fixed } = problem.data;
    for (const e of [0, 7, 599]) {
      const gradient = differences(problem, e, x);
      const steps = step(problem, e, x);
      for (let v = 0; v < 60; v++) {
        const row = gradient.slice(3 * v, 3 * v + 3);
        const mean = (row[0] + row[1] + row[2]) / 3;
        for (const [j, g] of row.entries()) {
          const wanted = fixed[v] ? 0 : g - mean;
          expect(Math.abs(steps[3 * v + j] - wanted)).toBeLessThan(3e-4);
        }
      }
    }
  });
});

describe("measures of a solution", () => {
  it("objective: all examples' losses", () => {
    for (const problem of [smallLinear(50), smallFactors(50), smallCut()] as SparseProblem[]) {
      const x = new Float32Array(vectorLength(problem));
      initialiseVector(problem, 1, x);
      for (let i = 0; i < x.length; i++) x[i] += (i % 7) / 50;
      let wanted = 0;
      for (let e = 0; e < problem.numExamples; e++) wanted += exampleLoss(problem, e, Float64Array.from(x));
      // Parts that no example touches are in the norm, not in the sum over examples.
      const touched = new Set<number>();
      if (problem.kind === "linear") for (const u of problem.data.features.columns) touched.add(u);
      if (problem.kind === "factors") {
        for (const u of problem.data.lefts) touched.add(u);
        for (const v of problem.data.rights) touched.add(problem.data.numLeft + v);
      }
      const weight = problem.kind === "linear" ? problem.lambda : problem.kind === "factors" ? problem.mu / 2 : 0;
      for (let i = 0; i < x.length; i++) {
        if (!touched.has(Math.floor(i / problem.partLength))) wanted += weight * x[i] ** 2;
      }
      expect(Math.abs(objective(kernels, problem, x) - wanted)).toBeLessThan(1e-5 * wanted);
    }
  });

  it("mistakes, root mean squared error", () => {
    const linear = createLinearProblem(smallRows(50, 20, 1), { positiveLabel: 0 });
    const { features, labelOffsets } = linear.data;
    const x = Float32Array.from({ length: 20 }, (_, i) => (i % 2 === 0 ? 1 : -1));
    let wrong = 0;
    for (let i = 0; i < 50; i++) {
      const row = features.columns.subarray(features.offsets[i], features.offsets[i + 1]);
      const score = row.reduce((sum, u) => sum + x[u], 0);
      if ((labelOffsets[i + 1] > labelOffsets[i] ? score : -score) <= 0) wrong++;
    }
    expect(mistakeRate(kernels, linear, x)).toBe(wrong / 50);

    const ratings = smallRatings(50);
    const factors = createFactorProblem(ratings, { rank: 2 });
    const mean = ratings.values.reduce((a, b) => a + b, 0) / 50;
    const deviation = Math.sqrt(ratings.values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / 50);
    expect(rootMeanSquaredError(kernels, factors, new Float32Array(160))).toBeCloseTo(deviation, 5);
  });

  it("roundCut: greatest shares, weight of the edges between different ones", () => {
    const problem = smallCut();
    const x = new Float32Array(180);
    for (let v = 0; v < 60; v++) x[3 * v + (v % 3)] = 1;
    const { terminals, cutWeight } = roundCut(problem, x);
    expect([...terminals]).toEqual(Array.from({ length: 60 }, (_, v) => v % 3));
    expect(2 * cutWeight).toBeCloseTo(objective(kernels, problem, x), 4);
  });
});

describe("making problems", () => {
  it("the regulariser's shares add up, and examples are the rows in another order", () => {
    const rows = smallRows(50, 20, 3);
    const { data } = createLinearProblem(rows, { lambda: 3 });
    const sums = new Float64Array(20);
    for (const u of data.features.columns) sums[u] += data.decay?.[u] ?? 0;
    for (const sum of sums) expect(sum === 0 || Math.abs(sum - 6) < 1e-5).toBe(true);
    const keys = ({ offsets, columns }: { offsets: Uint32Array; columns: Uint32Array }): string[] =>
      Array.from({ length: 50 }, (_, i) => columns.subarray(offsets[i], offsets[i + 1]).join()).sort();
    expect(keys(data.features)).toEqual(keys(rows.features));
    expect(data.features.columns).not.toEqual(rows.features.columns);
  });

  it("a co-occurrence graph has each pair once, a row of k labels weighing k/2", () => {
    const labels = {
      numRows: 3,
      numLabels: 5,
      offsets: Uint32Array.of(0, 3, 5, 6),
      ids: Uint32Array.of(0, 2, 4, 0, 2, 1),
    };
    const graph = cooccurrenceGraph(labels);
    const edges = Array.from(graph.heads, (u, e) => [u, graph.tails[e], graph.weights[e]]);
    expect(edges.sort((a, b) => a[0] - b[0] || a[1] - b[1])).toEqual([
      [0, 2, 1.5],
      [0, 4, 0.5],
      [2, 4, 0.5],
    ]);
    expect([...cooccurrenceGraph(labels, 2).weights]).toEqual([1]);
  });

  it("says what is wrong with options and data", () => {
    const rows = smallRows(10, 20, 3);
    expect(() => createLinearProblem(rows, { lambda: -1 })).toThrow(/expected lambda of at least 0, got -1/);
    expect(() => createLinearProblem(rows, { positiveLabel: 3 })).toThrow(/expected positiveLabel below 3 labels/);
    const bad = { ...rows, features: { ...rows.features, numCols: 10 } };
    expect(() => createLinearProblem(bad)).toThrow(/row \d+: expected columns that ascend below 10, got \d+/);
    expect(() => createFactorProblem(smallRatings(5), { rank: 0 })).toThrow(/rank from 1 to 65536, got 0/);
    expect(() => createFactorProblem({ ...smallRatings(5), numRight: 1 })).toThrow(
      /entry \d: expected one of a matrix/,
    );
    const graph = smallGraph();
    expect(() => createCutProblem(graph, { numTerminals: 4, fixed: FIXED })).toThrow(/each terminal, got none for 3/);
    const fixed = [...FIXED, { vertex: 0, terminal: 1 }];
    expect(() => createCutProblem(graph, { numTerminals: 3, fixed })).toThrow(/got vertex 0 with 1/);
    expect(() => createCutProblem({ ...graph, numVertices: 9 }, { numTerminals: 3, fixed: FIXED })).toThrow(/edge \d+/);
  });
});
