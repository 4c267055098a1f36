/**
 * @file Does every module keep the contract of src/nn/module.ts? One row of CASES a module, the same checks for all.
 *
 * A new module is a new row: how it is built, what it is given for a batch of `rows` rows, the shape of its output, and
 * an input that it must refuse. Whether its gradients are right is checked in test/gradients/.
 */
import { describe, expect, it } from "vitest";
import { ConfigError, Rng, ShapeError } from "../../src/core/index.js";
import type { Kernels } from "../../src/kernels/contract.js";
import { createReferenceKernels } from "../../src/kernels/index.js";
import {
  type AnyModule,
  BatchNormalization,
  Bilinear,
  CAddTable,
  CMulTable,
  Concat,
  ConcatTable,
  CSubTable,
  Dropout,
  ELU,
  EmbeddingBag,
  HardTanh,
  Identity,
  JoinTable,
  LayerNormalization,
  LeakyReLU,
  Linear,
  LogSigmoid,
  LogSoftMax,
  LookupTable,
  Maxout,
  Parallel,
  ParallelTable,
  ReLU,
  SampledLinear,
  SelectTable,
  Sequential,
  Sigmoid,
  SoftMax,
  SoftPlus,
  SparseLinear,
  SparselyGatedMixtureOfExperts,
  SpatialAveragePooling,
  SpatialConvolution,
  SpatialConvolutionLocal,
  SpatialCrossMapNormalization,
  SpatialMaxPooling,
  SplitTable,
  type Table,
  Tanh,
  type Tensor,
  View,
} from "../../src/nn/index.js";
import { denseGradient, elements, sparseBatch, testTensor } from "../gradients/check-gradients.js";

interface Case {
  /** The class; a variant may follow after a space. */
  readonly name: string;
  readonly build: (kernels: Kernels) => AnyModule;
  /** What it is given for a batch of `rows` rows. */
  readonly input: (rows: number) => unknown;
  /** Shape of the output, or of each tensor of the output's table. */
  readonly output: (rows: number) => readonly number[] | readonly (readonly number[])[];
  /** An input that it refuses; null for a module that takes anything. */
  readonly wrong: unknown;
}

const reference: Kernels = createReferenceKernels();
const rng = (): Rng => Rng.derive(4, "contract");
const tensor = (...shape: number[]): Tensor => testTensor(reference, shape, 3);
/** Says three rows of four, has less. */
const tooShort: Tensor = { data: new Float32Array(11), shape: [3, 4] };
const sparse = (rows: number, numCols = 5): unknown =>
  sparseBatch(
    reference,
    numCols,
    Array.from({ length: rows }, (_, i) => [[i % numCols, 0.5] as const, [(i + 2) % numCols, -1] as const]),
  );
const ids = (...shape: number[]): unknown => {
  const count = shape.reduce((a, b) => a * b, 1);
  return { data: Uint32Array.from({ length: count }, (_, i) => (i * 3) % 7), shape };
};
const linear = (kernels: Kernels, outputs = 2): Linear => new Linear(kernels, 4, outputs, rng());

/** A module on [N, 4] that keeps the shape and takes any other. */
const pointwise = (name: string, build: (kernels: Kernels) => AnyModule): Case => ({
  name,
  build,
  input: (rows) => tensor(rows, 4),
  output: (rows) => [rows, 4],
  wrong: tooShort,
});

