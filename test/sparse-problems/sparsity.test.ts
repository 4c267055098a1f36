import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Rng } from "../../src/core/rng.js";
import {
  adviseOnSparsity,
  type Hypergraph,
  hypergraphOf,
  loadRatings,
  measureSparsity,
} from "../../src/sparse-problems/index.js";
import { smallCut, smallFactors, smallLinear } from "./small-problems.js";

/** Parts of popularity ~ 1/rank, so that some are in many examples and some in none. */
function randomGraph(numExamples: number, numParts: number, seed: number): Hypergraph {
  const rng = new Rng(seed);
  const offsets = [0];
  const parts: number[] = [];
  for (let i = 0; i < numExamples; i++) {
    const draw = (): number => Math.floor(numParts ** rng.nextFloat()) - 1;
    parts.push(...new Set(Array.from({ length: rng.nextBelow(6) }, draw)));
    offsets.push(parts.length);
  }
  return { numParts, offsets: Uint32Array.from(offsets), parts: Uint32Array.from(parts) };
}

/** By the definitions. */
function bruteForce({ numParts, offsets, parts }: Hypergraph) {
  const n = offsets.length - 1;
  const sets = Array.from({ length: n }, (_, i) => new Set(parts.subarray(offsets[i], offsets[i + 1])));
  const degrees = Array.from({ length: numParts }, (_, v) => sets.filter((set) => set.has(v)).length);
  const neighbours = sets.map((set) => sets.filter((other) => [...set].some((part) => other.has(part))).length);
  const total = degrees.reduce((a, b) => a + b, 0);
  return {
    omega: Math.max(...sets.map(({ size }) => size)),
    delta: Math.max(...degrees) / n,
    rho: Math.max(...neighbours) / n,
    meeting: neighbours.reduce((a, b) => a + b, 0) / n / n,
    overlap: degrees.reduce((sum, d) => sum + (d / n) ** 2, 0) / (total / n),
    numTouched: degrees.filter((d) => d > 0).length,
  };
}

describe("sparsity statistics", () => {
  it("equal their definitions", () => {
    const graphs = [1, 33, 257].map((n) => randomGraph(n, 300, n));
    graphs.push(...[smallLinear(100), smallFactors(150), smallCut()].map(hypergraphOf));
    for (const graph of graphs) {
      const { overlap, meeting, ...wanted } = bruteForce(graph);
      const measured = measureSparsity(graph);
      expect(measured).toMatchObject({ ...wanted, rhoExact: true, numSampled: graph.offsets.length - 1 });
      expect(measured.overlap).toBeCloseTo(overlap || 0, 12);
      expect(measured.meeting).toBeCloseTo(meeting, 12);
    }
  });

  it("from a sample: ρ never above the true one, and near; the mean near", () => {
    const graph = randomGraph(3000, 400, 2);
    const [exact, sampled] = [measureSparsity(graph), measureSparsity(graph, { workLimit: 60_000 })];
    expect(sampled.rhoExact).toBe(false);
    expect(sampled.numSampled).toBeLessThan(2000);
    expect(sampled.rho).toBeLessThanOrEqual(exact.rho);
    expect(sampled.rho).toBeGreaterThan(0.95 * exact.rho);
    expect(Math.abs(sampled.meeting - exact.meeting)).toBeLessThan(0.1);
    expect(sampled.overlap).toBe(exact.overlap);
  });

  it("without examples are all 0", () => {
    const none = { numParts: 3, offsets: Uint32Array.of(0), parts: new Uint32Array(0) };
    expect(measureSparsity(none)).toMatchObject({ numExamples: 0, omega: 0, rho: 0, meeting: 0 });
  });
});

describe("advice", () => {
  const disjoint = (n: number, size: number): Hypergraph => ({
    numParts: n * size,
    offsets: Uint32Array.from({ length: n + 1 }, (_, i) => i * size),
    parts: Uint32Array.from({ length: n * size }, (_, i) => i),
  });

  it("goes from proven to dense as examples share more", () => {
    const proven = adviseOnSparsity(measureSparsity(disjoint(100_000, 1)), 2);
    expect(proven.verdict).toBe("proven");
    // τ = 2, ρ = Δ = 1e-5, Ω = 1: 1 + 12e-5 + 24·√1e-5.
    expect(proven.slowdownBound).toBeCloseTo(1 + 12e-5 + 24 * Math.sqrt(1e-5), 12);
    expect(adviseOnSparsity(measureSparsity(disjoint(1000, 5)), 2).verdict).toBe("sparse");
    const popular = { ...disjoint(1000, 5), parts: disjoint(1000, 5).parts.map((v) => (v % 5 === 0 ? 0 : v)) };
    expect(adviseOnSparsity(measureSparsity(popular), 2).verdict).toBe("contended");
    const same = { numParts: 5, offsets: disjoint(1000, 5).offsets, parts: disjoint(1000, 5).parts.map((v) => v % 5) };
    const dense = adviseOnSparsity(measureSparsity(same), 2);
    expect(dense).toMatchObject({ verdict: "dense", collision: 1 });
    expect(dense.text).toContain("will collide: 100 %");
  });

  it("a thread alone meets nobody; none is refused", () => {
    const sparsity = measureSparsity(disjoint(100, 5));
    expect(adviseOnSparsity(sparsity, 1)).toMatchObject({ slowdownBound: 1, verdict: "proven", collision: 0 });
    expect(() => adviseOnSparsity(sparsity, 0)).toThrow(/numThreads of at least 1, got 0/);
  });
});

describe("loadRatings", () => {
  let folder = "";
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "manyworlds-ratings-"));
  });
  afterAll(() => rmSync(folder, { recursive: true }));
  const load = (name: string, content: string | Uint8Array) => {
    writeFileSync(join(folder, name), content);
    return loadRatings(join(folder, name));
  };

  it("reads tabs, spaces, commas, gzip; passes over comments and blank lines", async () => {
    const text = "# user item value\n0\t3\t1.5\n\n7 1 -2\r\n2,0,4";
    for (const content of [text, gzipSync(text)]) {
      expect(await load("r.tsv", content)).toEqual({
        numLeft: 8,
        numRight: 4,
        lefts: Uint32Array.of(0, 7, 2),
        rights: Uint32Array.of(3, 1, 0),
        values: Float32Array.of(1.5, -2, 4),
      });
    }
  });

  it("names the line that is no rating", async () => {
    await expect(load("bad.tsv", "0 1 2\n0 1\n")).rejects.toThrow(/bad\.tsv:2: expected a row, a column and a value/);
    await expect(load("bad.tsv", "0 -1 2\n")).rejects.toThrow(/bad\.tsv:1: /);
    await expect(load("bad.tsv", "0 1 x\n")).rejects.toThrow(/got "0 1 x"/);
    await expect(load("bad.tsv", "\n")).rejects.toThrow(/expected ratings, got none/);
  });
});
