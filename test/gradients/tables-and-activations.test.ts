/**
 * @file Finite differences for containers, element-wise modules, embeddings, Maxout and Bilinear, on every backend.
 *
 * Bounds of sums stand beside each case. Inputs are in [−1.13, −⅛] ∪ [⅛, 1.13] (testNumbers).
 */
import { describe, expect, it } from "vitest";
import { Rng } from "../../src/core/rng.js";
import {
  Bilinear,
  CAddTable,
  CMulTable,
  Concat,
  ConcatTable,
  CSubTable,
  ELU,
  EmbeddingBag,
  HardTanh,
  Identity,
  type IdTensor,
  type InitOptions,
  JoinTable,
  LeakyReLU,
  Linear,
  LogSigmoid,
  LogSoftMax,
  LookupTable,
  Maxout,
  type Module,
  Parallel,
  ParallelTable,
  SelectTable,
  Sequential,
  Sigmoid,
  SoftMax,
  SoftPlus,
  SparseLinear,
  SplitTable,
  type Table,
  Tanh,
  type Tensor,
  View,
} from "../../src/nn/index.js";
import { describeBackends } from "./backends.js";
import { checkModule, sparseBatch, testTensor } from "./check-gradients.js";

/** Weights in [−1, 1) and biases of ½: a sum of K products with inputs below 1.13 is at most 1.13·K + ½. */
const WIDE: InitOptions = { init: "uniform", gain: 1, bias: 0.5 };

describeBackends("gradients of containers", (kernels) => {
  const rng = (): Rng => Rng.derive(6, "tables");
  const linear = (inputs: number, outputs: number): Linear => new Linear(kernels, inputs, outputs, rng(), WIDE);
  const input = testTensor(kernels, [3, 4], 1);
  const pair: Table = [testTensor(kernels, [3, 4], 1), testTensor(kernels, [3, 4], 2)];

  it("Concat, along the columns", () => {
    const module = new Concat(kernels, 1, linear(4, 2), linear(4, 3), new Identity());
    checkModule(kernels, { module, input, terms: 5, magnitude: 5.1 });
  });

  it("Concat along the batch, from the end", () => {
    const module = new Concat(kernels, -2, linear(4, 2), linear(4, 2));
    checkModule(kernels, { module, input, terms: 5, magnitude: 5.1 });
  });

  it("Concat of one module", () => {
    checkModule(kernels, { module: new Concat(kernels, 1, linear(4, 2)), input, terms: 5, magnitude: 5.1 });
  });

  it("Concat on a table", () => {
    const module = new Concat<Table>(kernels, 1, new CAddTable(kernels), new CSubTable(kernels));
    checkModule(kernels, { module, input: pair, terms: 2, magnitude: 2.3 });
  });

  it("ConcatTable and CAddTable: a residual connection", () => {
    const module = new Sequential(new ConcatTable(kernels, linear(4, 4), new Identity()), new CAddTable(kernels));
    checkModule(kernels, { module, input, terms: 6, magnitude: 6.2 });
  });

  it("ConcatTable on sparse rows has no gradient of its input", () => {
    const sparse = sparseBatch(kernels, 4, [[[1, 0.5]], [[3, -1]]]);
    const branch = (): SparseLinear => new SparseLinear(kernels, 4, 2, rng(), WIDE);
    const module = new Sequential(new ConcatTable(kernels, branch(), branch()), new JoinTable(kernels, 1));
    checkModule(kernels, { module, input: sparse, terms: 2, magnitude: 2 });
  });

  it("ParallelTable and JoinTable", () => {
    const module = new Sequential(new ParallelTable(linear(4, 2), linear(4, 3)), new JoinTable(kernels, 1));
    checkModule(kernels, { module, input: pair, terms: 5, magnitude: 5.1 });
  });

  it("Parallel, slices along the middle", () => {
    const module = new Parallel(kernels, { inputDimension: 1, outputDimension: 1 }, linear(4, 2), linear(4, 3));
    checkModule(kernels, { module, input: testTensor(kernels, [3, 2, 4], 3), terms: 5, magnitude: 5.1 });
  });

  it("SplitTable and CMulTable, three factors", () => {
    const module = new Sequential(new SplitTable(kernels, -1), new CMulTable(kernels));
    checkModule(kernels, { module, input: testTensor(kernels, [2, 5, 3], 4), terms: 3, magnitude: 1.5 });
  });

  it.each([1, 2, 4])("CMulTable of %i tensors", (count) => {
    const tables = Array.from({ length: count }, (_, t) => testTensor(kernels, [2, 3], 20 + t));
    checkModule(kernels, { module: new CMulTable(kernels), input: tables, terms: count, magnitude: 1.7 });
  });

  it("CMulTable where a factor is zero", () => {
    const module = new CMulTable(kernels);
    const table = [1, 2, 3].map((seed) => testTensor(kernels, [1, 2], seed));
    table[1].data[0] = 0;
    module.forward(table);
    const grads = module.backward(table, testTensor(kernels, [1, 2], 9));
    const [g] = testTensor(kernels, [1, 2], 9).data;
    expect([Math.abs(grads[0].data[0]), Math.abs(grads[2].data[0])]).toEqual([0, 0]);
    expect(grads[1].data[0]).toBeCloseTo(g * table[0].data[0] * table[2].data[0], 6);
  });

  it("SelectTable between layers", () => {
    const branches = new ConcatTable(kernels, new Identity(), linear(4, 3), new Identity());
    const module = new Sequential(branches, new SelectTable(kernels, -2), linear(3, 2));
    // Hidden numbers are below 5.1.
    checkModule(kernels, { module, input, terms: 5 + 4, magnitude: 3 * 5.1 + 1 });
  });

  it("SelectTable beside others", () => {
    const select = new SelectTable(kernels, -1);
    expect(select.forward(pair)).toBe(pair[1]);
    const grads = select.backward(pair, input);
    expect([...grads[0].data.subarray(0, 12)]).toEqual(new Array(12).fill(0));
    expect(grads[1]).toBe(input);
  });

  it("View between layers", () => {
    const module = new Sequential(new View(2, -1), new View(4), linear(4, 2));
    checkModule(kernels, { module, input, terms: 5, magnitude: 5.1 });
  });
});

