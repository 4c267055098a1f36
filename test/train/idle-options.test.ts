/** @file Options that would do nothing are refused, but only where they were given. */
import { describe, expect, it } from "vitest";
import { ConfigError } from "../../src/core/errors.js";
import { chooseOptions } from "../../src/train/choose-options.js";
import { checkIdleFeatures, checkIdleOptions } from "../../src/train/idle-options.js";
import type { ModelOptions } from "../../src/train/model-options.js";

const shape = { numRows: 50_000, numFeatures: 100, numLabels: 40, labelsPerRow: 2 };

describe("checkIdleOptions", () => {
  it.each<[Partial<ModelOptions>, RegExp]>([
    [{ numNegatives: 100 }, /numNegatives 100 does nothing without output "sampled"; set that too, or leave it out/],
    [{ inputMoments: "row", optimizer: "sgd" }, /inputMoments row does nothing without optimizer "adam"/],
    [{ activation: "relu", hidden: [] }, /activation relu does nothing without a hidden layer/],
    [{ dropout: 0.5, hidden: [] }, /dropout 0.5 does nothing without a hidden layer/],
  ])("refuses %j", (given, message) => {
    const check = (): void => checkIdleOptions("train", given, chooseOptions(shape, given));
    expect(check).toThrow(ConfigError);
    expect(check).toThrow(message);
  });

  it.each<Partial<ModelOptions>>([
    {},
    { hidden: [] },
    { optimizer: "sgd" },
    { dropout: 0, hidden: [] },
    { numNegatives: 100, output: "sampled" },
    { inputMoments: "row" },
  ])("takes %j, whatever was chosen beside it", (given) => {
    expect(() => checkIdleOptions("train", given, chooseOptions(shape, given))).not.toThrow();
  });
});

describe("checkIdleFeatures", () => {
  it("refuses options of texts for numbers, and of numbers for texts", () => {
    expect(() => checkIdleFeatures("train", "numeric", { wordNgrams: 2 }, {})).toThrow(
      /wordNgrams does nothing for rows of fea/,
    );
    expect(() => checkIdleFeatures("plan", "text", { wordNgrams: 2 }, { scaling: "max" })).toThrow(
      /scaling does nothing for/,
    );
    expect(() => checkIdleFeatures("plan", "text", { wordNgrams: 2 }, {})).not.toThrow();
    expect(() => checkIdleFeatures("train", "numeric", {}, { scaling: "max" })).not.toThrow();
  });
});
