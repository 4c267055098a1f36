/** @file Is a model that memory cannot hold refused, and are fewer worlds trained at once where only some fit? */
import { totalmem } from "node:os";
import { describe, expect, it } from "vitest";
import { ConfigError } from "../../../src/core/errors.js";
import { chooseOptions } from "../../../src/train/choose-options.js";
import { type MachineRequest, machineMemory, worldsThatFit } from "../../../src/train/plan/machine-memory.node.js";
import { trainingBytes } from "../../../src/train/plan/training-memory.js";

const shape = { numRows: 50_000, numFeatures: 100_000, numLabels: 40_000, labelsPerRow: 2, featuresPerRow: 20 };
const process = { residentBytes: 100e6, peakBytes: 120e6 };
const request: MachineRequest = { options: chooseOptions(shape, {}), shape, process, numThreads: 4 };
const bytesOf = (count: number): number => trainingBytes(request.options, shape, process, count);

it("the machine has no more memory than the system says", () => {
  expect(machineMemory()).toBeGreaterThan(0);
  expect(machineMemory()).toBeLessThanOrEqual(totalmem());
});

describe("worldsThatFit", () => {
  it.each([1, 2, 3, 4])("finds %i worlds where as many fit to the byte", (count) => {
    expect(worldsThatFit({ ...request, memoryBytes: bytesOf(count) })).toBe(count);
  });

  it("gives no more than threads or worlds", () => {
    expect(worldsThatFit({ ...request, numThreads: 2, memoryBytes: 1e15 })).toBe(2);
    const options = { ...request.options, numWorlds: 3 };
    expect(worldsThatFit({ ...request, options, memoryBytes: 1e15 })).toBe(3);
  });

  it("says what one world takes where not one fits", () => {
    const refused = (): number => worldsThatFit({ ...request, memoryBytes: bytesOf(1) - 1 });
    expect(refused).toThrow(ConfigError);
    expect(refused).toThrow(
      /expected worlds that fit into the [\d.]+ GB of memory here, got \d+ buckets and hidden 256/,
    );
  });

  it("compares with this machine if nothing else is said", () => {
    const options = { ...request.options, numBuckets: 1e9 };
    expect(() => worldsThatFit({ ...request, options })).toThrow(/which take \d+(\.\d)? GB for one; fewer --buckets/);
  });
});
