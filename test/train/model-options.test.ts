/** @file Which options are refused, by name and before anything is written, and what may change when a run resumes. */
import { describe, expect, it } from "vitest";
import { ConfigError } from "../../src/core/errors.js";
import { chooseOptions } from "../../src/train/choose-options.js";
import {
  checkModelOptions,
  checkResumable,
  checkSame,
  type ModelOptions,
  optimizationOf,
  worldOptionsOf,
} from "../../src/train/model-options.js";

const chosen = chooseOptions({ numRows: 50_000, numFeatures: 100, numLabels: 40, labelsPerRow: 2 }, {});

describe("checkModelOptions", () => {
  it.each([
    [{ numWorlds: 0 }, /numWorlds to be an integer from 1 to 1024, got 0/],
    [{ numWorlds: 1025 }, /numWorlds/],
    [{ numBuckets: 1 }, /numBuckets to be an integer of at least 2, got 1/],
    [{ hidden: [0] }, /sizes of at least 1, got 100 → 0 → 32/],
    [{ hidden: [1.5] }, /sizes of at least 1/],
    [{ hidden: [], output: "sampled" }, /a sampled output needs a hidden layer/],
    [{ dropout: 1 }, /dropout to be in \[0, 1\), got 1/],
    [{ priorAlpha: -1 }, /priorAlpha/],
    [{ loss: "hinge" }, /loss to be one of softmax, sigmoid, got hinge/],
    [{ activation: "gelu" }, /activation to be one of relu, none/],
    [{ output: "hierarchical" }, /output to be one of full, sampled/],
    [{ merge: "mean" }, /merge to be one of probability, log-score/],
    [{ optimizer: "lion" }, /optimizer to be one of sgd, adagrad, adam/],
    [{ schedule: "exponential" }, /schedule to be one of constant, linear/],
    [{ epochs: 0 }, /epochs/],
    [{ batchSize: 2.5 }, /batchSize/],
    [{ learningRate: Number.NaN }, /learningRate/],
    [{ inputLearningRateScale: Infinity }, /inputLearningRateScale/],
    [{ inputMoments: "none" }, /inputMoments to be "element" or "row", got none/],
    [{ validationShare: 1 }, /validationShare/],
    [{ warmup: 1 }, /warmup/],
    [{ inputDropout: 1 }, /inputDropout to be in \[0, 1\), got 1/],
    [{ weightDecay: -0.1 }, /weightDecay/],
    [{ seed: 2 ** 53 }, /seed/],
  ])("refuses %j", (over, message) => {
    const check = (): void => checkModelOptions({ ...chosen, ...over } as ModelOptions, 100);
    expect(check).toThrow(ConfigError);
    expect(check).toThrow(message);
  });

  it("takes linear worlds, every optimiser, and the most worlds there may be", () => {
    for (const over of [{ hidden: [] }, { optimizer: "sgd" }, { numWorlds: 1024 }, { output: "sampled" }] as const) {
      checkModelOptions({ ...chosen, ...over } as ModelOptions, 100);
    }
  });
});

describe("the parts of the options", () => {
  it("hold every option between them, so that a manifest forgets none", () => {
    const { numFeatures, ...world } = worldOptionsOf(chosen, 100);
    expect(numFeatures).toBe(100);
    const ofTheEnsemble = ["numWorlds", "merge", "priorAlpha", "seenOnly"];
    const parts = [...Object.keys(world), ...Object.keys(optimizationOf(chosen)), ...ofTheEnsemble];
    expect(parts.sort()).toEqual(Object.keys(chosen).sort());
  });
});

describe("resuming", () => {
  it("may add worlds, and names the first option that differs", () => {
    checkResumable({ numWorlds: 99, numBuckets: chosen.numBuckets, hidden: [...chosen.hidden] }, chosen, "m");
    const changed = (): void => checkResumable({ hidden: [8], epochs: 99 }, chosen, "m");
    expect(changed).toThrow(/^m: this model was trained with hidden \[256\], got \[8\]; leave the option out/);
  });

  it("compares lists and null by value, and passes over what is not given", () => {
    const stored = { charNgrams: null, wordNgrams: 2, power: 1 };
    checkSame({ charNgrams: null, wordNgrams: undefined }, stored, "m");
    expect(() => checkSame({ charNgrams: [3, 4] }, stored, "m")).toThrow(/with charNgrams null, got \[3,4\]/);
  });
});
