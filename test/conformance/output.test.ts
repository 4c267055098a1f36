import { expect, it } from "vitest";
import { Rng } from "../../src/core/rng.js";
import type { Csr, Kernels } from "../../src/kernels/index.js";
import { EPSILON, expectClose, numbers, SIZES, sparseRows, unwritten } from "./arrays.js";
import { describeBackends, reference } from "./backends.js";

/** Multiples of 1/4 in [−1, 1]: products and sums of a few are exact in f32, and many are equal. */
function quarters(rng: Rng, length: number): Float32Array {
  return Float32Array.from({ length }, () => (rng.nextBelow(9) - 4) / 4);
}

/** Cuts 0 … total into `parts` runs, none empty. */
function cuts(rng: Rng, total: number, parts: number): Uint32Array {
  const inner = Uint32Array.from({ length: total - 1 }, (_, i) => i + 1);
  rng.shuffle(inner);
  return Uint32Array.of(0, ...inner.subarray(0, parts - 1).sort(), total);
}

function permutation(rng: Rng, length: number): Uint32Array {
  const ids = Uint32Array.from({ length }, (_, i) => i);
  rng.shuffle(ids);
  return ids;
}

/** A random tree over `numLabels` leaves: two free nodes or leaves are joined until one is left. */
function randomTree(rng: Rng, numLabels: number): Uint32Array {
  const inner = numLabels - 1;
  const free = Array.from({ length: numLabels }, (_, label) => inner + label);
  const children = new Uint32Array(2 * inner);
  for (let v = 0; v < inner; v++) {
    for (const code of [0, 1]) children[2 * v + code] = free.splice(rng.nextBelow(free.length), 1)[0];
    free.push(v);
  }
  return children;
}

interface Found {
  readonly ids: Uint32Array;
  readonly scores: Float32Array;
  readonly counts: Uint32Array;
}

function found(
  rows: number,
  k: number,
  search: (ids: Uint32Array, scores: Float32Array, counts: Uint32Array) => void,
): Found {
  const result = {
    ids: new Uint32Array(rows * k),
    scores: unwritten(rows * k),
    counts: new Uint32Array(rows).fill(99),
  };
  search(result.ids, result.scores, result.counts);
  return result;
}