describeBackends("gradients of activations", (kernels) => {
  const step = 2 ** -7;
  const input = testTensor(kernels, [3, 5], 6);
  // Third derivatives: tanh −2(1 − y²)(1 − 3y²), at most 2; sigmoid at most ⅛; logSigmoid and softPlus σ″ ≤ 0.1,
  // times sharpness²; elu alpha·eˣ ≤ alpha. Values are within 8·2⁻²⁴ relative (contract): terms 8.
  it.each([
    ["LeakyReLU", new LeakyReLU(kernels, { negativeSlope: 0.3 }), 0],
    ["ELU", new ELU(kernels, { alpha: 0.8 }), 0.8],
    ["Tanh", new Tanh(kernels), 2],
    ["HardTanh", new HardTanh(kernels, { min: -0.06, max: 2 }), 0],
    ["Sigmoid", new Sigmoid(kernels), 0.125],
    ["LogSigmoid", new LogSigmoid(kernels), 0.1],
    ["SoftPlus", new SoftPlus(kernels, { sharpness: 2 }), 0.4],
  ] as const)("%s", (_, module: Module, thirdDerivative) => {
    checkModule(kernels, { module, input, terms: 8, magnitude: 1.7, step, thirdDerivative });
  });

  // softmax: derivatives of a product of probabilities, |y‴| ≤ ⅛ in its own score, less in others'; logarithms: the
  // third derivative of log Σ, at most 0.1. Contract of activate: 4·2⁻²² and 2e-6·max(1, |y|) = 34·2⁻²⁴·|y|, |y| < 4.
  it.each([
    ["SoftMax", new SoftMax(kernels), 16],
    ["LogSoftMax", new LogSoftMax(kernels), 34 * 4],
  ] as const)("%s along the last of three dimensions", (_, module: Module, terms) => {
    const cube = testTensor(kernels, [2, 2, 3], 8);
    checkModule(kernels, { module, input: cube, terms, magnitude: 1, step: 2 ** -4, thirdDerivative: 0.125 });
  });
});

describeBackends("gradients of embeddings, Maxout and Bilinear", (kernels) => {
  const rng = (): Rng => Rng.derive(7, "layers");

  it("Maxout", () => {
    const module = new Maxout(kernels, 4, 5, 3, rng(), { init: "uniform", gain: 1 });
    // Biases far apart keep each piece's lead: sums of four products stay within 4.6 of 0, which ±½ would not change.
    module.parameters()[1].value.set([9, 0, 0, 9, 0, 0, 9, 0, 0, 9, 0, 0, 9, 0, 0].map((b) => b + 0.25));
    const input = testTensor(kernels, [3, 4], 5);
    module.parameters()[0].value.forEach((w, i, all) => {
      all[i] = w / 2;
    });
    checkModule(kernels, { module, input, terms: 5, magnitude: 12 });
  });

  it.each([[[3]], [[3, 2]]])("LookupTable, ids %j, repeated", (shape) => {
    const module = new LookupTable(kernels, 6, 4, rng(), { spread: 1 });
    const data = kernels.u32(6);
    data.set([5, 0, 5, 2, 5, 0]);
    const input: IdTensor = { data, shape };
    checkModule(kernels, { module, input, terms: 1, magnitude: 1.1 });
    const { grad } = module.weight;
    expect(grad.kind === "rows" && [...grad.ids.subarray(0, grad.count)]).toEqual(
      shape.length === 1 ? [5, 0] : [5, 0, 2],
    );
  });

  it.each(["sum", "mean", "sqrtN"] as const)("EmbeddingBag, %s", (mode) => {
    const module = new EmbeddingBag(kernels, 7, 3, rng(), { spread: 1, mode });
    const input = sparseBatch(kernels, 7, [
      [
        [4, 0.5],
        [0, -0.75],
        [2, 1],
      ],
      [],
      [
        [2, -0.5],
        [5, 0.25],
      ],
    ]);
    checkModule(kernels, { module, input, terms: 5, magnitude: 3 });
    expect([...module.forward(input).data.subarray(3, 6)]).toEqual([0, 0, 0]);
  });

  it.each([
    [3, 4, 5, 2],
    [1, 1, 1, 1],
    [2, 17, 3, 4],
  ])("Bilinear, %i rows of %i and %i → %i", (rows, left, right, outputs) => {
    const module = new Bilinear(kernels, left, right, outputs, rng(), WIDE);
    const input: Table = [testTensor(kernels, [rows, left], 1), testTensor(kernels, [rows, right], 2)];
    checkModule(kernels, { module, input, terms: left * right + 2, magnitude: 1.3 * left * right + 1 });
  });
});

describe("types of containers", () => {
  it("know what the first takes and the last gives", () => {
    // Compiles, or it does not: ids and features side by side, then one matrix.
    const build = (kernels: Parameters<typeof testTensor>[0]): Sequential<readonly [IdTensor, Tensor], Tensor> =>
      new Sequential(
        new ParallelTable<readonly [IdTensor, Tensor]>(
          new LookupTable(kernels, 5, 2, Rng.derive(1)),
          new Linear(kernels, 3, 2, Rng.derive(2)),
        ),
        new JoinTable(kernels, 1),
      );
    expect(build).toBeTypeOf("function");
  });
});
