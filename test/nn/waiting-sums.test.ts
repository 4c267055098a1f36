/** @file Sums of a row-sparse gradient that wait: made when read, taken by Adam without being stored, otherwise the same. */
import { describe, expect, it } from "vitest";
import { Rng } from "../../src/core/rng.js";
import type { Kernels } from "../../src/kernels/contract.js";
import { createReferenceKernels } from "../../src/kernels/index.js";
import { flatten, type RowSparseGradient, SparseLinear } from "../../src/nn/index.js";
import { Adam, Sgd } from "../../src/optim/index.js";
import { describeBackends } from "../gradients/backends.js";
import { testTensor } from "../gradients/check-gradients.js";

const [FEATURES, HIDDEN] = [9, 5];
const batch = {
  numRows: 3,
  numCols: FEATURES,
  offsets: Uint32Array.of(0, 2, 2, 5),
  columns: Uint32Array.of(7, 1, 1, 0, 7),
  values: Float32Array.of(1, -2, 0.5, 3, 0.25),
};

/** A layer after a backward, with its output gradient. */
function layerAfterBackward(kernels: Kernels, mayWait: boolean) {
  const layer = new SparseLinear(kernels, FEATURES, HIDDEN, Rng.derive(4, "waiting"));
  const parameters = flatten(kernels, layer.parameters());
  const grad = layer.weight.grad as RowSparseGradient;
  grad.mayWait = mayWait;
  const gradOutput = testTensor(kernels, [batch.numRows, HIDDEN], 8);
  layer.forward(batch);
  layer.backward(batch, gradOutput);
  return { layer, parameters, grad, gradOutput };
}

const sums = (grad: RowSparseGradient): number[] => [...grad.values.subarray(0, grad.count * HIDDEN)];

describe("waiting sums", () => {
  const kernels = createReferenceKernels();

  it("do not wait unless they may", () => {
    const { grad, gradOutput } = layerAfterBackward(kernels, false);
    const before = sums(grad);
    expect(grad.waiting).toBe(null);
    gradOutput.data.fill(0);
    expect(sums(grad)).toEqual(before);
    expect(before.some((x) => x !== 0)).toBe(true);
  });

  it("are made when read, once", () => {
    const { grad, gradOutput } = layerAfterBackward(kernels, true);
    const { grad: made } = layerAfterBackward(kernels, false);
    expect(grad.waiting).not.toBe(null);
    expect([...grad.ids.subarray(0, grad.count)]).toEqual([7, 1, 0]);
    expect(sums(grad)).toEqual(sums(made));
    expect(grad.waiting).toBe(null);
    gradOutput.data.fill(0);
    expect(sums(grad)).toEqual(sums(made));
  });

  it("are none once gradients are zeroed, and wait again after the next backward", () => {
    const { layer, grad, gradOutput } = layerAfterBackward(kernels, true);
    layer.zeroGradParameters();
    expect(sums(grad)).toEqual([]);
    layer.backward(batch, gradOutput);
    expect(grad.waiting).not.toBe(null);
  });
});

describeBackends("steps with waiting sums", (kernels) => {
  it.each(["adam", "adam, moments of each number", "sgd"])(
    "%s: the bits of a step with sums that are there",
    (rule) => {
      const [waiting, made] = [true, false].map((mayWait) => {
        const { layer, parameters, grad, gradOutput } = layerAfterBackward(kernels, mayWait);
        layer.weight.momentsByRow = rule === "adam";
        const optimizer = rule === "sgd" ? new Sgd(kernels) : new Adam(kernels, { weightDecay: 0.01 });
        const initial = parameters.value.slice();
        for (let step = 0; step < 3; step++) {
          layer.zeroGradParameters();
          layer.backward(batch, gradOutput);
          optimizer.step(parameters);
        }
        expect(parameters.value).not.toEqual(initial);
        return { value: parameters.value, state: optimizer.state(), isStored: grad.waiting === null };
      });
      expect(waiting.isStored).toBe(rule === "sgd");
      expect(made.isStored).toBe(true);
      expect(waiting.value).toEqual(made.value);
      expect(waiting.state).toEqual(made.state);
    },
  );
});
