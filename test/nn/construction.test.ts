/** @file What happens to a caller without a compiler who leaves out kernels, or gives modules where something else belongs? */
import { describe, expect, it } from "vitest";
import { ConfigError, Rng, ShapeError } from "../../src/core/index.js";
import { createReferenceKernels } from "../../src/kernels/index.js";
import * as nn from "../../src/nn/index.js";

/** The classes as JavaScript sees them: any argument goes. */
type Loose = new (...args: unknown[]) => unknown;
const loose = nn as unknown as Readonly<Record<string, Loose>>;
const kernels = createReferenceKernels();
const linear = (): nn.Linear => new nn.Linear(kernels, 3, 3, new Rng(1));
const make = (name: string, ...args: unknown[]): (() => unknown) => {
  return () => new loose[name](...args);
};

describe("containers", () => {
  it.each([
    [
      "ConcatTable",
      [new nn.Identity(), linear()],
      /^ConcatTable: expected kernels as the first argument, got Identity; ./,
    ],
    ["ConcatTable", [null, linear()], /^ConcatTable: expected kernels .*got null/],
    ["Concat", [1, linear(), linear()], /^Concat: expected kernels .*got 1/],
    ["Concat", [kernels, linear(), linear()], /^Concat: expected a whole number as dimension/],
    ["Parallel", [{ inputDimension: 1, outputDimension: 1 }, linear()], /^Parallel: expected kernels .*got Object/],
    ["ParallelTable", [kernels, linear()], /^ParallelTable: expected modules, got Object as module 0; ./],
    ["Sequential", [kernels, linear()], /^Sequential: expected modules, got Object as module 0/],
    ["Sequential", [[linear(), linear()]], /^Sequential: expected modules, got Array as module 0/],
    ["Sequential", [linear(), undefined], /^Sequential: expected modules, got undefined as module 1/],
    ["ConcatTable", [kernels, linear(), "tanh"], /^ConcatTable: expected modules, got tanh as module 1/],
    [
      "SparselyGatedMixtureOfExperts",
      [kernels, 3, 3, new Rng(1), { expert: () => null }],
      /^SparselyGatedMixtureOfExperts: expected modules, got null as module 0/,
    ],
  ])("%s %#: says at once what it got", (name, args, message) => {
    expect(make(name, ...args)).toThrow(ConfigError);
    expect(make(name, ...args)).toThrow(message);
  });
});

describe("modules that begin with kernels", () => {
  it.each(["CAddTable", "CMulTable", "CSubTable", "ReLU", "Tanh", "SoftMax"])("%s without them", (name) => {
    expect(make(name)).toThrow(/expected kernels as the first argument, got undefined/);
    expect(make(name, linear(), linear())).toThrow(/expected kernels as the first argument, got Linear/);
  });

  it.each([
    ["JoinTable", [linear(), 1]],
    ["SplitTable", [linear(), 1]],
    ["SelectTable", [linear(), 1]],
    ["Linear", [linear(), 3, 2, new Rng(1)]],
    ["MSECriterion", []],
  ])("%s with something else in their place", (name, args) => {
    expect(make(name, ...args)).toThrow(ConfigError);
    expect(make(name, ...args)).toThrow(/expected kernels as the first argument, got /);
  });
});

describe("arrays of another kind", () => {
  const rng = new Rng(1);
  const doubles = { data: new Float64Array(6), shape: [2, 3] };
  const bytes = { data: new Uint8Array(6), shape: [2, 3] };
  const plain = { data: [1, 2, 3, 4, 5, 6], shape: [2, 3] };
  const numbers = { data: new Float32Array(6), shape: [2, 3] };
  const ids = { data: new Uint32Array(2), shape: [2] };
  type AnyForward = { forward(...inputs: unknown[]): unknown };

  // Native kernels would read four bytes of each of them, whatever they are.
  it.each([
    ["Linear", () => new nn.Linear(kernels, 3, 2, rng)],
    ["Tanh", () => new nn.Tanh(kernels)],
    ["BatchNormalization", () => new nn.BatchNormalization(kernels, 3)],
    ["LayerNormalization", () => new nn.LayerNormalization(kernels, 3)],
    ["Sequential", () => new nn.Sequential(new nn.View(3), new nn.Tanh(kernels))],
  ])("%s refuses to read them", (name, build) => {
    for (const input of [doubles, bytes, plain]) {
      const { forward } = build() as unknown as AnyForward;
      expect(() => forward.call(build(), input)).toThrow(ShapeError);
      expect(() => forward.call(build(), input)).toThrow(
        new RegExp(`^${name}.*expected numbers in a Float32Array, got ${input.data.constructor.name}; .`),
      );
    }
  });

  it("criteria refuse them as inputs, targets and classes", () => {
    const mse = new nn.MSECriterion(kernels) as unknown as AnyForward;
    expect(() => mse.forward(numbers, doubles)).toThrow(/^MSECriterion.*Float32Array, got Float64Array/);
    const nll = new nn.ClassNLLCriterion(kernels) as unknown as AnyForward;
    expect(() => nll.forward(plain, ids)).toThrow(/^ClassNLLCriterion.*Float32Array, got Array/);
    expect(() => nll.forward(numbers, { data: new Uint8Array(2), shape: [2] })).toThrow(
      /^ClassNLLCriterion.*expected whole numbers in a Uint32Array, got Uint8Array; ./,
    );
    expect(nll.forward(numbers, ids)).toBeCloseTo(0);
  });

  it("sparse rows are two arrays of whole numbers and one of numbers", () => {
    const layer = new nn.SparseLinear(kernels, 3, 2, rng) as unknown as AnyForward;
    const rows = { numRows: 1, numCols: 3, offsets: Uint32Array.of(0, 1), columns: Uint32Array.of(2) };
    expect(() => layer.forward({ ...rows, values: new Float64Array(1) })).toThrow(
      /^SparseLinear.forward: expected offsets and columns in a Uint32Array, values in a Float32Array, got Uint32Array, Uint32Array, Float64Array; ./,
    );
    expect(() => layer.forward({ ...rows, columns: [2], values: new Float32Array(1) })).toThrow(ShapeError);
  });
});

describe("initial weights", () => {
  it.each([
    [{ init: "normal" }, /expected init to be glorot, he or uniform, got normal; ./],
    [{ gain: Number.NaN }, /expected a finite gain, got NaN; ./],
    [{ bias: Infinity }, /expected a finite bias, got Infinity; ./],
  ])("%o are refused", (options, message) => {
    for (const build of [
      make("Linear", kernels, 3, 2, new Rng(1), options),
      make("Maxout", kernels, 3, 2, 2, new Rng(1), options),
      make("SpatialConvolution", kernels, 1, 2, 3, new Rng(1), options),
      make("HuffmanSoftMax", kernels, 3, 5, new Rng(1), options),
    ]) {
      expect(build).toThrow(ConfigError);
      expect(build).toThrow(message);
    }
  });
});