describeBackends("output", (kernels) => {
  it("csrDots, with and without bias; places outside the rows are kept", () => {
    for (const rows of [0, 1, 3, 33]) {
      for (const cols of [...SIZES, 64]) {
        for (const biased of [false, true]) {
          const rng = new Rng(rows * 1000 + cols);
          const pattern = sparseRows(rng, { rows, cols: 19, most: 11, skip: 2 });
          const [x, w, bias] = [numbers(rng, rows * cols), numbers(rng, 19 * cols), numbers(rng, 19)];
          const actual = unwritten(pattern.columns.length);
          const expected = actual.slice();
          kernels.csrDots({ rows, cols }, pattern, x, w, biased ? bias : null, actual);
          reference.csrDots({ rows, cols }, pattern, x, w, biased ? bias : null, expected);
          expectClose(actual, expected, () => (cols + 2) * EPSILON * (cols + 1));
          expect(actual.subarray(0, 2)).toEqual(unwritten(2));
        }
      }
    }
    const bad = { offsets: Uint32Array.of(0, 1), columns: Uint32Array.of(4) };
    const w = new Float32Array(12);
    expect(() => kernels.csrDots({ rows: 1, cols: 3 }, bad, w, w, null, new Float32Array(1))).toThrow(/below 4/);
  });

  it("logisticCrossEntropy", () => {
    for (const length of [...SIZES, 1500]) {
      const rng = new Rng(length);
      const x = numbers(rng, length, 30);
      const codes = Float32Array.from({ length }, () => rng.nextBelow(2));
      const weights = numbers(rng, length).map(Math.abs);
      const [actual, expected] = [unwritten(length), unwritten(length)];
      const loss = kernels.logisticCrossEntropy(length, x, codes, weights, 0.5, actual);
      const wanted = reference.logisticCrossEntropy(length, x, codes, weights, 0.5, expected);
      // Each loss is a difference of numbers of at most 31, each within 4 ulp; sums of a lane have up to 256 terms.
      expect(Math.abs(loss - wanted)).toBeLessThanOrEqual(length * (8 + 256) * EPSILON * 31);
      expectClose(actual, expected, () => 6 * EPSILON);
      kernels.logisticCrossEntropy(length, x, codes, weights, 0.5, x);
      expect(x).toEqual(actual);
    }
    const grad = unwritten(1);
    const one = Float32Array.of(1);
    expect(kernels.logisticCrossEntropy(1, Float32Array.of(Number.NaN), one, one, 1, grad)).toBeNaN();
    expect(grad[0]).toBeNaN();
  });

  it("raggedSoftmaxCrossEntropy", () => {
    for (const total of [1, 3, 31, 33, 257]) {
      const rng = new Rng(total);
      const rows = Math.ceil(total / 4);
      const offsets = cuts(rng, total, rows);
      const targets = sparseRows(rng, { rows, cols: 1, most: 1 });
      for (let i = 0; i < rows; i++) {
        for (let e = targets.offsets[i]; e < targets.offsets[i + 1]; e++) {
          targets.columns[e] = rng.nextBelow(offsets[i + 1] - offsets[i]);
          targets.values[e] = Math.abs(targets.values[e]);
        }
      }
      const x = numbers(rng, total, 10);
      const [actual, expected] = [unwritten(total), unwritten(total)];
      const loss = kernels.raggedSoftmaxCrossEntropy(rows, offsets, x, targets, 0.5, actual);
      const wanted = reference.raggedSoftmaxCrossEntropy(rows, offsets, x, targets, 0.5, expected);
      expect(Math.abs(loss - wanted)).toBeLessThanOrEqual(rows * 2e-6 * 20);
      expectClose(actual, expected, () => 2e-6);
    }
    const outside = { offsets: Uint32Array.of(0, 1, 1), columns: Uint32Array.of(2), values: Float32Array.of(1) };
    const x = new Float32Array(4);
    expect(() => kernels.raggedSoftmaxCrossEntropy(2, Uint32Array.of(0, 2, 4), x, outside, 1, x)).toThrow(/below 2/);
  });

  it("groupedLogSoftmax", () => {
    for (const cols of [1, 3, 31, 33, 257]) {
      for (const rows of [0, 1, 3]) {
        const rng = new Rng(cols + rows);
        const groups = Math.ceil(cols / 5);
        const offsets = cuts(rng, cols, groups);
        const order = permutation(rng, cols);
        const [scores, x] = [numbers(rng, rows * groups, 5), numbers(rng, rows * cols, 10)];
        const [actual, expected] = [unwritten(rows * cols), unwritten(rows * cols)];
        kernels.groupedLogSoftmax({ rows, cols }, groups, offsets, scores, order, x, actual);
        reference.groupedLogSoftmax({ rows, cols }, groups, offsets, scores, order, x, expected);
        expectClose(actual, expected, () => 2e-6 * 30);
      }
    }
  });

  it("topColumns: many ties, few ties, −Infinity and NaN left out", () => {
    for (const cols of [...SIZES, 64]) {
      for (const k of [0, 1, 5, 40]) {
        for (const steps of [2, 1_000_000]) {
          const rng = new Rng(cols * 100 + k);
          const x = Float32Array.from({ length: 3 * cols }, () => rng.nextBelow(steps) - steps / 2);
          for (let i = 0; i < x.length; i += 7) x[i] = i % 2 ? Number.NaN : Number.NEGATIVE_INFINITY;
          const run = (by: Kernels): Found => found(3, k, (...out) => by.topColumns({ rows: 3, cols }, k, x, ...out));
          expect(run(kernels)).toEqual(run(reference));
        }
      }
    }
  });

  it("clusterTopLabels equals scoring every label", () => {
    for (const numLabels of [1, 3, 31, 33, 257]) {
      for (const k of [0, 1, 5, 300]) {
        const rng = new Rng(numLabels * 1000 + k);
        const numClusters = Math.ceil(numLabels / 4);
        const dims = { rows: 3, cols: 5 };
        const common = {
          dims,
          numClusters,
          k,
          offsets: cuts(rng, numLabels, numClusters),
          order: permutation(rng, numLabels),
          weight: quarters(rng, numLabels * 5),
          bias: quarters(rng, numLabels),
          x: quarters(rng, 15),
          scratch: unwritten(numLabels),
        };
        const clusterScores = quarters(rng, 3 * numClusters).map((s) => 2 * s - 2);
        clusterScores[0] = Number.NaN;
        clusterScores[3 * numClusters - 1] = Number.NEGATIVE_INFINITY;
        const run = found(3, k, (...out) =>
          kernels.clusterTopLabels({ ...common, clusterScores: clusterScores.slice() }, ...out),
        );
        // Every label by the same backend's own formulas; logits are exact, so that the scores are equal bit for bit.
        const [logits, scores] = [unwritten(3 * numLabels), unwritten(3 * numLabels)];
        const gemm = { m: 3, n: numLabels, k: 5, transposeB: true };
        kernels.gemm(gemm, common.x, common.weight, logits, "overwrite");
        const all = { rows: 3, cols: numLabels };
        kernels.addBias(all, common.bias, logits);
        kernels.groupedLogSoftmax(all, numClusters, common.offsets, clusterScores, common.order, logits, scores);
        expect(run).toEqual(found(3, k, (...out) => kernels.topColumns(all, k, scores, ...out)));
        const oracle = found(3, k, (...out) => reference.clusterTopLabels({ ...common, clusterScores }, ...out));
        expect(run.counts).toEqual(oracle.counts);
        expectClose(run.scores, oracle.scores, () => 2e-6 * 10);
      }
    }
  });

  it("csrGatherPaths", () => {
    const rng = new Rng(3);
    const paths = sparseRows(rng, { rows: 12, cols: 11, most: 6 });
    for (const rows of [0, 1, 3, 33]) {
      const targets = sparseRows(rng, { rows, cols: 12, most: 4, skip: 3 });
      const room = 6 * targets.columns.length;
      const empty = (): Csr & { codes: Float32Array } => ({
        offsets: new Uint32Array(rows + 1).fill(9),
        columns: new Uint32Array(room),
        values: new Float32Array(room),
        codes: new Float32Array(room),
      });
      const [actual, expected] = [empty(), empty()];
      expect(kernels.csrGatherPaths(rows, targets, paths, actual)).toBe(
        reference.csrGatherPaths(rows, targets, paths, expected),
      );
      expect(actual).toEqual(expected);
    }
  });

  it("treeLogProbabilities: as the oracle, and each row sums to 1", () => {
    for (const numLabels of [1, 2, 3, 31, 33, 257]) {
      const rng = new Rng(numLabels);
      const children = randomTree(rng, numLabels);
      const logits = numbers(rng, 3 * (numLabels - 1), 3);
      const [actual, expected] = [unwritten(3 * numLabels), unwritten(3 * numLabels)];
      const scratch = unwritten(numLabels);
      kernels.treeLogProbabilities(3, numLabels, children, logits, scratch, actual);
      reference.treeLogProbabilities(3, numLabels, children, logits, scratch, expected);
      // Paths of a random tree of 257 leaves have fewer than 60 nodes, of at most 3.05 each.
      expectClose(actual, expected, () => 60 * 8 * EPSILON * 60 * 3.05);
      const sum = actual.reduce((total, x) => total + Math.exp(x), 0);
      expect(sum).toBeCloseTo(3, 4);
    }
  });

  it("treeTopLabels equals scoring every label", () => {
    for (const numLabels of [1, 2, 3, 31, 33, 257]) {
      for (const k of [0, 1, 5, 300]) {
        for (const scale of [0, 1, 4]) {
          const rng = new Rng(numLabels * 1000 + k);
          const dims = { rows: 3, cols: 5 };
          const inner = numLabels - 1;
          const search = {
            dims,
            numLabels,
            k,
            x: quarters(rng, 15).map((v) => v * scale),
            children: randomTree(rng, numLabels),
            weight: quarters(rng, inner * 5),
            bias: quarters(rng, inner).map((v) => v * scale),
            scratch: new Uint32Array(2 * numLabels).fill(7),
          };
          const run = found(3, k, (...out) => kernels.treeTopLabels(search, ...out));
          const [logits, scores] = [unwritten(3 * inner), unwritten(3 * numLabels)];
          const gemm = { m: 3, n: inner, k: 5, transposeB: true };
          kernels.gemm(gemm, search.x, search.weight, logits, "overwrite");
          kernels.addBias({ rows: 3, cols: inner }, search.bias, logits);
          kernels.treeLogProbabilities(3, numLabels, search.children, logits, unwritten(numLabels), scores);
          expect(run).toEqual(
            found(3, k, (...out) => kernels.topColumns({ rows: 3, cols: numLabels }, k, scores, ...out)),
          );
        }
      }
    }
  });
});
