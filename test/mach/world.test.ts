import { describe, expect, it } from "vitest";
import { ConfigError, Rng, ShapeError } from "../../src/core/index.js";
import { createReferenceKernels } from "../../src/kernels/index.js";
import { countParameters } from "../../src/mach/parameter-count.js";
import { createWorld, type WorldOptions, worldParameterShapes } from "../../src/mach/world.js";
import { WorldScorer } from "../../src/mach/world-scorer.js";
import { checkModule, sparseBatch } from "../gradients/check-gradients.js";

const options: WorldOptions = {
  numFeatures: 10,
  hidden: [4, 3],
  numBuckets: 5,
  activation: "relu",
  dropout: 0.2,
  loss: "softmax",
  output: "full",
};
const kernels = createReferenceKernels();

describe("createWorld", () => {
  it("has the same parameter names and shapes whatever dropout and output", () => {
    for (const over of [{}, { dropout: 0 }, { output: "sampled" }] as Partial<WorldOptions>[]) {
      const { parameters, dropouts } = createWorld(kernels, { ...options, ...over }, new Rng(1));
      const expected = ["0.weight 10,4", "0.bias 4", "3.weight 3,4", "3.bias 3", "6.weight 5,3", "6.bias 5"];
      expect(parameters.parameters.map(({ name, shape }) => `${name} ${shape}`)).toEqual(expected);
      expect(worldParameterShapes(options).map(({ name, shape }) => `${name} ${shape}`)).toEqual(expected);
      expect(parameters.value.length).toBe(10 * 4 + 4 + 4 * 3 + 3 + 3 * 5 + 5);
      expect(dropouts.length).toBe(2);
    }
    expect(worldParameterShapes({ ...options, hidden: [] }).map(({ name, shape }) => `${name} ${shape}`)).toEqual([
      "0.weight 10,5",
      "0.bias 5",
    ]);
  });

  it("without an activation has linear layers and dropouts alone, named by their positions", () => {
    const linear = { ...options, activation: "none" } as const;
    const { parameters, dropouts, model } = createWorld(kernels, linear, new Rng(1));
    const expected = ["0.weight 10,4", "0.bias 4", "2.weight 3,4", "2.bias 3", "4.weight 5,3", "4.bias 5"];
    expect(parameters.parameters.map(({ name, shape }) => `${name} ${shape}`)).toEqual(expected);
    expect(worldParameterShapes(linear).map(({ name, shape }) => `${name} ${shape}`)).toEqual(expected);
    expect([model.modules.length, dropouts.length]).toEqual([5, 2]);
    // The same draws as with ReLU: only what is behind the layers differs.
    expect(parameters.value).toEqual(createWorld(kernels, options, new Rng(1)).parameters.value);
  });

  it("without an activation is linear in its input, and has the gradients of a linear map", () => {
    const rows: [number, number][][] = [
      [
        [1, 1],
        [4, -0.5],
      ],
      [
        [4, 0.5],
        [7, 1],
        [9, -1],
      ],
      [[1, 0.25]],
    ];
    for (const output of ["full", "sampled"] as const) {
      const linear = { ...options, activation: "none", dropout: 0, output } as const;
      const { model, parameters, sampled } = createWorld(kernels, linear, new Rng(1), { inputSpread: 1 });
      sampled?.setActive(Uint32Array.of(3, 0, 1), 3);
      // Three features of weights below 1, four units, three units: sums of ten terms, the largest below 3·4·3.
      const input = sparseBatch(kernels, 10, rows);
      checkModule(kernels, { module: model, input, terms: 10, magnitude: 36 });

      const logits = (x: [number, number][]): number[] => {
        const { data, shape } = model.forward(sparseBatch(kernels, 10, [x]));
        return [...data.subarray(0, shape[1])];
      };
      const [zero, one, three] = [logits([]), logits([[4, 1]]), logits([[4, 3]])];
      three.forEach((value, j) => {
        expect(value - zero[j]).toBeCloseTo(3 * (one[j] - zero[j]), 5);
      });
      expect(parameters.parameters).toHaveLength(6);
    }
  });

  it("draws initial weights from the generator alone; sigmoid outputs start near one positive a row", () => {
    const make = (over: Partial<WorldOptions>, seed: number): Float32Array =>
      createWorld(kernels, { ...options, ...over }, new Rng(seed)).parameters.value;
    expect(make({}, 1)).toEqual(make({}, 1));
    expect(make({ output: "sampled", dropout: 0 }, 1)).toEqual(make({}, 1));
    expect(make({}, 2)).not.toEqual(make({}, 1));
    expect([...make({ loss: "sigmoid" }, 1).subarray(-5)]).toEqual(new Array(5).fill(Math.fround(-Math.log(5))));
  });

  it("gives the sampled layer where there is one", () => {
    expect(createWorld(kernels, options, new Rng(1)).sampled).toBeNull();
    expect(createWorld(kernels, { ...options, output: "sampled" }, new Rng(1)).sampled?.numOutputs).toBe(5);
    expect(() => createWorld(kernels, { ...options, hidden: [], output: "sampled" }, new Rng(1))).toThrow(ConfigError);
    expect(() => createWorld(kernels, { ...options, hidden: [0] }, new Rng(1))).toThrow(ConfigError);
  });

  it("is refused by a scorer that lacks one of its parameters", () => {
    expect(() => new WorldScorer(kernels, options, new Map())).toThrow(ShapeError);
  });
});

describe("countParameters", () => {
  it("compares with a full softmax of the same width", () => {
    const world = { ...options, numFeatures: 60_851, hidden: [256], numBuckets: 2000 };
    const { perWorld, ensemble, fullSoftmax, ratio } = countParameters(world, 16, 88_747);
    expect(perWorld).toBe(60_851 * 256 + 256 + 256 * 2000 + 2000);
    expect(ensemble).toBe(16 * perWorld);
    expect(fullSoftmax).toBe(60_851 * 256 + 256 + 256 * 88_747 + 88_747);
    expect(ratio).toBe(fullSoftmax / ensemble);
  });
});
