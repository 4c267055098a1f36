/** @file What is chosen when the user says nothing: the rules at their borders, and that every choice can be trained. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LabelHash } from "../../src/mach/label-hash.js";
import { chooseBuckets, chooseOptions, chooseTextOptions, type DataShape } from "../../src/train/choose-options.js";
import { checkModelOptions } from "../../src/train/model-options.js";

const shape = (over: Partial<DataShape> = {}): DataShape => ({
  numRows: 60_000,
  numFeatures: 50_000,
  numLabels: 50_000,
  labelsPerRow: 3,
  ...over,
});

describe("chooseOptions", () => {
  it("gives options that make worlds and hashes, whatever the shape", () => {
    const count = (max: number) => fc.oneof(fc.constantFrom(1, 2, 3), fc.integer({ min: 1, max }));
    const shapes = fc.record({
      numRows: count(2e9),
      numFeatures: count(1e8),
      numLabels: count(2e9),
      labelsPerRow: fc.double({ min: 0.001, max: 1000, noNaN: true }),
    });
    fc.assert(
      fc.property(shapes, (data) => {
        const options = chooseOptions(data, {});
        checkModelOptions(options, data.numFeatures);
        const hash = new LabelHash({ ...options, numLabels: data.numLabels });
        expect(hash.bucket(data.numLabels - 1, options.numWorlds - 1)).toBeLessThan(options.numBuckets);
      }),
    );
  });

  it("takes dense, dropped-out ReLU worlds for few rows and row-wise linear ones from 30,000 on", () => {
    const few = chooseOptions(shape({ numRows: 29_999 }), {});
    expect(few).toMatchObject({ activation: "relu", dropout: 0.5, loss: "sigmoid", inputMoments: "element" });
    const many = chooseOptions(shape({ numRows: 30_000 }), {});
    expect(many).toMatchObject({ activation: "none", dropout: 0, loss: "softmax", inputMoments: "row" });
  });

  it("takes smaller worlds and batches for very few rows, larger batches and fewer passes for very many", () => {
    expect(chooseOptions(shape({ numRows: 7999 }), {})).toMatchObject({ hidden: [128], batchSize: 64 });
    expect(chooseOptions(shape({ numRows: 8000 }), {})).toMatchObject({ hidden: [256], batchSize: 128 });
    expect(chooseOptions(shape({ numRows: 8000, numFeatures: 999 }), {}).hidden).toEqual([512]);
    expect(chooseOptions(shape({ numRows: 199_999 }), {})).toMatchObject({ epochs: 4, batchSize: 256 });
    expect(chooseOptions(shape({ numRows: 200_000 }), {})).toMatchObject({ epochs: 3, batchSize: 512 });
  });

  it("takes smaller steps, larger ones for the input layer, where rows have one label", () => {
    const single = chooseOptions(shape({ labelsPerRow: 1.49 }), {});
    const several = chooseOptions(shape({ labelsPerRow: 1.5 }), {});
    expect(single.learningRate).toBeLessThan(several.learningRate);
    expect(single.inputLearningRateScale).toBeGreaterThan(several.inputLearningRateScale);
  });

  it("samples the output of many buckets, with a further pass, where there are many rows and a hidden layer", () => {
    const given = { numBuckets: 10_000 };
    expect(chooseOptions(shape(), given)).toMatchObject({ output: "sampled", numNegatives: 512, epochs: 5 });
    expect(chooseOptions(shape({ numLabels: 5e7 }), {})).toMatchObject({ numBuckets: 20_000, output: "sampled" });
    for (const [over, more] of [
      [{}, { numBuckets: 9999 }],
      [{ numRows: 29_999 }, given],
      [{}, { ...given, hidden: [] }],
      [{}, { ...given, output: "full" }],
    ] as const) {
      expect(chooseOptions(shape(over), more).output).toBe("full");
    }
    expect(chooseOptions(shape(), { output: "sampled" })).toMatchObject({ batchSize: 256, epochs: 5 });
    expect(chooseOptions(shape(), { ...given, epochs: 2 }).epochs).toBe(2);
    expect(chooseOptions(shape({ numRows: 29_999 }), { output: "sampled" }).epochs).toBe(15);
    expect(chooseOptions(shape(), { ...given, batchSize: 1000 }).batchSize).toBe(1000);
    expect(chooseOptions(shape({ numRows: 200_000 }), given)).toMatchObject({ batchSize: 512, epochs: 3 });
  });

  it("leaves what is given as it is, and chooses the rest as before", () => {
    const given = { numWorlds: 3, hidden: [], epochs: 1, inputMoments: "element", seed: 9 } as const;
    expect(chooseOptions(shape(), given)).toEqual({ ...chooseOptions(shape(), {}), ...given });
  });
});

describe("chooseBuckets", () => {
  it("has the numbers that the header promises", () => {
    const chosen = [1, 2, 3, 32, 33, 64, 159, 983, 2000, 2001, 52_437, 88_747, 62_500, 1e6].map(chooseBuckets);
    expect(chosen).toEqual([2, 2, 3, 32, 32, 32, 80, 492, 1000, 1000, 1000, 1200, 1000, 4000]);
    expect(chooseBuckets(2 ** 32)).toBe(20_000);
  });

  it("never falls as labels are added", () => {
    const labels = fc.integer({ min: 1, max: 5e7 });
    fc.assert(
      fc.property(labels, labels, (a, b) => {
        expect(chooseBuckets(Math.min(a, b))).toBeLessThanOrEqual(chooseBuckets(Math.max(a, b)));
      }),
    );
  });
});

describe("chooseTextOptions", () => {
  it("adds pairs and pieces of words below 8 MiB of text, unless they are given or refused", () => {
    expect(chooseTextOptions(8 * 2 ** 20 - 1, {})).toEqual({ wordNgrams: 2, charNgrams: [3, 4] });
    expect(chooseTextOptions(8 * 2 ** 20, {})).toEqual({});
    const given = { charNgrams: null, minDocumentFrequency: 1 };
    expect(chooseTextOptions(1, given)).toEqual({ wordNgrams: 2, ...given });
    expect(chooseTextOptions(2 ** 30, { wordNgrams: 3 })).toEqual({ wordNgrams: 3 });
  });
});
