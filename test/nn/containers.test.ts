/** @file Containers of tables: what they compute, how they name parts and errors, and modules they must refuse. */
import { describe, expect, it } from "vitest";
import { ConfigError, Rng } from "../../src/core/index.js";
import type { Kernels } from "../../src/kernels/contract.js";
import { createReferenceKernels } from "../../src/kernels/index.js";
import {
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
  flatten,
  HardTanh,
  Identity,
  type IdTensor,
  JoinTable,
  LayerNormalization,
  LeakyReLU,
  Linear,
  LookupTable,
  Maxout,
  type Module,
  Parallel,
  ParallelTable,
  SelectTable,
  Sequential,
  SoftPlus,
  SplitTable,
  type Table,
  type Tensor,
  View,
} from "../../src/nn/index.js";
import { Adagrad, Adam, Sgd } from "../../src/optim/index.js";
import { elements, testTensor } from "../gradients/check-gradients.js";

const kernels: Kernels = createReferenceKernels();
const rng = (): Rng => Rng.derive(8, "containers");
const linear = (inputs: number, outputs: number): Linear => new Linear(kernels, inputs, outputs, rng());
const of = (shape: number[], ...values: number[]): Tensor => ({ data: Float32Array.from(values), shape });
const numbers = (tensor: Tensor): number[] => [...tensor.data.subarray(0, elements(tensor))];

describe("containers", () => {
  it("prefix names and error paths once per level", () => {
    const inner = new Sequential(new Identity<Tensor>(), linear(3, 2));
    const module = new Concat(kernels, 1, linear(3, 2), inner);
    expect(module.parameters().map((p) => p.name)).toEqual(["0.weight", "0.bias", "1.1.weight", "1.1.bias"]);
    const outer = new ParallelTable<Table>(
      linear(3, 2),
      new Concat(kernels, 1, linear(3, 2), new Sequential(linear(4, 2))),
    );
    const table = [testTensor(kernels, [2, 3], 1), testTensor(kernels, [2, 3], 1)];
    expect(() => outer.forward(table)).toThrow(
      /^ParallelTable\[1\] › Concat\[1\] › Sequential\[0\] › Linear\.forward: /,
    );
  });

  it("pass the mode on", () => {
    const dropout = new Dropout(kernels, 0.5, rng());
    const module = new ConcatTable(kernels, new Sequential(dropout));
    const input = testTensor(kernels, [5, 3], 1);
    module.setMode("evaluate");
    expect(module.forward(input)[0]).toBe(input);
    module.setMode("train");
    expect(module.forward(input)[0]).not.toBe(input);
  });

  it("refuse no module and one module twice, also without parameters or inside another", () => {
    expect(() => new ConcatTable(kernels)).toThrow("ConcatTable: expected at least one module, got none");
    const identity = new Identity();
    expect(() => new Concat(kernels, 1, identity, identity)).toThrow(ConfigError);
    const layer = linear(3, 3);
    expect(() => new Sequential(layer, new Sequential(layer))).toThrow("expected distinct modules");
  });

  it("carry ids, tables and tensors from module to module", () => {
    const words = new LookupTable(kernels, 5, 2, rng());
    const features = linear(3, 2);
    const model = new Sequential(
      new ParallelTable<readonly [IdTensor, Tensor]>(words, features),
      new JoinTable(kernels, 1),
      linear(4, 1),
    );
    const ids = { data: Uint32Array.of(4, 1), shape: [2] };
    const input = [ids, testTensor(kernels, [2, 3], 2)] as const;
    const output = model.forward(input);
    expect(output.shape).toEqual([2, 1]);
    expect(model.backward(input, output)).toBe(null);
    const { grad } = words.weight;
    expect(grad.kind === "rows" && [...grad.ids.subarray(0, grad.count)]).toEqual([4, 1]);
  });

  it("say that only the first module may skip the gradient of its input", () => {
    const model = new Sequential<Tensor, Table>(
      new Identity<Tensor>(),
      new ConcatTable(kernels, new Linear(kernels, 3, 2, rng(), { gradInput: false })),
    );
    const input = testTensor(kernels, [2, 3], 1);
    expect(() => model.backward(input, model.forward(input))).toThrow(/^Sequential\[1\] › backward: .* only the first/);
  });
});