const CASES: readonly Case[] = [
  pointwise("ReLU", (k) => new ReLU(k)),
  pointwise("LeakyReLU", (k) => new LeakyReLU(k)),
  pointwise("ELU", (k) => new ELU(k)),
  pointwise("Tanh", (k) => new Tanh(k)),
  pointwise("HardTanh", (k) => new HardTanh(k)),
  pointwise("Sigmoid", (k) => new Sigmoid(k)),
  pointwise("LogSigmoid", (k) => new LogSigmoid(k)),
  pointwise("SoftPlus", (k) => new SoftPlus(k)),
  pointwise("SoftMax", (k) => new SoftMax(k)),
  pointwise("LogSoftMax", (k) => new LogSoftMax(k)),
  pointwise("Dropout", (k) => new Dropout(k, 0.5, { nextUint32: () => 7 })),
  { ...pointwise("Identity", () => new Identity()), wrong: null },
  pointwise("BatchNormalization", (k) => new BatchNormalization(k, 4)),
  { ...pointwise("BatchNormalization with 5", (k) => new BatchNormalization(k, 4)), wrong: tensor(3, 5) },
  {
    name: "BatchNormalization of images",
    build: (k) => new BatchNormalization(k, 2),
    input: (rows) => tensor(rows, 2, 3, 3),
    output: (rows) => [rows, 2, 3, 3],
    wrong: tensor(2),
  },
  pointwise("LayerNormalization", (k) => new LayerNormalization(k, 4)),
  { ...pointwise("LayerNormalization with 5", (k) => new LayerNormalization(k, 4)), wrong: tensor(3, 5) },
  {
    name: "Linear",
    build: (k) => linear(k),
    input: (rows) => tensor(rows, 4),
    output: (rows) => [rows, 2],
    wrong: tensor(3, 5),
  },
  {
    name: "SampledLinear",
    build: (k) => new SampledLinear(k, 4, 6, rng()),
    input: (rows) => tensor(rows, 4),
    output: (rows) => [rows, 6],
    wrong: tensor(3, 5),
  },
  {
    name: "SparseLinear",
    build: (k) => new SparseLinear(k, 5, 3, rng()),
    input: sparse,
    output: (rows) => [rows, 3],
    wrong: sparse(2, 6),
  },
  ...(["sum", "mean", "sqrtN"] as const).map((mode) => ({
    name: `EmbeddingBag ${mode}`,
    build: (k: Kernels) => new EmbeddingBag(k, 5, 3, rng(), { mode }),
    input: sparse,
    output: (rows: number) => [rows, 3],
    wrong: sparse(2, 6),
  })),
  {
    name: "LookupTable",
    build: (k) => new LookupTable(k, 7, 3, rng()),
    input: (rows) => ids(rows),
    output: (rows) => [rows, 3],
    wrong: { data: Uint32Array.of(2, 7), shape: [2] },
  },
  {
    name: "LookupTable of sequences",
    build: (k) => new LookupTable(k, 7, 3, rng()),
    input: (rows) => ids(rows, 4),
    output: (rows) => [rows, 4, 3],
    wrong: { data: Uint32Array.of(2), shape: [1, 2] },
  },
  {
    name: "Maxout",
    build: (k) => new Maxout(k, 4, 3, 2, rng()),
    input: (rows) => tensor(rows, 4),
    output: (rows) => [rows, 3],
    wrong: tensor(3, 5),
  },
  {
    name: "Bilinear",
    build: (k) => new Bilinear(k, 4, 3, 2, rng()),
    input: (rows) => [tensor(rows, 4), tensor(rows, 3)],
    output: (rows) => [rows, 2],
    wrong: [tensor(3, 4), tensor(2, 3)],
  },
  {
    name: "SparselyGatedMixtureOfExperts",
    build: (k) => {
      const expert = (): Linear => linear(k, 3);
      const module = new SparselyGatedMixtureOfExperts(k, 4, 3, rng(), { numExperts: 3, expert });
      module.gate.rng = { nextUint32: () => 5 };
      return module;
    },
    input: (rows) => tensor(rows, 4),
    output: (rows) => [rows, 3],
    wrong: tensor(3, 5),
  },
  {
    name: "View",
    build: () => new View(2, -1),
    input: (rows) => tensor(rows, 6),
    output: (rows) => [rows, 2, 3],
    wrong: tensor(2, 7),
  },
  {
    name: "Sequential",
    build: (k) => new Sequential(linear(k, 3), new Tanh(k), new Linear(k, 3, 2, rng())),
    input: (rows) => tensor(rows, 4),
    output: (rows) => [rows, 2],
    wrong: tensor(3, 5),
  },
  {
    name: "Concat",
    build: (k) => new Concat(k, 1, linear(k, 2), linear(k, 3)),
    input: (rows) => tensor(rows, 4),
    output: (rows) => [rows, 5],
    wrong: tensor(3, 5),
  },
  {
    name: "ConcatTable",
    build: (k) => new ConcatTable(k, linear(k, 2), linear(k, 3)),
    input: (rows) => tensor(rows, 4),
    output: (rows) => [
      [rows, 2],
      [rows, 3],
    ],
    wrong: tensor(3, 5),
  },
  {
    name: "Parallel",
    build: (k) => new Parallel(k, { inputDimension: 1, outputDimension: -1 }, linear(k, 2), linear(k, 3)),
    input: (rows) => tensor(rows, 2, 4),
    output: (rows) => [rows, 5],
    wrong: tensor(2, 3, 4),
  },
  {
    name: "ParallelTable",
    build: (k) => new ParallelTable(linear(k, 2), linear(k, 3)),
    input: (rows) => [tensor(rows, 4), tensor(rows, 4)],
    output: (rows) => [
      [rows, 2],
      [rows, 3],
    ],
    wrong: [tensor(3, 4)],
  },
  {
    name: "JoinTable",
    build: (k) => new JoinTable(k, 1),
    input: (rows) => [tensor(rows, 4), tensor(rows, 3)],
    output: (rows) => [rows, 7],
    wrong: [tensor(3, 4), tensor(2, 4)],
  },
  {
    name: "SplitTable",
    build: (k) => new SplitTable(k, 1),
    input: (rows) => tensor(rows, 2, 3),
    output: (rows) => [
      [rows, 3],
      [rows, 3],
    ],
    wrong: tensor(4),
  },
  {
    name: "SelectTable",
    build: (k) => new SelectTable(k, 1),
    input: (rows) => [tensor(rows, 4), tensor(rows, 3)],
    output: (rows) => [rows, 3],
    wrong: [tensor(3, 4)],
  },
  {
    name: "SpatialConvolution",
    build: (k) => new SpatialConvolution(k, 2, 3, 3, rng(), { padding: 1, stride: 2 }),
    input: (rows) => tensor(rows, 2, 5, 6),
    output: (rows) => [rows, 3, 3, 3],
    wrong: tensor(2, 3, 5, 6),
  },
  {
    name: "SpatialConvolutionLocal",
    build: (k) => new SpatialConvolutionLocal(k, 2, 3, [5, 6], 3, rng(), { padding: 1, stride: 2 }),
    input: (rows) => tensor(rows, 2, 5, 6),
    output: (rows) => [rows, 3, 3, 3],
    wrong: tensor(2, 2, 6, 5),
  },
  ...[
    { name: "SpatialMaxPooling", build: (k: Kernels) => new SpatialMaxPooling(k, 2) },
    { name: "SpatialAveragePooling", build: (k: Kernels) => new SpatialAveragePooling(k, 2) },
  ].map((part) => ({
    ...part,
    input: (rows: number) => tensor(rows, 2, 5, 6),
    output: (rows: number) => [rows, 2, 2, 3],
    wrong: tensor(2, 2, 1, 6),
  })),
  {
    name: "SpatialCrossMapNormalization",
    build: (k) => new SpatialCrossMapNormalization(k),
    input: (rows) => tensor(rows, 7, 2, 3),
    output: (rows) => [rows, 7, 2, 3],
    wrong: tensor(2, 7),
  },
  ...[
    { name: "CAddTable", build: (k: Kernels) => new CAddTable(k) },
    { name: "CSubTable", build: (k: Kernels) => new CSubTable(k) },
    { name: "CMulTable", build: (k: Kernels) => new CMulTable(k) },
  ].map((part) => ({
    ...part,
    input: (rows: number) => [tensor(rows, 4), tensor(rows, 4)],
    output: (rows: number) => [rows, 4],
    wrong: [tensor(3, 4), tensor(3, 5)],
  })),
];

