/** @file What a training lives through: interruption and resumption, early stopping, workers that die, bad options. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Worker } from "node:worker_threads";
import { afterAll, describe, expect, it } from "vitest";
import { resolveStrategy, STRATEGY_NAMES, type StrategyName } from "../../../src/train/strategies/strategy.js";
import { flatValue, losses, PATIENCE, trainSmall } from "./built-strategies.js";

const folder = mkdtempSync(join(tmpdir(), "manyworlds-strategies-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let numFiles = 0;
const newFile = (): string => join(folder, `${numFiles++}.safetensors`);

/** Workers that each strategy is tried with. */
const WORKERS: Readonly<Record<StrategyName, number>> = {
  sequential: 1,
  "data-parallel": 2,
  "model-parallel": 2,
  hybrid: 4,
  hogwild: 2,
  locked: 2,
  "round-robin": 2,
  averaging: 2,
};
const EACH = STRATEGY_NAMES.map((strategy) => ({ strategy, numWorkers: WORKERS[strategy] }));
/** Whose order of steps, or what gradients saw of them, is chance. */
const BY_CHANCE: readonly StrategyName[] = ["hogwild", "locked", "round-robin"];
const TOGETHER = EACH.filter(({ numWorkers }) => numWorkers > 1);

describe.each(EACH)("$strategy", ({ strategy, numWorkers }) => {
  const data = { dropout: 0.2, validate: true, epochs: 4 };

  it("goes on where its signal ended it", PATIENCE, async () => {
    const checkpoint = newFile();
    const abort = new AbortController();
    const options = { strategy, numWorkers, checkpoint, checkpointIntervalMs: 0 };
    const onEpoch = ({ epoch }: { epoch: number }): void => {
      if (epoch === 2) abort.abort();
    };
    const begun = await trainSmall({ ...data, epochs: 400 }, { ...options, signal: abort.signal, onEpoch });
    expect(begun.history.ended).toBe("interrupted");
    expect(begun.history.steps.at(-1)?.step).toBeLessThan(1000);
    const abortAgain = new AbortController();
    const resumed = await trainSmall(
      { ...data, epochs: 400 },
      { ...options, signal: abortAgain.signal, onEpoch: () => abortAgain.abort() },
    );
    expect(resumed.history.steps.length).toBeGreaterThan(begun.history.steps.length);
    const shared = strategy === "averaging" ? resumed.history.epochs.length - 2 : begun.history.epochs.length;
    expect(losses(resumed).slice(0, shared)).toEqual(losses(begun).slice(0, shared));
  });

  it.skipIf(BY_CHANCE.includes(strategy))("ends with the same bytes after an interruption", PATIENCE, async () => {
    const checkpoint = newFile();
    const options = { strategy, numWorkers, checkpoint, checkpointIntervalMs: 0 };
    const whole = await trainSmall(data, { strategy, numWorkers });
    const abort = new AbortController();
    const begun = await trainSmall(data, { ...options, signal: abort.signal, onEpoch: () => abort.abort() });
    const resumed = await trainSmall(data, options);
    expect(resumed.history.ended).toBe("finished");
    expect(flatValue(resumed)).toEqual(flatValue(whole));
    expect(resumed.history.best).toEqual(whole.history.best);
    // A small run may be done before it hears of the signal.
    expect(["interrupted", "finished"]).toContain(begun.history.ended);
  });

  it("stops early and gives the best parameters back", PATIENCE, async () => {
    // Far enough above a good rate that the loss rises soon, and far enough below one at which stale gradients diverge.
    const rising = { ...data, optimizer: "sgd", learningRate: 1, epochs: 60, patience: 2 };
    const { history } = await trainSmall(rising, { strategy, numWorkers });
    expect(history.ended).toBe("early stop");
    const best = history.best?.epoch ?? 0;
    expect(history.validations).toHaveLength(best + 2);
  });

  it("says that a loss is no number, as bad input", PATIENCE, async () => {
    const diverging = trainSmall({ optimizer: "sgd", learningRate: 1e30 }, { strategy, numWorkers });
    await expect(diverging).rejects.toThrow(/became .* at step/);
    await expect(diverging).rejects.toMatchObject({ originalName: "DivergenceError", exitCode: 2 });
  });
});

describe.each(TOGETHER)("$strategy: the run ends with the reason when a worker", ({ strategy, numWorkers }) => {
  const last = numWorkers - 1;

  it.each([0, last])("(%i) throws", PATIENCE, async (index) => {
    const run = trainSmall({ fault: { index, act: "throw" } }, { strategy, numWorkers });
    await expect(run).rejects.toThrow("a bug in thread of a worker");
  });

  it.each([0, last])("(%i) exits", PATIENCE, async (index) => {
    const run = trainSmall({ fault: { index, act: "exit" } }, { strategy, numWorkers });
    await expect(run).rejects.toThrow(
      `worker ${index} of ${numWorkers}: its thread exited with code 3 before its time; the run was stopped`,
    );
  });

  it("throws before the others have met", PATIENCE, async () => {
    const startMs = performance.now();
    const run = trainSmall({ fault: { index: last, act: "refuse" } }, { strategy, numWorkers });
    await expect(run).rejects.toThrow("no training on this worker");
    // Not after the time that workers are given to leave by themselves.
    expect(performance.now() - startMs).toBeLessThan(4500);
  });

  it("is terminated from outside while the others wait for it", PATIENCE, async () => {
    const hangs = new Int32Array(new SharedArrayBuffer(8));
    let isSettled = false;
    const onStart = async (workers: readonly Worker[]): Promise<void> => {
      while (Atomics.load(hangs, 0) === 0) {
        // A run that fails before is the test's to report.
        if (isSettled) return;
        await sleep(5);
      }
      // The others come to where they wait for it.
      await sleep(300);
      await workers[last].terminate();
    };
    const fault = { index: last, act: "hang", hangs } as const;
    const run = trainSmall({ fault }, { strategy, numWorkers, onStart }).finally(() => {
      isSettled = true;
    });
    await expect(run).rejects.toThrow(/exited with code 1 before its time/);
  });
});

describe("what cannot be is refused", () => {
  it("WASM kernels, whose memory is each thread's own", PATIENCE, async () => {
    const run = trainSmall({}, { strategy: "data-parallel", numWorkers: 2, kernels: { backend: "wasm" } });
    await expect(run).rejects.toThrow(/expected native kernels, which share memory between threads, got wasm/);
    const alone = await trainSmall({}, { kernels: { backend: "wasm" } });
    expect(alone.history.ended).toBe("finished");
  });

  it("a module without a recipe", PATIENCE, async () => {
    const { train } = await import("./built-strategies.js");
    const run = train(new URL("../../../dist/src/core/index.js", import.meta.url), {}, {});
    await expect(run).rejects.toThrow(/expected an exported function createTraining/);
  });

  it.each([
    [{ strategy: "downhill" as StrategyName }, /one of sequential/],
    [{ numWorkers: 2 }, /one worker with sequential/],
    [{ strategy: "hogwild", numWorkers: 0 }, /1 to 256 workers/],
    [{ strategy: "data-parallel", backoff: 0.9 }, /backoff with hogwild/],
    [{ strategy: "hogwild", averageEvery: 3 }, /averageEvery with averaging/],
    [{ strategy: "hogwild", backoff: 1.5 }, /a backoff in \(0, 1\]/],
    [{ strategy: "averaging", averageEvery: -1 }, /0 or more epochs/],
  ] as const)("%o", (options, message) => {
    expect(() => resolveStrategy(options)).toThrow(message);
  });
});