describe("tables of changing length", () => {
  const table = (length: number): Table => Array.from({ length }, (_, t) => testTensor(kernels, [2, 3], t));

  it.each<[string, (k: Kernels) => Module<unknown, unknown>, (length: number) => unknown]>([
    ["SplitTable", (k) => new SplitTable(k, 1), (length) => testTensor(kernels, [2, length, 3], 1)],
    ["JoinTable", (k) => new JoinTable(k, 1), table],
    ["CMulTable", (k) => new CMulTable(k), table],
    ["SelectTable", (k) => new SelectTable(k, 0), table],
    ["Concat", (k) => new Concat<Table>(k, 1, new CAddTable(k), new CMulTable(k)), table],
  ])("%s asks for memory only for the longest", (_, build, input) => {
    let allocations = 0;
    const counting: Kernels = Object.create(kernels, {
      f32: {
        value: (n: number) => {
          allocations++;
          return kernels.f32(n);
        },
      },
    });
    const module = build(counting);
    const step = (length: number): unknown => {
      const given = input(length);
      const output = module.forward(given);
      return module.backward(given, output);
    };
    const grads = step(5);
    if (Array.isArray(grads)) expect(grads.length).toBe(5);
    allocations = 0;
    for (const length of [2, 5, 1, 3, 5]) {
      const again = step(length);
      if (Array.isArray(again)) expect(again.length).toBe(length);
    }
    expect(allocations).toBe(0);
  });
});

