/** @file Does one world of the published shape train within 3 GB? As planned, and as measured (bench/results/scale). */
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { chooseOptions } from "../../../src/train/choose-options.js";
import type { PlanShape } from "../../../src/train/plan/plan-shape.js";
import { processAfterReading, trainingBytes, worldMemory } from "../../../src/train/plan/training-memory.js";

const { systems } = JSON.parse(
  readFileSync(new URL("../../../bench/results/scale/train.json", import.meta.url), "utf8"),
);

it.each(["sampled", "sampled-adam", "full"])(
  "%s: numbers are those planned, the peak near it and below 3 GB",
  (name) => {
    const measured = systems[name];
    const shape: PlanShape = {
      numRows: measured.rows,
      ...{ numFeatures: 80_000, numLabels: measured.numLabels },
      ...{ labelsPerRow: 1, featuresPerRow: measured.entriesPerRow ?? 3.56 },
    };
    const { numBuckets, hidden, activation, output, inputMoments, batchSize } = measured.options;
    expect([numBuckets, hidden]).toEqual([10_000, [2000]]);
    const options = chooseOptions(shape, { numBuckets, hidden, activation, output, inputMoments, batchSize });
    const world = worldMemory(options, shape);
    expect(world.weights).toBe(measured.parameterBytes);
    expect(world.optimizer).toBe(measured.optimizerBytes);
    // Labels need no memory in training but their counts, which the bench does not keep.
    const process = processAfterReading({ ...shape, numLabels: 0 }, measured.baseBytes);
    const peak = trainingBytes(options, shape, process, 1);
    expect(Math.abs(peak / measured.peakBytes - 1)).toBeLessThan(0.25);
    for (const bytes of [peak, measured.peakBytes]) expect(bytes).toBeLessThan(3e9);
  },
);
