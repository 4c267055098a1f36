/** @file Locked updates: none lost, on rows and on dense parameters; steps with no row in common do not wait; nothing hangs. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { LabelHash } from "../../../src/mach/label-hash.js";
import { chooseOptions } from "../../../src/train/choose-options.js";
import { optimizationOf, worldOptionsOf } from "../../../src/train/model-options.js";
import { sampleDataset } from "../sample-dataset.js";
import { flatValue, losses, PATIENCE, train, trainSmall, WORLD_RECIPE } from "./built-strategies.js";
import {
  extent,
  Journal,
  numbersOf,
  savedTensor,
  trainCounted,
  trainInterrupted,
  trainTerminated,
} from "./counted-steps.js";

const folder = mkdtempSync(join(tmpdir(), "manyworlds-locks-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const strategy = "locked";
const COLS = 64;

describe("locked", () => {
  it.each([2, 3])("%i workers lose no update of a dense parameter", PATIENCE, async (numWorkers) => {
    const journal = new Journal();
    const data = { numBatches: 601, epochs: 3, width: 20_000 };
    const run = await trainCounted(data, { strategy, numWorkers }, journal);
    expect(new Set(journal.batches)).toEqual(new Set(Array.from({ length: 1803 }, (_, i) => i)));
    expect(journal.mostAtOnce).toBe(1);
    expect(extent(numbersOf(run, "dense"))).toEqual([1803, 1803]);
  });

  it(
    "no update of rows that steps name in any order, some twice, is lost, and nobody waits in a circle",
    PATIENCE,
    async () => {
      // Neighbouring batches, which different workers step, name the same rows the other way round.
      const up = Array.from({ length: 300 }, (_, i) => 7 * i);
      const rowsOf = [up, [...up].reverse(), [5, 5, 2000, 0, 5], up.slice(100), [...up.slice(50)].reverse()];
      const data = { numBatches: 500, epochs: 4, numRows: 2100, rowsOf };
      const run = await trainCounted(data, { strategy, numWorkers: 3 }, new Journal());
      const expected = new Float32Array(2100);
      for (const ids of rowsOf) for (const id of ids) expected[id] += (4 * 500) / rowsOf.length;
      const rows = numbersOf(run, "rows");
      for (let id = 0; id < 2100; id++) {
        expect(extent(rows.subarray(id * COLS, (id + 1) * COLS))).toEqual([expected[id], expected[id]]);
      }
    },
  );

  it("takes steps at the same time that have no row in common, and no others", PATIENCE, async () => {
    const data = { numBatches: 20, epochs: 1, numRows: 10, meet: 40 };
    const options = { strategy, numWorkers: 2 } as const;
    const [apart, together] = [new Journal(), new Journal()];
    await trainCounted(
      {
        ...data,
        meet: 5000,
        rowsOf: [
          [0, 4],
          [1, 2, 3],
        ],
      },
      options,
      apart,
    );
    expect(apart.mostAtOnce).toBe(2);
    await trainCounted(
      {
        ...data,
        rowsOf: [
          [0, 4],
          [1, 2, 4],
        ],
      },
      options,
      together,
    );
    expect(together.mostAtOnce).toBe(1);
  });

  it("reports the time that workers wait for locks", PATIENCE, async () => {
    const data = { numBatches: 60, epochs: 1, width: 10, stepMs: 6 };
    const { report } = await trainCounted(data, { strategy, numWorkers: 2 }, new Journal());
    // Steps are all there is to do, and one at a time: half of the workers' time.
    expect(report.waitingShare).toBeGreaterThan(0.2);
    expect(report.trafficBytesPerStep).toBe(2 * 4 * 10);
  });

  it("saves whole steps in the middle of an epoch, and goes on from them", PATIENCE, async () => {
    const checkpoint = join(folder, "counted.safetensors");
    const everyRow = Array.from({ length: 500 }, (_, i) => i);
    // So many batches that the others have not done with theirs when the lead saves.
    const many = { numBatches: 60_000, epochs: 1, gradientMs: [1, 0, 0] };
    const data = { ...many, width: 200_000, numRows: 500, rowsOf: [everyRow] };
    const options = { strategy, numWorkers: 3, checkpoint } as const;
    const begun = await trainInterrupted(data, options, new Journal(), 100);
    expect(begun.history.ended).toBe("interrupted");
    const [saved] = savedTensor(checkpoint, "dense");
    for (const name of ["dense", "rows"]) expect(extent(savedTensor(checkpoint, name))).toEqual([saved, saved]);
    const journal = new Journal();
    const resumed = await trainInterrupted(data, options, journal, 100);
    const ended = saved + journal.numSteps;
    expect(extent(numbersOf(resumed, "dense"))).toEqual([ended, ended]);
    expect(resumed.history.steps.length).toBeGreaterThan(begun.history.steps.length);
  });

  it.each([0, 1])("ends when worker %i dies with the locks that others wait for", PATIENCE, async (index) => {
    const data = { numBatches: 40, epochs: 2, width: 10 };
    const run = trainTerminated(data, { strategy, numWorkers: 3 }, index, new Journal());
    await expect(run).rejects.toThrow(/exited with code 1 before its time/);
  });

  it("one worker of it is sequential to the bit", PATIENCE, async () => {
    const adam = { dropout: 0.2 };
    const [alone, one] = [await trainSmall(adam), await trainSmall(adam, { strategy })];
    expect(flatValue(one)).toEqual(flatValue(alone));
    expect(losses(one)).toEqual(losses(alone));
  });

  it.each([2, 3])("%i workers learn what one learns", PATIENCE, async (numWorkers) => {
    const data = { optimizer: "sgd", learningRate: 0.3, epochs: 8, validate: true };
    const runs = [await trainSmall(data), await trainSmall(data, { strategy, numWorkers })];
    const [expected, actual] = runs.map(({ history }) => history.best?.value ?? Number.NaN);
    expect(actual).toBeLessThan(1.3 * expected);
  });

  it("cuts its step after each epoch by the back-off", PATIENCE, async () => {
    const runs = [await trainSmall({}, { strategy }), await trainSmall({}, { strategy, backoff: 0.5 })];
    const [whole, cut] = runs.map(({ history }) => history.epochs.map(({ learningRate }) => learningRate));
    cut.forEach((rate, epoch) => {
      expect(rate).toBeCloseTo(0.5 ** epoch * whole[epoch], 12);
    });
  });
});

describe.each(["locked", "round-robin"] as const)("a world by %s", (name) => {
  const sizes = { numRows: 400, numFeatures: 200, numLabels: 20 };
  const dataset = sampleDataset(sizes);

  it.each([
    ["full", "adam", 0.02],
    ["sampled", "adam", 0.02],
    ["full", "asgd", 2],
    ["sampled", "adagrad", 0.1],
  ] as const)(
    "with a %s output and %s learns as one worker does",
    PATIENCE,
    async (output, optimizer, learningRate) => {
      const negatives = output === "sampled" ? { numNegatives: 4 } : {};
      const given = { hidden: [16], numBuckets: 40, epochs: 8, batchSize: 16, numWorlds: 1, learningRate };
      const options = chooseOptions({ ...sizes, labelsPerRow: 1.3 }, { ...given, output, optimizer, ...negatives });
      const hash = new LabelHash({ ...options, numLabels: sizes.numLabels }).parameters(0);
      const world = { world: 0, hash, model: worldOptionsOf(options, sizes.numFeatures) };
      const data = { dataset, options: { ...world, optimization: optimizationOf(options) } };
      const runs = [await train(WORLD_RECIPE, data, {})];
      runs.push(await train(WORLD_RECIPE, data, { strategy: name, numWorkers: 2 }));
      const [alone, together] = runs.map(({ history }) => history.epochs.map(({ loss }) => loss));
      expect(together[7]).toBeLessThan(0.9 * together[0]);
      // What is told of an epoch is a mean of the latest losses, which is rough: three of them.
      const late = (told: readonly number[]): number => told.slice(5).reduce((sum, loss) => sum + loss, 0);
      expect(Math.abs(late(together) / late(alone) - 1)).toBeLessThan(0.2);
    },
  );
});
