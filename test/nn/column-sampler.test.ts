/** @file What a sample of the columns promises: on average over the draws it is the whole, and its cost is its own. */
import { describe, expect, it } from "vitest";
import { Rng } from "../../src/core/rng.js";
import { createReferenceKernels } from "../../src/kernels/index.js";
import {
  ColumnSampler,
  type ColumnSamplerOptions,
  mixedDistribution,
  type NegativeDistribution,
  SampledLinear,
  SampledLoss,
  SigmoidCrossEntropyCriterion,
  type SparseBatch,
  type Tensor,
} from "../../src/nn/index.js";
import { describeBackends } from "../gradients/backends.js";
import { denseGradient, elements, sparseBatch, testTensor } from "../gradients/check-gradients.js";

const L = 20;
const ROWS = [
  [
    [3, 1],
    [0, 1],
  ],
  [[19, 1]],
  [],
] as never;
const WEIGHTS = Array.from({ length: L }, (_, j) => 1 + (j % 5));
const DISTRIBUTIONS: [string, NegativeDistribution][] = [
  ["uniform", "uniform"],
  ["log-uniform", "logUniform"],
  ["weights", WEIGHTS],
  ["mixed", mixedDistribution([900, 80, ...new Array(18).fill(1)])],
];

describeBackends("ColumnSampler", (kernels) => {
  it.each(DISTRIBUTIONS)("a column's chance to be drawn times its weight is 1: %s", (_, distribution) => {
    const trials = 3000;
    const sampler = new ColumnSampler(kernels, L, { numNegatives: 5, distribution, correction: "weight" });
    const mean = new Float64Array(L);
    const square = new Float64Array(L);
    let drawn = 0;
    for (let seed = 0; seed < trials; seed++) {
      const sample = sampler.choose(sparseBatch(kernels, L, []), seed);
      if (sample === null) throw new Error("expected a draw");
      drawn += sample.numShared / trials;
      for (let i = 0; i < sample.numShared; i++) {
        mean[sample.columns[i]] += sample.correction[i] / trials;
        square[sample.columns[i]] += sample.correction[i] ** 2 / trials;
      }
    }
    // Five standard errors. Of draws from L columns at most 5 can differ on average, and the least number suffices.
    mean.forEach((m, j) => {
      expect(Math.abs(m - 1), `column ${j}`).toBeLessThanOrEqual(5 * Math.sqrt((square[j] - m * m) / trials) + 1e-6);
    });
    expect(drawn).toBeGreaterThan(4.9);
    expect(drawn).toBeLessThan(6.1);
  });

  it("as shift, a correction is the logarithm of the weight", () => {
    const options = { numNegatives: 6, distribution: WEIGHTS };
    const [shift, weight] = (["shift", "weight"] as const).map((correction) =>
      new ColumnSampler(kernels, L, { ...options, correction }).choose(sparseBatch(kernels, L, ROWS), 3),
    );
    expect(shift?.numShared).toBe(weight?.numShared);
    for (let i = 0; i < (shift?.numShared as number); i++) {
      expect(shift?.correction[i]).toBeCloseTo(Math.log(weight?.correction[i] as number), 5);
    }
  });

  it("keeps each row's own targets to it, or gives all rows all of them, uncorrected", () => {
    for (const correction of ["shift", "weight"] as const) {
      const own = new ColumnSampler(kernels, L, { numNegatives: 4, correction });
      const shared = new ColumnSampler(kernels, L, { numNegatives: 4, correction, targets: "shared" });
      let numApart = 0;
      for (let seed = 0; seed < 20; seed++) {
        const [a, b] = [own, shared].map((sampler) => sampler.choose(sparseBatch(kernels, L, ROWS), seed));
        if (a === null || b === null) throw new Error("expected a draw");
        expect(a.columns.subarray(0, a.numChosen)).toEqual(b.columns.subarray(0, b.numChosen));
        expect([...a.targets.columns].map((p) => a.columns[p])).toEqual([3, 0, 19]);
        numApart += a.numChosen - a.numShared;
        expect(a.rest.offsets[3]).toBe(a.numChosen - a.numShared);
        expect(b.numShared).toBe(b.numChosen);
        expect([...b.rest.offsets.subarray(0, 4)]).toEqual([0, 0, 0, 0]);
        for (let i = 0; i < b.numShared; i++) {
          const certain = [3, 0, 19].includes(b.columns[i]);
          expect(b.correction[i]).toBe(certain ? (correction === "shift" ? 0 : 1) : a.correction[i]);
        }
      }
      expect(numApart).toBeGreaterThan(20);
    }
  });

  it("from L negatives on takes all columns and draws nothing", () => {
    const target = sparseBatch(kernels, L, ROWS);
    expect(new ColumnSampler(kernels, L, { numNegatives: L }).choose(target, 1)).toBeNull();
    expect([...target.columns]).toEqual([3, 0, 19]);
  });

  it("does no more work for more columns", () => {
    const target = (numColumns: number): SparseBatch => sparseBatch(kernels, numColumns, ROWS);
    const time = (numColumns: number): number => {
      const sampler = new ColumnSampler(kernels, numColumns, { numNegatives: 200 });
      const own = target(numColumns);
      const columns = own.columns.slice();
      const times = Array.from({ length: 60 }, (_, seed) => {
        own.columns.set(columns);
        const start = performance.now();
        for (let i = 0; i < 10; i++) {
          own.columns.set(columns);
          sampler.choose(own, seed * 10 + i);
        }
        return performance.now() - start;
      });
      return Math.min(...times);
    };
    // 512 times the columns: a walk over them, or a fill, would show. Misses of the caches may double the time.
    time(1000);
    const [few, many] = [time(1000), time(512_000)];
    expect(many).toBeLessThan(12 * few);
  });
});

