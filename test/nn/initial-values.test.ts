/** @file Initial weights are drawn once, where they are to stand, and are the same numbers wherever that is. */
import { describe, expect, it } from "vitest";
import { Rng } from "../../src/core/rng.js";
import type { Kernels } from "../../src/kernels/contract.js";
import { createReferenceKernels } from "../../src/kernels/index.js";
import { DenseGradient, EmbeddingBag, flatten, Linear, Parameter, SparseLinear } from "../../src/nn/index.js";
import { describeBackends } from "../gradients/backends.js";

/** Kernels that note where numbers are drawn. */
function watched(kernels: Kernels): { kernels: Kernels; drawn: Float32Array[] } {
  const drawn: Float32Array[] = [];
  const fillUniform: Kernels["fillUniform"] = (length, low, high, seed, out) => {
    drawn.push(out);
    kernels.fillUniform(length, low, high, seed, out);
  };
  return { kernels: { ...kernels, fillUniform }, drawn };
}

describeBackends("initial weights", (plain) => {
  const layers = {
    Linear: (kernels: Kernels) => new Linear(kernels, 7, 5, Rng.derive(3, "weights")),
    SparseLinear: (kernels: Kernels) => new SparseLinear(kernels, 7, 5, Rng.derive(3, "weights")),
    EmbeddingBag: (kernels: Kernels) => new EmbeddingBag(kernels, 7, 5, Rng.derive(3, "weights")),
  };

  it.each(Object.entries(layers))("%s: flatten draws them in the flat vector, and nowhere else", (_, make) => {
    const { kernels, drawn } = watched(plain);
    const layer = make(kernels);
    expect(drawn.length).toBe(0);
    const { value } = flatten(kernels, layer.parameters());
    expect(drawn.map(({ buffer }) => buffer)).toEqual([value.buffer]);
    expect(layer.weight.value.length).toBe(35);
    expect(layer.weight.value.buffer).toBe(value.buffer);

    const alone = make(plain);
    expect([...layer.weight.value]).toEqual([...alone.weight.value]);
    expect(new Set(layer.weight.value).size).toBeGreaterThan(30);
  });

  it.each(Object.entries(layers))("%s: read or changed before flatten, they are drawn once and move", (_, make) => {
    const { kernels, drawn } = watched(plain);
    const layer = make(kernels);
    layer.weight.value[4] = 2.5;
    const before = layer.weight.value.slice();
    flatten(kernels, layer.parameters());
    expect(drawn.length).toBe(1);
    expect(before[4]).toBe(2.5);
    expect(layer.weight.value).toEqual(before);
  });
});

describe("Parameter", () => {
  const kernels = createReferenceKernels();

  it("takes numbers that replace those it started with, which are then not drawn", () => {
    const initial = {
      length: 2,
      writeInto: () => expect.unreachable("expected no draw"),
    };
    const parameter = new Parameter("weight", [2], initial, new DenseGradient(new Float32Array(2)));
    parameter.value = Float32Array.of(3, 4);
    flatten(kernels, [parameter]);
    expect([...parameter.value]).toEqual([3, 4]);
  });
});
