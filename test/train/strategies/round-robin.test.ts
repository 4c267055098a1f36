/** @file Updates in turn: in the order of the batches, one at a time, none lost, each once also after an interruption. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { flatValue, losses, PATIENCE, trainSmall } from "./built-strategies.js";
import {
  extent,
  Journal,
  numbersOf,
  savedTensor,
  trainCounted,
  trainInterrupted,
  trainTerminated,
} from "./counted-steps.js";

const folder = mkdtempSync(join(tmpdir(), "manyworlds-turns-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const strategy = "round-robin";
const upTo = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

describe("round-robin", () => {
  it.each([2, 3])(
    "%i workers step in the order of the batches, and no update is lost",
    PATIENCE,
    async (numWorkers) => {
      const journal = new Journal();
      // 41 batches: the last round is not whole. The later a worker, the faster: without turns it would come first.
      const data = { numBatches: 41, epochs: 3, width: 20_000, gradientMs: [2, 1, 0] };
      const run = await trainCounted(data, { strategy, numWorkers }, journal);
      expect(journal.batches).toEqual(upTo(3 * 41));
      expect(journal.mostAtOnce).toBe(1);
      expect(extent(numbersOf(run, "dense"))).toEqual([123, 123]);
    },
  );

  it("reports the time that workers wait for their turn", PATIENCE, async () => {
    const data = { numBatches: 60, epochs: 1, width: 10, stepMs: 6 };
    const { report } = await trainCounted(data, { strategy, numWorkers: 2 }, new Journal());
    // Steps are all there is to do, and one at a time: half of the workers' time.
    expect(report.waitingShare).toBeGreaterThan(0.2);
    expect(report.trafficBytesPerStep).toBe(2 * 4 * 10);
  });

  it("takes each batch once, an interruption in the middle of an epoch or not", PATIENCE, async () => {
    const checkpoint = join(folder, "counted.safetensors");
    const data = { numBatches: 3000, epochs: 2, width: 5000, gradientMs: [0, 1, 0] };
    const options = { strategy, numWorkers: 3, checkpoint } as const;
    const begun = await trainInterrupted(data, options, new Journal(), 50);
    expect(begun.history.ended).toBe("interrupted");
    const steps = 3 * begun.history.steps.length;
    expect(steps).toBeLessThan(3000);
    // The save is of whole rounds, and nobody stepped after it.
    for (const values of [numbersOf(begun, "dense"), savedTensor(checkpoint, "dense")]) {
      expect(extent(values)).toEqual([steps, steps]);
    }
    const journal = new Journal();
    const resumed = await trainInterrupted(data, options, journal, 3100);
    expect(journal.batches[0]).toBe(steps);
    const ended = steps + journal.numSteps;
    expect(journal.batches).toEqual(upTo(ended).slice(steps));
    expect(extent(numbersOf(resumed, "dense"))).toEqual([ended, ended]);
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

  it.each([0, 1])("ends when worker %i dies with the turn that others wait for", PATIENCE, async (index) => {
    const data = { numBatches: 40, epochs: 2, width: 10 };
    const run = trainTerminated(data, { strategy, numWorkers: 3 }, index, new Journal());
    await expect(run).rejects.toThrow(/exited with code 1 before its time/);
  });
});
