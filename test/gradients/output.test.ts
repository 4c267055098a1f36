/** @file Finite differences for every output layer, on every backend. */
import { describe, expect, it } from "vitest";
import { Rng } from "../../src/core/rng.js";
import {
  clustersByCount,
  clustersOfAssignment,
  FullSoftMax,
  HierarchicalSoftMax,
  HuffmanSoftMax,
  OneVsAll,
} from "../../src/nn/index.js";
import { describeBackends } from "./backends.js";
import { sparseBatch, testTensor } from "./check-gradients.js";
import { checkOutput } from "./check-output.js";

const H = 5;
const L = 12;
/** Weights in [−½, ½). */
const WIDE = { init: "uniform", gain: 0.5, bias: 0.25 } as const;
const COUNTS = Float64Array.from({ length: L }, (_, label) => Math.round(1000 / (label + 1) ** 2));

describeBackends("gradients of output layers", (kernels) => {
  const rng = (): Rng => Rng.derive(6, "output");
  /** Rows of several labels, one, none, and of mass 2; label 3 in two rows. */
  const target = sparseBatch(kernels, L, [
    [
      [3, 0.5],
      [0, 0.25],
      [11, 0.25],
    ],
    [[7, 1]],
    [],
    [
      [3, 1],
      [4, 1],
    ],
  ]);
  const common = { target, mass: 2, largest: 0.5 };
  const input = (): { data: Float32Array; shape: readonly number[] } => testTensor(kernels, [4, H], 21);

  it("FullSoftMax", () => {
    const criterion = new FullSoftMax(kernels, H, L, rng(), WIDE);
    checkOutput({ ...common, criterion, input: input(), levels: 1 });
  });

  it("OneVsAll", () => {
    const criterion = new OneVsAll(kernels, H, L, rng(), WIDE);
    // L logistic losses a row, whatever its mass.
    checkOutput({ ...common, criterion, input: input(), mass: L, levels: 1 });
  });

  it.each([1, 3, 5, 12])("HierarchicalSoftMax, %i clusters", (numClusters) => {
    const criterion = new HierarchicalSoftMax(kernels, H, L, rng(), { ...WIDE, numClusters, counts: COUNTS });
    const idle = numClusters === 1 ? ["clusterWeight", "clusterBias"] : numClusters === L ? ["weight", "bias"] : [];
    checkOutput({ ...common, criterion, input: input(), levels: 2, idle });
  });

  it("HierarchicalSoftMax on given clusters; only rows of clusters asked for have gradients", () => {
    const clusters = clustersOfAssignment([0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3], 4);
    const criterion = new HierarchicalSoftMax(kernels, H, L, rng(), { ...WIDE, clusters });
    checkOutput({ ...common, criterion, input: input(), levels: 2 });
    const { grad } = criterion.weight;
    if (grad.kind !== "rows") throw new Error("expected a row-sparse gradient");
    // Labels 3, 7, 11 and 0, 4 are in clusters 3 and 0: places 9 … 11 and 0 … 2.
    expect([...grad.ids.subarray(0, grad.count)].sort((a, b) => a - b)).toEqual([0, 1, 2, 9, 10, 11]);
  });

  it.each(["balanced", "skewed"])("HuffmanSoftMax, %s", (tree) => {
    const counts = tree === "skewed" ? COUNTS : null;
    const criterion = new HuffmanSoftMax(kernels, H, L, rng(), { ...WIDE, counts });
    checkOutput({ ...common, criterion, input: input(), levels: criterion.code.maxDepth });
    const { grad } = criterion.weight;
    if (grad.kind !== "rows") throw new Error("expected a row-sparse gradient");
    const onPaths = new Set(
      [3, 0, 11, 7, 4].flatMap((label) => {
        const { offsets, columns } = criterion.code.paths;
        return [...columns.subarray(offsets[label], offsets[label + 1])];
      }),
    );
    expect(new Set(grad.ids.subarray(0, grad.count))).toEqual(onPaths);
  });

  it("a second backward adds to dense gradients and replaces row-sparse ones; no rows, no gradients", () => {
    const criterion = new HierarchicalSoftMax(kernels, H, L, rng(), { ...WIDE, numClusters: 3 });
    const x = input();
    criterion.zeroGradParameters();
    criterion.forward(x, target);
    criterion.backward(x, target);
    const [dense, , sparse] = criterion.parameters().map(({ grad }) => [...grad.values]);
    criterion.forward(x, target);
    criterion.backward(x, target);
    const [twice, , again] = criterion.parameters().map(({ grad }) => [...grad.values]);
    // The second sum goes on where the first stopped: at most twice the batch's rows of numbers below 1 are rounded.
    for (const [i, g] of dense.entries()) expect(Math.abs(twice[i] - 2 * g)).toBeLessThan(16 * 2 ** -24);
    expect(again).toEqual(sparse);

    const none = sparseBatch(kernels, L, []);
    const empty = { data: kernels.f32(0), shape: [0, H] };
    expect(criterion.forward(empty, none)).toBe(0);
    expect(criterion.backward(empty, none).shape).toEqual([0, H]);
    expect(criterion.weight.grad.kind === "rows" && criterion.weight.grad.count).toBe(0);
  });
});

describe("clustersByCount", () => {
  it("cuts labels of like frequency, frequent ones into small clusters", () => {
    const { offsets, order } = clustersByCount(COUNTS, 4);
    expect([...order]).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
    const sizes = Array.from({ length: 4 }, (_, c) => offsets[c + 1] - offsets[c]);
    expect(sizes[0]).toBe(1);
    expect(sizes).toEqual([...sizes].sort((a, b) => a - b));
  });
});
