/**
 * @file The whole Jacobian of the modules with row-sparse gradients: every output in every weight, on every backend.
 *
 *   row o of the Jacobian: backward of the unit vector e_o        column v: (output(v + h) − output(v − h)) / 2h
 *
 * The other tests compare one random combination of the outputs, in which errors of two outputs might cancel. Modules
 * that are linear in a weight have no truncation; numbers within ±2 keep rounding below 2⁻²⁰/h. A row-sparse gradient must
 * name each row once, name none that has no entry in the batch, and rows that it does not name must not matter at all:
 * their differences are 0 to the bit.
 */
import { expect, it } from "vitest";
import { Rng } from "../../src/core/rng.js";
import {
  EmbeddingBag,
  HierarchicalSoftMax,
  HuffmanSoftMax,
  type IdTensor,
  LookupTable,
  type Module,
  type Parameter,
  SampledLinear,
  SampledSoftMax,
  type SparseBatch,
  SparseLinear,
  type Tensor,
} from "../../src/nn/index.js";
import type { OutputCriterion } from "../../src/nn/output/output-criterion.js";
import { describeBackends } from "./backends.js";
import { denseGradient, elements, sparseBatch, testTensor } from "./check-gradients.js";

const STEP = 2 ** -4;
const TOLERANCE = 2 ** -20 / STEP;

/** The rows that a row-sparse gradient names, ascending; each must be there once. */
function rowsOf({ name, grad }: Parameter): number[] {
  if (grad.kind !== "rows") throw new Error(`expected a row-sparse gradient of ${name}`);
  const rows = [...grad.ids.subarray(0, grad.count)].sort((a, b) => a - b);
  expect(new Set(rows).size, `${name}: rows are distinct`).toBe(rows.length);
  return rows;
}

describeBackends("Jacobians", (kernels) => {
  const rng = (): Rng => Rng.derive(9, "jacobians");
  const WIDE = { init: "uniform", gain: 1, bias: 0.5 } as const;

  /** Checks every parameter; `touched` are the rows that the batch touches in those with row-sparse gradients. */
  function checkJacobian<I>(module: Module<I, Tensor>, input: I, touched: readonly number[]): void {
    const { shape } = module.forward(input);
    const numOutputs = elements({ data: new Float32Array(0), shape });
    const unit = { data: kernels.f32(numOutputs), shape: [...shape] };
    const parameters = module.parameters();
    /** [outputs][parameters][numbers] */
    const jacobian = Array.from({ length: numOutputs }, (_, o) => {
      unit.data.fill(0);
      unit.data[o] = 1;
      module.zeroGradParameters();
      module.forward(input);
      expect(module.backward(input, unit) === null).toBe(!(module instanceof SampledLinear));
      for (const parameter of parameters)
        if (parameter.grad.kind === "rows") expect(rowsOf(parameter)).toEqual(touched);
      return parameters.map(denseGradient);
    });
    const outputs = (): number[] => [...module.forward(input).data.subarray(0, numOutputs)];
    parameters.forEach(({ name, value, grad, cols, size }, p) => {
      for (let v = 0; v < size; v++) {
        const kept = value[v];
        value[v] = kept + STEP;
        const high = outputs();
        value[v] = kept - STEP;
        const low = outputs();
        value[v] = kept;
        const matters = grad.kind === "dense" || touched.includes(Math.floor(v / cols));
        for (let o = 0; o < numOutputs; o++) {
          const difference = (high[o] - low[o]) / (2 * STEP);
          const what = `output ${o} in ${name}[${v}]`;
          if (matters) expect(Math.abs(difference - jacobian[o][p][v]), what).toBeLessThanOrEqual(TOLERANCE);
          else expect([difference, jacobian[o][p][v]], what).toEqual([0, 0]);
        }
      }
    });
  }

  /** Rows share columns, one is empty; columns 1 and 6 never occur. */
  const sparse: SparseBatch = sparseBatch(kernels, 7, [
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
    [[3, 1]],
  ]);

  it("SparseLinear", () => {
    checkJacobian(new SparseLinear(kernels, 7, 3, rng(), WIDE), sparse, [0, 2, 3, 4, 5]);
  });

  it.each(["sum", "mean", "sqrtN"] as const)("EmbeddingBag, %s", (mode) => {
    checkJacobian(new EmbeddingBag(kernels, 7, 3, rng(), { spread: 1, mode }), sparse, [0, 2, 3, 4, 5]);
  });

  it("LookupTable, an id three times", () => {
    const data = kernels.u32(6);
    data.set([5, 0, 5, 2, 5, 0]);
    const ids: IdTensor = { data, shape: [3, 2] };
    checkJacobian(new LookupTable(kernels, 7, 2, rng(), { spread: 1 }), ids, [0, 2, 5]);
  });

  it("SampledLinear, some columns and all", () => {
    const module = new SampledLinear(kernels, 3, 6, rng(), WIDE);
    const input = testTensor(kernels, [2, 3], 4);
    checkJacobian(module, input, [0, 1, 2, 3, 4, 5]);
    module.setActive(Uint32Array.of(4, 0, 3));
    checkJacobian(module, input, [0, 3, 4]);
  });

  const L = 12;
  const labels = sparseBatch(kernels, L, [
    [
      [3, 0.5],
      [0, 0.5],
    ],
    [],
    [[3, 1]],
  ]);

  /** A loss has one output, whose Jacobian the tests of gradients compare: here, what it says of rows. */
  function checkRows(criterion: OutputCriterion, mostRows: number): void {
    const input = testTensor(kernels, [3, 4], 5);
    criterion.zeroGradParameters();
    const loss = criterion.forward(input, labels);
    criterion.backward(input, labels);
    for (const parameter of criterion.parameters().filter(({ grad }) => grad.kind === "rows")) {
      const rows = rowsOf(parameter);
      expect(rows.length).toBeGreaterThan(0);
      expect(rows.length).toBeLessThanOrEqual(mostRows);
      const { value, cols, size } = parameter;
      for (let v = 0; v < size; v++) {
        if (rows.includes(Math.floor(v / cols))) continue;
        const kept = value[v];
        value[v] = kept + 10;
        expect(criterion.forward(input, labels), `${parameter.name}[${v}]`).toBe(loss);
        value[v] = kept;
      }
    }
  }

  it("HierarchicalSoftMax: rows of clusters that no label is in do not matter", () => {
    checkRows(new HierarchicalSoftMax(kernels, 4, L, rng(), { ...WIDE, numClusters: 4 }), 6);
  });

  it("HuffmanSoftMax: nodes off the labels' paths do not matter", () => {
    const criterion = new HuffmanSoftMax(kernels, 4, L, rng(), WIDE);
    checkRows(criterion, criterion.code.depth(0) + criterion.code.depth(3) - 1);
  });

  it("SampledSoftMax: columns outside the sample do not matter", () => {
    const criterion = new SampledSoftMax(kernels, 4, L, rng(), { ...WIDE, numNegatives: 5 });
    criterion.rng = { nextUint32: () => 77 };
    checkRows(criterion, 7);
  });
});
