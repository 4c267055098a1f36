/** @file Workers that take batches of their own: hogwild on one vector, averaging of several. */
import { describe, expect, it } from "vitest";
import { distance, flatValue, losses, PATIENCE, trainSmall } from "./built-strategies.js";

const data = { optimizer: "sgd", learningRate: 0.3, epochs: 8 };

describe("hogwild", () => {
  it.each([1, 2, 3])("%i workers learn what one learns", PATIENCE, async (numWorkers) => {
    const alone = await trainSmall({ ...data, validate: true });
    const together = await trainSmall({ ...data, validate: true }, { strategy: "hogwild", numWorkers });
    const [expected, actual] = [alone, together].map(({ history }) => history.best?.value ?? Number.NaN);
    expect(actual).toBeLessThan(1.3 * expected);
    expect(together.history.epochs).toHaveLength(8);
    expect(together.report.trafficBytesPerStep > 0).toBe(numWorkers > 1);
  });

  it("one worker of it is sequential to the bit: every update counts", PATIENCE, async () => {
    const adam = { dropout: 0.2 };
    const [alone, one] = [await trainSmall(adam), await trainSmall(adam, { strategy: "hogwild" })];
    expect(flatValue(one)).toEqual(flatValue(alone));
    expect(losses(one)).toEqual(losses(alone));
  });

  it("cuts its step after each epoch by the back-off", PATIENCE, async () => {
    const { history } = await trainSmall(data, { strategy: "hogwild", numWorkers: 1, backoff: 0.5 });
    const { history: whole } = await trainSmall(data, { strategy: "hogwild", numWorkers: 1 });
    history.epochs.forEach(({ learningRate }, epoch) => {
      expect(learningRate).toBeCloseTo(0.5 ** epoch * whole.epochs[epoch].learningRate, 12);
    });
  });
});

describe("averaging", () => {
  it("gives the same bytes on each repetition, others than one worker's", PATIENCE, async () => {
    const run = () => trainSmall({ ...data, dropout: 0.2 }, { strategy: "averaging", numWorkers: 3 });
    const [first, second] = [await run(), await run()];
    expect(flatValue(second)).toEqual(flatValue(first));
    expect(distance(flatValue(await trainSmall({ ...data, dropout: 0.2 })), flatValue(first))).toBeGreaterThan(1e-3);
  });

  it("of one worker is sequential to the bit", PATIENCE, async () => {
    const [alone, one] = [await trainSmall(data), await trainSmall(data, { strategy: "averaging" })];
    expect(flatValue(one)).toEqual(flatValue(alone));
  });

  it("learns, and mixing each epoch is another training than mixing never", PATIENCE, async () => {
    const run = (averageEvery: number) =>
      trainSmall({ ...data, validate: true }, { strategy: "averaging", numWorkers: 2, averageEvery });
    const [mixed, never] = [await run(1), await run(0)];
    for (const { history } of [mixed, never]) {
      const values = history.validations.map(({ metrics }) => metrics.loss);
      expect(values[values.length - 1]).toBeLessThan(0.9 * values[0]);
    }
    expect(distance(flatValue(mixed), flatValue(never))).toBeGreaterThan(1e-4);
    expect(mixed.report.trafficBytesPerStep).toBeCloseTo(2 * never.report.trafficBytesPerStep, 6);
  });
});