describe("values", () => {
  it("JoinTable and SplitTable undo each other", () => {
    const table = [of([2, 2], 1, 2, 3, 4), of([2, 1], 5, 6)];
    const join = new JoinTable(kernels, 1);
    const joined = join.forward(table);
    expect([joined.shape, numbers(joined)]).toEqual([
      [2, 3],
      [1, 2, 5, 3, 4, 6],
    ]);
    expect(join.backward(table, joined).map(numbers)).toEqual([
      [1, 2, 3, 4],
      [5, 6],
    ]);
    const split = new SplitTable(kernels, 1);
    expect(split.forward(joined).map(numbers)).toEqual([
      [1, 3],
      [2, 4],
      [5, 6],
    ]);
    expect(numbers(split.backward(joined, split.forward(joined)))).toEqual(numbers(joined));
  });

  it("JoinTable along the batch, three dimensions", () => {
    const joined = new JoinTable(kernels, 0).forward([of([1, 2, 1], 1, 2), of([2, 2, 1], 3, 4, 5, 6)]);
    expect([joined.shape, numbers(joined)]).toEqual([
      [3, 2, 1],
      [1, 2, 3, 4, 5, 6],
    ]);
  });

  it("SplitTable copes with another number of slices", () => {
    const split = new SplitTable(kernels, 1);
    expect(split.forward(of([1, 3], 1, 2, 3)).length).toBe(3);
    expect(split.forward(of([1, 2], 1, 2)).map(numbers)).toEqual([[1], [2]]);
    expect(split.forward(of([1, 4], 1, 2, 3, 4)).length).toBe(4);
  });

  it("CAddTable and CSubTable", () => {
    const table = [of([1, 2], 5, 7), of([1, 2], 1, 9)];
    expect(numbers(new CAddTable(kernels).forward([...table, table[0]]))).toEqual([11, 23]);
    const difference = new CSubTable(kernels);
    expect(numbers(difference.forward(table))).toEqual([4, -2]);
    expect(difference.backward(table, of([1, 2], 3, 4)).map(numbers)).toEqual([
      [3, 4],
      [-3, -4],
    ]);
  });

  it("Parallel gives each module its slice", () => {
    const module = new Parallel(kernels, { inputDimension: 0, outputDimension: 0 }, new Identity(), new ELU(kernels));
    const output = module.forward(of([2, 1, 2], 1, 2, 3, 4));
    expect([output.shape, numbers(output)]).toEqual([
      [2, 2],
      [1, 2, 3, 4],
    ]);
    const mixed = new Parallel(
      kernels,
      { inputDimension: 1, outputDimension: 1 },
      linear(3, 2),
      new Linear(kernels, 3, 2, rng(), { gradInput: false }),
    );
    const input = testTensor(kernels, [2, 2, 3], 1);
    expect(() => mixed.backward(input, mixed.forward(input))).toThrow("build all modules with gradInput, or none");
  });

  it("View shares its input's array", () => {
    const input = testTensor(kernels, [2, 6], 1);
    const view = new View(3, 2);
    expect(view.forward(input).data).toBe(input.data);
    const grad = testTensor(kernels, [2, 3, 2], 2);
    expect(view.backward(input, grad)).toEqual({ data: grad.data, shape: [2, 6] });
  });

  it("LookupTable refuses the ids of another batch in backward", () => {
    const table = new LookupTable(kernels, 5, 2, rng());
    const ids = { data: Uint32Array.of(4, 1, 4), shape: [3] };
    const output = table.forward(ids);
    expect(numbers(output).slice(0, 2)).toEqual([...table.weight.value.subarray(8, 10)]);
    expect(() => table.backward({ data: ids.data, shape: [2] }, output)).toThrow(
      "LookupTable.backward: expected input of 3 ids, got 2; call backward with the input of the last forward",
    );
  });

  it("Maxout takes the greatest piece", () => {
    const layer = new Maxout(kernels, 1, 2, 2, rng());
    layer.parameters()[0].value.set([1, -1, -1, 3]);
    expect(numbers(layer.forward(of([2, 1], 2, -2)))).toEqual([2, 6, 2, 2]);
  });

  it("Bilinear has a matrix for each output", () => {
    const layer = new Bilinear(kernels, 2, 2, 1, rng());
    layer.weight.value.set([1, 2, 3, 4]);
    layer.bias.value.set([0.5]);
    expect(numbers(layer.forward([of([1, 2], 1, 10), of([1, 2], 1, -1)]))).toEqual([1 - 2 + 30 - 40 + 0.5]);
  });
});