/** Logits, loss, and gradients of a layer [5 → L] for one sample, or for all columns. */
describeBackends("SampledLoss", (kernels) => {
  const input = testTensor(kernels, [3, 5], 4);
  const layer = new SampledLinear(kernels, 5, L, new Rng(2), { init: "uniform", gain: 0.7, bias: -1.5 });

  function step(options: ColumnSamplerOptions, loss: "softmax" | "sigmoid", seed: number) {
    const target = sparseBatch(kernels, L, ROWS);
    const sampler = new ColumnSampler(kernels, L, { ...options, correction: loss === "softmax" ? "shift" : "weight" });
    const sample = sampler.choose(target, seed);
    if (sample === null) throw new Error("expected a draw");
    layer.setSample(sample);
    const criterion = new SampledLoss(kernels, loss);
    const value = criterion.forward(layer.forward(input), sample);
    const gradInput = layer.backward(input, criterion.backward());
    return {
      value,
      gradInput: Float64Array.from(gradInput.data.subarray(0, elements(input))),
      gradWeight: denseGradient(layer.weight),
      gradBias: denseGradient(layer.bias),
      sample,
    };
  }

  function fullSigmoid() {
    const target = sparseBatch(kernels, L, ROWS);
    layer.setSample(null);
    const criterion = new SigmoidCrossEntropyCriterion(kernels);
    const logits: Tensor = layer.forward(input);
    const value = criterion.forward(logits, target);
    const gradInput = layer.backward(input, criterion.backward(logits, target));
    return {
      value,
      gradInput: Float64Array.from(gradInput.data.subarray(0, elements(input))),
      gradWeight: denseGradient(layer.weight),
      gradBias: denseGradient(layer.bias),
    };
  }

  it.each(["own", "shared"] as const)(
    "sigmoid: loss and gradients have the full ones as their mean; targets %s",
    (targets) => {
      const full = fullSigmoid();
      const trials = 1500;
      const options = { numNegatives: 6, distribution: WEIGHTS, targets } as const;
      const names = ["gradInput", "gradWeight", "gradBias"] as const;
      const mean = names.map((name) => new Float64Array(full[name].length));
      const square = mean.map((m) => m.slice());
      let [value, valueSquare] = [0, 0];
      for (let seed = 0; seed < trials; seed++) {
        const run = step(options, "sigmoid", seed);
        value += run.value / trials;
        valueSquare += run.value ** 2 / trials;
        names.forEach((name, n) => {
          run[name].forEach((g, i) => {
            mean[n][i] += g / trials;
            square[n][i] += (g * g) / trials;
          });
        });
      }
      const within = (m: number, sq: number, expected: number): void =>
        expect(Math.abs(m - expected)).toBeLessThanOrEqual(5 * Math.sqrt(Math.max(0, sq - m * m) / trials) + 2e-6);
      within(value, valueSquare, full.value);
      names.forEach((name, n) => {
        full[name].forEach((g, i) => {
          within(mean[n][i], square[n][i], g);
        });
      });
    },
  );

  it.each(["own", "shared"] as const)("softmax: the normaliser has the full one as its mean; targets %s", (targets) => {
    layer.setSample(null);
    const all = layer.forward(input).data.slice(0, 3 * L);
    const logits = [...all.subarray(L, 2 * L)];
    const full = logits.reduce((sum, z) => sum + Math.exp(z), 0);
    const trials = 1500;
    const estimates = Array.from({ length: trials }, (_, seed) => {
      const run = step({ numNegatives: 6, distribution: WEIGHTS, targets }, "softmax", seed);
      // Row 1 has the target 19 alone.
      const { columns, numShared, correction } = run.sample;
      let sum = Math.exp(logits[19]);
      for (let i = 0; i < numShared; i++) if (columns[i] !== 19) sum += Math.exp(logits[columns[i]] + correction[i]);
      return sum;
    });
    const mean = estimates.reduce((a, b) => a + b, 0) / trials;
    const variance = estimates.reduce((a, b) => a + (b - mean) ** 2, 0) / trials;
    expect(Math.abs(mean - full)).toBeLessThanOrEqual(5 * Math.sqrt(variance / trials));
  });

  it("softmax: is the loss over the row's corrected columns, whichever are its own", () => {
    for (let seed = 0; seed < 30; seed++) {
      const { value, sample } = step({ numNegatives: 6 }, "softmax", seed);
      layer.setSample(null);
      const logits = layer.forward(input).data;
      let expected = 0;
      for (const [row, targets] of [[3, 0], [19], []].entries()) {
        const z = (column: number): number => logits[row * L + column];
        let sum = targets.reduce((total, target) => total + Math.exp(z(target)), 0);
        for (let i = 0; i < sample.numShared; i++) {
          const column = sample.columns[i];
          if (!targets.includes(column)) sum += Math.exp(z(column) + sample.correction[i]);
        }
        for (const target of targets) expected += (Math.log(sum) - z(target)) / 3;
      }
      expect(value).toBeCloseTo(expected, 5);
    }
  });

  it.each([
    ["softmax", "own"],
    ["softmax", "shared"],
    ["sigmoid", "own"],
  ] as const)("gradients are those of the loss on the sample: %s, targets %s", (loss, targets) => {
    const options = { numNegatives: 5, distribution: WEIGHTS, targets } as const;
    const run = step(options, loss, 8);
    const h = 2 ** -5;
    const check = (values: Float32Array, gradients: Float64Array): void =>
      gradients.forEach((gradient, i) => {
        const before = values[i];
        const [above, below] = [before + h, before - h].map((value) => {
          values[i] = value;
          return step(options, loss, 8).value;
        });
        values[i] = before;
        // Third derivatives: at most weight 4·|x|³/(6√3) a row; losses of below 32 are rounded to f32 sums of 30 terms.
        expect(Math.abs((above - below) / (2 * h) - gradient)).toBeLessThan((h * h * 4) / 6 + (32 * 30 * 2 ** -24) / h);
      });
    check(layer.weight.value, run.gradWeight);
    check(layer.bias.value, run.gradBias);
    check(input.data, run.gradInput);
    expect(run.sample.numChosen - run.sample.numShared > 0).toBe(targets === "own");
  });

  it("gradients name each row once, only those drawn and the targets, and no rows give none", () => {
    const { gradWeight, sample } = step({ numNegatives: 3 }, "softmax", 5);
    const touched = new Set(sample.columns.subarray(0, sample.numChosen));
    for (const target of [0, 3, 19]) expect(touched.has(target)).toBe(true);
    for (let j = 0; j < L; j++) {
      const moved = gradWeight.subarray(5 * j, 5 * j + 5).some((g) => g !== 0);
      if (moved) expect(touched.has(j), `row ${j}`).toBe(true);
    }
    expect(layer.weight.grad).toMatchObject({ kind: "rows", count: sample.numChosen });
  });

  it("refuses logits of another sample", () => {
    const sampler = new ColumnSampler(kernels, L, { numNegatives: 3 });
    const sample = sampler.choose(sparseBatch(kernels, L, ROWS), 1);
    if (sample === null) throw new Error("expected a draw");
    layer.setSample(null);
    expect(() => new SampledLoss(kernels, "softmax").forward(layer.forward(input), sample)).toThrow(
      /given this sample/,
    );
  });
});

describe("mixedDistribution", () => {
  it("is half uniform, half by count, and positive also where nothing was counted", () => {
    expect([...mixedDistribution([3, 1, 0, 0])]).toEqual([0.5, 0.25, 0.125, 0.125]);
    expect([...mixedDistribution([0, 0])]).toEqual([0.5, 0.5]);
  });

  it("refuses weights that do not fit the columns", () => {
    const kernels = createReferenceKernels();
    const make = (distribution: number[]) => new ColumnSampler(kernels, 3, { numNegatives: 1, distribution });
    expect(() => make([1, 2])).toThrow(/expected 3 positive weights, got 2/);
    expect(() => make([1, 0, 2])).toThrow(/got 0 for column 1/);
  });
});
