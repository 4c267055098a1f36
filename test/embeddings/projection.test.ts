/** @file Planes through word vectors: components that are known, groups that stay together. */
import { describe, expect, it } from "vitest";
import { Rng } from "../../src/core/rng.js";
import { projectOnComponents, projectWords, tsne, WordVectors, wordMap } from "../../src/embeddings/index.js";
import { createKernels } from "../../src/kernels/index.js";
import { parseSvg, withClass } from "../plot/svg.js";

const kernels = createKernels();

/** `perGroup` words around each of `groups` random centres. */
function grouped(groups: number, perGroup: number, dimension = 20): WordVectors {
  const rng = new Rng(groups);
  const centres = Array.from({ length: groups * dimension }, () => rng.nextFloat() - 0.5);
  const numbers = Float32Array.from({ length: groups * perGroup * dimension }, (_, at) => {
    const group = Math.floor(at / (perGroup * dimension));
    return centres[group * dimension + (at % dimension)] + (rng.nextFloat() - 0.5) / 4;
  });
  return new WordVectors(
    Array.from({ length: groups * perGroup }, (_, i) => `w${i}`),
    numbers,
    dimension,
  );
}

describe("principal components", () => {
  it("are the axes along which points were spread, largest first", () => {
    const rng = new Rng(2);
    const n = 400;
    // Two orthogonal directions with deviations 3 and 1, others 0.01; shifted off the origin.
    const rows = new Float32Array(n * 4);
    for (let i = 0; i < n; i++) {
      const [a, b] = [3 * (rng.nextFloat() - 0.5), rng.nextFloat() - 0.5];
      rows.set([5 + 0.6 * a - 0.8 * b, 0.8 * a + 0.6 * b, rng.nextFloat() / 100, 7], 4 * i);
    }
    const { points, shares } = projectOnComponents(rows, n, 4, kernels);
    expect(shares[0]).toBeGreaterThan(0.85);
    expect(shares[0] + shares[1]).toBeCloseTo(1, 3);
    const mean = [0, 1].map((axis) => points.reduce((sum, x, at) => sum + (at % 2 === axis ? x / n : 0), 0));
    for (const x of mean) expect(Math.abs(x)).toBeLessThan(1e-4);
    // Distances survive: next to nothing was left out.
    const distance = (i: number, j: number): number =>
      Math.hypot(points[2 * i] - points[2 * j], points[2 * i + 1] - points[2 * j + 1]);
    for (let i = 1; i < 50; i++) {
      const true2 = [0, 1, 2, 3].reduce((sum, d) => sum + (rows[4 * i + d] - rows[d]) ** 2, 0);
      expect(distance(0, i)).toBeCloseTo(Math.sqrt(true2), 1);
    }
    // Equal rows are no fault.
    expect(
      [...projectOnComponents(new Float32Array(12).fill(1), 3, 4, kernels).points].every((x) => Math.abs(x) < 1e-6),
    ).toBe(true);
  });
});

describe("t-SNE", () => {
  it("keeps groups together: the nearest point is of the same group", () => {
    const vectors = grouped(6, 20);
    const indices = vectors.words.map((_, i) => i);
    const steps: number[] = [];
    const { points } = projectWords(vectors, indices, kernels, "tsne", {
      numSteps: 300,
      onStep: (step) => {
        steps.push(step);
        return false;
      },
    });
    expect(steps).toHaveLength(300);
    expect(points.every(Number.isFinite)).toBe(true);
    const wrong = indices.filter((i) => {
      const distance = (j: number): number =>
        Math.hypot(points[2 * i] - points[2 * j], points[2 * i + 1] - points[2 * j + 1]);
      const nearest = indices.filter((j) => j !== i).reduce((a, b) => (distance(b) < distance(a) ? b : a));
      return Math.floor(nearest / 20) !== Math.floor(i / 20);
    });
    expect(wrong).toEqual([]);
    const again = projectWords(vectors, indices, kernels, "tsne", { numSteps: 300 });
    expect(again.points).toEqual(points);
  });

  it("takes few points, equal ones, and stops when told", () => {
    expect([...tsne(new Float32Array(4), Float64Array.of(1, 2, 3, 4))]).toEqual([1, 2, 3, 4]);
    const equal = tsne(new Float32Array(100), new Float64Array(20), { numSteps: 50 });
    expect(equal.every(Number.isFinite)).toBe(true);
    let steps = 0;
    tsne(new Float32Array(100), new Float64Array(20), { onStep: () => ++steps === 3 });
    expect(steps).toBe(3);
    expect(() => tsne(new Float32Array(0), new Float64Array(4002))).toThrow(/at most 2000 points, got 2001/);
  });
});

describe("wordMap", () => {
  it.each(["tsne", "pca"] as const)("%s: shows every word as a dot that bears its name", (method) => {
    const vectors = grouped(3, 10);
    const projection = projectWords(vectors, [5, 1, 20], kernels, method);
    expect(projection.words).toEqual(["w5", "w1", "w20"]);
    expect(projection.shares === null).toBe(method === "tsne");
    const svg = parseSvg(wordMap(projection, "Some <words>"));
    expect(svg.children[0].text).toBe("Some <words>");
    expect(withClass(svg, "mw-fill0").map(({ children }) => children[0].text)).toEqual(["w5", "w1", "w20"]);
    expect(withClass(svg, "mw-name").map(({ text }) => text)).toEqual(["w5", "w1", "w20"]);
    expect(() => projectWords(vectors, [1], kernels)).toThrow(/at least 2 words, got 1/);
  });
});