const tensorsOf = (value: unknown): Table => (Array.isArray(value) ? (value as Table) : [value as Tensor]);
const numbersOf = (value: unknown): number[] =>
  tensorsOf(value).flatMap((part) => [...part.data.subarray(0, elements(part))]);
const shapesOf = (shape: readonly number[] | readonly (readonly number[])[]): readonly (readonly number[])[] =>
  Array.isArray(shape[0]) ? (shape as readonly number[][]) : [shape as readonly number[]];
/** A gradient of the shape of `output`, single or table as that is. */
function gradientOf(output: unknown): unknown {
  const grads = tensorsOf(output).map(({ shape }) => testTensor(reference, [...shape], 5));
  return Array.isArray(output) ? grads : grads[0];
}

describe.each(CASES)("$name", ({ name, build, input, output, wrong }) => {
  const className = name.split(" ")[0];

  it.each([0, 1, 3, 2, 8])("gives the shape promised for %i rows, forward and backward", (rows) => {
    const module = build(reference);
    for (const batch of [1, rows]) {
      const given = input(batch);
      const result = module.forward(given);
      expect(tensorsOf(result).map(({ shape }) => [...shape])).toEqual(shapesOf(output(batch)));
      for (const part of tensorsOf(result)) expect(part.data.length).toBeGreaterThanOrEqual(elements(part));
      module.zeroGradParameters();
      const grad = module.backward(given, gradientOf(result));
      if (grad === null) continue;
      const shapes = tensorsOf(given).map(({ shape }) => [...shape]);
      expect(tensorsOf(grad).map(({ shape }) => [...shape])).toEqual(shapes);
      expect(numbersOf(grad).every(Number.isFinite)).toBe(true);
    }
  });

  it("gives a large batch the same numbers after a small one", () => {
    const [grown, fresh] = [build(reference), build(reference)];
    grown.forward(input(2));
    expect(numbersOf(grown.forward(input(9)))).toEqual(numbersOf(fresh.forward(input(9))));
  });

  it("leaves its input alone and overwrites what buffers held", () => {
    const module = build(reference);
    const given = input(3) as { readonly data?: { slice(): unknown } };
    const before = given.data?.slice();
    const first = module.forward(given);
    const expected = numbersOf(first);
    const grad = gradientOf(first);
    const expectedGrad = module.backward(given, grad);
    const kept = expectedGrad === null ? [] : numbersOf(expectedGrad);
    const isOwn = (part: Tensor): boolean => !tensorsOf(given).some(({ data }) => data === part.data);
    for (const part of tensorsOf(first).filter(isOwn)) part.data.fill(Number.NaN);
    const second = module.forward(given);
    expect(numbersOf(second)).toEqual(expected);
    const secondGrad = module.backward(given, gradientOf(second));
    expect(secondGrad === null ? [] : numbersOf(secondGrad)).toEqual(kept);
    if (before !== undefined) expect(given.data?.slice()).toEqual(before);
  });

  it("asks for no memory once it saw a batch, and keeps its output's array", () => {
    let allocations = 0;
    const count = <T>(array: T): T => {
      allocations++;
      return array;
    };
    const counting: Kernels = Object.create(reference, {
      f32: { value: (n: number) => count(reference.f32(n)) },
      u32: { value: (n: number) => count(reference.u32(n)) },
      u8: { value: (n: number) => count(reference.u8(n)) },
    });
    const module = build(counting);
    const given = input(6);
    const step = (batch: unknown): Float32Array[] => {
      module.zeroGradParameters();
      const result = module.forward(batch);
      module.backward(batch, gradientOf(result));
      return tensorsOf(result).map(({ data }) => data);
    };
    const arrays = step(given);
    allocations = 0;
    step(given).forEach((data, i) => {
      expect(data).toBe(arrays[i]);
    });
    step(input(4));
    step(given);
    expect(allocations).toBe(0);
  });

  it("evaluates without chance or memory, and returns to training", () => {
    const module = build(reference);
    const given = input(3);
    module.setMode("evaluate");
    const first = numbersOf(module.forward(given));
    expect(numbersOf(module.forward(given))).toEqual(first);
    module.setMode("train");
    const trained = numbersOf(module.forward(given));
    expect(trained).toEqual(numbersOf(build(reference).forward(given)));
  });

  it("adds dense gradients, replaces row-sparse ones, and zeroes both", () => {
    const module = build(reference);
    const given = input(3);
    const grad = gradientOf(module.forward(given));
    const trainable = module.parameters().filter((parameter) => parameter.trainable);
    module.zeroGradParameters();
    module.backward(given, grad);
    const once = trainable.map((parameter) => [...denseGradient(parameter)]);
    module.forward(given);
    module.backward(given, grad);
    trainable.forEach((parameter, p) => {
      const factor = parameter.grad.kind === "dense" ? 2 : 1;
      expect(once[p].some((g) => g !== 0)).toBe(true);
      denseGradient(parameter).forEach((g, i) => {
        // Added to in another order, or in one go: a few roundings.
        expect(Math.abs(g - factor * once[p][i])).toBeLessThanOrEqual(2 ** -20 * Math.max(1, Math.abs(g)));
      });
    });
    module.zeroGradParameters();
    for (const parameter of module.parameters()) expect([...denseGradient(parameter)].every((g) => g === 0)).toBe(true);
  });

  it("names its parameters, each once", () => {
    const names = build(reference)
      .parameters()
      .map((parameter) => parameter.name);
    expect(new Set(names).size).toBe(names.length);
    expect(names.every((text) => /^(\d+\.)*[a-z][A-Za-z]*$/.test(text))).toBe(true);
  });

  it.skipIf(wrong === null)("refuses an input that does not fit, in words that name it", () => {
    const module = build(reference);
    let error: unknown = null;
    try {
      module.forward(wrong);
    } catch (thrown) {
      error = thrown;
    }
    expect(error instanceof ShapeError || error instanceof ConfigError).toBe(true);
    const { message } = error as Error;
    expect(message.startsWith(className)).toBe(true);
    expect(message).toMatch(/expected .*got .*; ./);
  });

  it.skipIf(wrong === null)("refuses a gradient that does not fit, in words that name it", () => {
    const module = build(reference);
    const given = input(3);
    const result = module.forward(given);
    if (result === given) return;
    const odd = tensorsOf(result).map(() => tensor(3, 13));
    expect(() => module.backward(given, Array.isArray(result) ? odd : odd[0])).toThrow(
      new RegExp(`^${className}.*expected`),
    );
  });
});
