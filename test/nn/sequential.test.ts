/** @file Containers: names of parameters, paths of errors, modes; and parameters as one flat vector. */
import { describe, expect, it } from "vitest";
import { ConfigError, Rng, ShapeError } from "../../src/core/index.js";
import type { Kernels } from "../../src/kernels/contract.js";
import { createReferenceKernels } from "../../src/kernels/index.js";
import {
  DenseGradient,
  Dropout,
  flatten,
  Linear,
  ReLU,
  SampledLinear,
  Sequential,
  SoftMaxCrossEntropyCriterion,
  SparseLinear,
} from "../../src/nn/index.js";
import { Adam } from "../../src/optim/index.js";
import { sparseBatch, testTensor } from "../gradients/check-gradients.js";

const kernels: Kernels = createReferenceKernels();

const rng = (): Rng => Rng.derive(2, "sequential");
const names = (module: Sequential): string[] => module.parameters().map((p) => p.name);

describe("Sequential", () => {
  it("prefixes names with positions, once per level", () => {
    const inner = new Sequential(new Linear(kernels, 3, 2, rng()), new ReLU(kernels));
    const outer = new Sequential(new ReLU(kernels), inner, new Linear(kernels, 2, 2, rng()));
    expect(names(outer)).toEqual(["1.0.weight", "1.0.bias", "2.weight", "2.bias"]);
  });

  it("puts its path in front of errors of shape", () => {
    const wrong = new Sequential(new Linear(kernels, 3, 2, rng()), new ReLU(kernels), new Linear(kernels, 4, 2, rng()));
    const input = testTensor(kernels, [5, 3], 1);
    expect(() => wrong.forward(input)).toThrow(ShapeError);
    expect(() => wrong.forward(input)).toThrow(
      /^Sequential\[2\] › Linear\.forward: expected input \[N, 4\], got \[5, 2\]; /,
    );
    const outer = new Sequential(new ReLU(kernels), wrong);
    expect(() => outer.forward(input)).toThrow(/^Sequential\[1\] › Sequential\[2\] › Linear\.forward/);
  });

  it("puts its path in front of errors in backward", () => {
    const module = new Sequential(new ReLU(kernels), new Linear(kernels, 3, 2, rng()));
    const input = testTensor(kernels, [5, 3], 1);
    module.forward(input);
    expect(() => module.backward(input, testTensor(kernels, [5, 3], 1))).toThrow(/^Sequential\[1\] › Linear\.backward/);
    const cut = new Sequential(new ReLU(kernels), new Linear(kernels, 3, 2, rng(), { gradInput: false }));
    cut.forward(input);
    expect(() => cut.backward(input, testTensor(kernels, [5, 2], 1))).toThrow("only the first module may skip it");
  });

  it("returns null for sparse inputs", () => {
    const module = new Sequential(new SparseLinear(kernels, 4, 2, rng()), new ReLU(kernels));
    const batch = sparseBatch(kernels, 4, [[[1, 1]]]);
    module.forward(batch);
    expect(module.backward(batch, testTensor(kernels, [1, 2], 1))).toBe(null);
  });

  it("passes the mode on", () => {
    const dropout = new Dropout(kernels, 0.5, rng());
    const module = new Sequential(new Sequential(dropout));
    const input = testTensor(kernels, [5, 3], 1);
    module.setMode("evaluate");
    expect(module.forward(input)).toBe(input);
  });

  it("asks for no memory once it saw the largest batch", () => {
    let allocations = 0;
    const count = <T>(array: T): T => {
      allocations++;
      return array;
    };
    const counting: Kernels = Object.create(kernels, {
      f32: { value: (n: number) => count(kernels.f32(n)) },
      u32: { value: (n: number) => count(kernels.u32(n)) },
    });
    const module = new Sequential(
      new SparseLinear(counting, 9, 4, rng()),
      new ReLU(counting),
      new Dropout(counting, 0.5, rng()),
      new SampledLinear(counting, 4, 6, rng()),
    );
    const flat = flatten(counting, module.parameters());
    const criterion = new SoftMaxCrossEntropyCriterion(counting);
    const optimizer = new Adam(counting);
    const step = (rows: number): void => {
      const batch = sparseBatch(
        kernels,
        9,
        Array.from({ length: rows }, (_, i) => [[(5 * i) % 9, 1] as const, [(5 * i + 1) % 9, 2] as const]),
      );
      const targets = sparseBatch(
        kernels,
        6,
        Array.from({ length: rows }, (_, i) => [[i % 6, 1] as const]),
      );
      module.zeroGradParameters();
      const logits = module.forward(batch);
      criterion.forward(logits, targets);
      module.backward(batch, criterion.backward(logits, targets));
      optimizer.step(flat);
    };
    step(8);
    expect(allocations).toBeGreaterThan(0);
    allocations = 0;
    for (const rows of [8, 3, 0, 7, 8]) step(rows);
    expect(allocations).toBe(0);
  });

  it("refuses the same module twice", () => {
    const layer = new Linear(kernels, 3, 3, rng());
    expect(() => new Sequential(layer, layer)).toThrow(ConfigError);
  });
});

describe("flatten", () => {
  it("keeps values, re-points views and leaves outputs as they were", () => {
    const module = new Sequential(new SparseLinear(kernels, 4, 3, rng()), new Linear(kernels, 3, 2, rng()));
    const batch = sparseBatch(kernels, 4, [[[1, 1]], [[2, -0.5]]]);
    const before = [...module.forward(batch).data];
    const values = module.parameters().flatMap((p) => [...p.value]);
    const flat = flatten(kernels, module.parameters());
    expect([...flat.value]).toEqual(values);
    expect(flat.offsets).toEqual([0, 12, 15, 21]);
    for (const p of module.parameters()) expect(p.value.buffer).toBe(flat.value.buffer);
    expect([...module.forward(batch).data]).toEqual(before);
    flat.value.fill(0);
    expect([...module.forward(batch).data].every((y) => y === 0)).toBe(true);
  });

  it("tells rows and columns of a parameter", () => {
    const layer = new SparseLinear(kernels, 4, 3, rng());
    expect([layer.weight.size, layer.weight.cols]).toEqual([12, 3]);
    expect([layer.bias.size, layer.bias.cols]).toEqual([3, 1]);
  });
});

describe("DenseGradient", () => {
  it("puts zeroing off, but never shows old numbers", () => {
    const gradient = new DenseGradient(Float32Array.of(1, 2));
    expect(gradient.beginAccumulate()).toBe("accumulate");
    gradient.zero();
    expect(gradient.beginAccumulate()).toBe("overwrite");
    gradient.values.set([3, 4]);
    expect(gradient.beginAccumulate()).toBe("accumulate");
    expect([...gradient.values]).toEqual([3, 4]);
    gradient.zero();
    expect([...gradient.values]).toEqual([0, 0]);
    expect(gradient.beginAccumulate()).toBe("accumulate");
  });

  it("takes another array as it is", () => {
    const gradient = new DenseGradient(Float32Array.of(1, 2));
    gradient.zero();
    gradient.values = Float32Array.of(5, 6);
    expect([...gradient.values]).toEqual([5, 6]);
  });
});