describe("BatchNormalization", () => {
  const input = of([4, 2], 1, 10, 2, 10, 3, 10, 4, 10);

  it("brings each channel to mean 0 and variance 1; constants to 0", () => {
    const output = new BatchNormalization(kernels, 2, { epsilon: 1e-12 }).forward(input);
    const channel = [0, 1, 2, 3].map((i) => output.data[2 * i]);
    expect(channel.reduce((a, b) => a + b)).toBeCloseTo(0, 6);
    expect(channel.reduce((a, b) => a + b * b, 0) / 4).toBeCloseTo(1, 6);
    expect([0, 1, 2, 3].map((i) => output.data[2 * i + 1])).toEqual([0, 0, 0, 0]);
  });

  it("keeps running statistics, with unbiased variance, and evaluates with them", () => {
    const module = new BatchNormalization(kernels, 2, { momentum: 0.5 });
    module.forward(input);
    expect([...module.runningMean.value]).toEqual([1.25, 5]);
    expect(module.runningVariance.value[0]).toBeCloseTo(0.5 + 0.5 * (5 / 3), 6);
    module.setMode("evaluate");
    const [y] = module.forward(input).data;
    expect(y).toBeCloseTo((1 - 1.25) / Math.sqrt(module.runningVariance.value[0] + 1e-5), 5);
    expect([...module.runningMean.value]).toEqual([1.25, 5]);
  });

  it("learns nothing of spread from a batch of one number", () => {
    const module = new BatchNormalization(kernels, 2);
    module.forward(of([1, 2], 3, 4));
    expect([...module.runningMean.value, ...module.runningVariance.value]).toEqual([0, 0, 1, 1]);
  });

  it.each([
    ["Sgd", (k: Kernels) => new Sgd(k, { momentum: 0.9 })],
    ["Adagrad", (k: Kernels) => new Adagrad(k)],
    ["Adam", (k: Kernels) => new Adam(k)],
  ])("its running statistics are in the flat vector, and %s does not move them", (_, build) => {
    const module = new Sequential(linear(2, 2), new BatchNormalization(kernels, 2), linear(2, 1));
    const flat = flatten(kernels, module.parameters());
    const optimizer = build(kernels);
    const output = module.forward(input);
    const running = module.parameters().filter((p) => !p.trainable);
    expect(running.map((p) => p.name)).toEqual(["1.runningMean", "1.runningVariance"]);
    const before = running.map((p) => [...p.value]);
    expect(before[0].some((mean) => mean !== 0)).toBe(true);
    const moved = module
      .parameters()
      .filter((p) => p.trainable)
      .map((p) => [...p.value]);
    module.zeroGradParameters();
    module.backward(input, output);
    optimizer.step(flat);
    expect(running.map((p) => [...p.value])).toEqual(before);
    const trainable = module.parameters().filter((p) => p.trainable);
    trainable.forEach((p, i) => {
      // A bias in front of the normalisation has no effect, so its gradient is rounding alone.
      if (p.name !== "0.bias") expect([...p.value], p.name).not.toEqual(moved[i]);
    });
    // State for what is trained alone, laid out in the order of those parameters.
    const numTrainable = trainable.reduce((sum, p) => sum + p.size, 0);
    for (const vector of Object.values(optimizer.state())) expect(vector.length).toBe(numTrainable);
    expect(flat.value.length).toBe(numTrainable + 4);
  });
});

describe("options out of range", () => {
  it.each([
    ["LeakyReLU", () => new LeakyReLU(kernels, { negativeSlope: Number.NaN })],
    ["ELU", () => new ELU(kernels, { alpha: 0 })],
    ["HardTanh", () => new HardTanh(kernels, { min: 1, max: 1 })],
    ["SoftPlus", () => new SoftPlus(kernels, { sharpness: -1 })],
    ["JoinTable", () => new JoinTable(kernels, 0.5)],
    ["SplitTable", () => new SplitTable(kernels, Number.NaN)],
    ["SelectTable", () => new SelectTable(kernels, 1.5)],
    ["View", () => new View(-1, -1)],
    ["View", () => new View(0)],
    ["Maxout", () => new Maxout(kernels, 3, 2, 0, rng())],
    ["Bilinear", () => new Bilinear(kernels, 3, 0, 2, rng())],
    ["LookupTable", () => new LookupTable(kernels, 0, 2, rng())],
    ["LookupTable", () => new LookupTable(kernels, 3, 2, rng(), { spread: -1 })],
    ["EmbeddingBag", () => new EmbeddingBag(kernels, 3, 2, rng(), { mode: "max" as "mean" })],
    ["BatchNormalization", () => new BatchNormalization(kernels, 0)],
    ["BatchNormalization", () => new BatchNormalization(kernels, 3, { momentum: 0 })],
    ["BatchNormalization", () => new BatchNormalization(kernels, 3, { epsilon: 0 })],
    ["LayerNormalization", () => new LayerNormalization(kernels, 3, { epsilon: -1 })],
    ["LayerNormalization", () => new LayerNormalization(kernels, 1.5)],
  ])("%s says what it expected", (name, build) => {
    expect(build).toThrow(ConfigError);
    expect(build).toThrow(new RegExp(`^${name}: expected .*got .*; .`));
  });
});
