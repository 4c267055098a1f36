/** @file Trainings by counting-training.mjs, and what their journals say. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Worker } from "node:worker_threads";
import { loadSealed } from "../../../src/checkpoint/sealed-tensors.node.js";
import type { ParallelOptions, ParallelTraining } from "../../../src/train/strategies/index.js";
import { train } from "./built-strategies.js";

/** Words of a journal: steps begun, workers within a step, the most that there were, whether one hangs, then the batches. */
const JOURNAL = { begun: 0, within: 1, most: 2, hangs: 3, batches: 4 } as const;

export interface CountedData {
  readonly numBatches: number;
  readonly epochs: number;
  /** Numbers of the dense parameter. Default none. */
  readonly width?: number;
  readonly numRows?: number;
  /** Rows that batch i writes, i modulo their number. */
  readonly rowsOf?: readonly (readonly number[])[];
  /** Milliseconds that a gradient takes each worker. Default 0. */
  readonly gradientMs?: readonly number[];
  /** Milliseconds that a step takes besides. Default 0. */
  readonly stepMs?: number;
  /** Milliseconds that a step waits for another to be taken at the same time, until there has been one. Default 0. */
  readonly meet?: number;
  /** The worker that hangs within a step, from `batch` on. */
  readonly hangsAt?: { readonly index: number; readonly batch: number };
}

/** What optimisers did so far. */
export class Journal {
  readonly words: Int32Array = new Int32Array(new SharedArrayBuffer(4 * (JOURNAL.batches + 10_000)));

  get numSteps(): number {
    return Atomics.load(this.words, JOURNAL.begun);
  }

  /** Batches in the order of their steps. */
  get batches(): number[] {
    return [...this.words.subarray(JOURNAL.batches, JOURNAL.batches + this.numSteps)];
  }

  /** Workers that were within a step at the same time, at most. */
  get mostAtOnce(): number {
    return this.words[JOURNAL.most];
  }

  async until(isTrue: (words: Int32Array) => boolean): Promise<void> {
    const deadlineMs = performance.now() + 20_000;
    while (!isTrue(this.words)) {
      if (performance.now() > deadlineMs) throw new Error("the workers did not come to where they were awaited");
      await sleep(1);
    }
  }

  async untilHung(): Promise<void> {
    await this.until((words) => Atomics.load(words, JOURNAL.hangs) === 1);
  }
}

type Options = Omit<ParallelOptions<unknown>, "recipe">;

export function trainCounted(data: CountedData, options: Options, journal: Journal): Promise<ParallelTraining> {
  const module = new URL("./counting-training.mjs", import.meta.url);
  return train(module, { ...data, journal: journal.words, places: JOURNAL }, options);
}

/** Runs until `numSteps` steps were begun, then is interrupted. */
export async function trainInterrupted(
  data: CountedData,
  options: Options,
  journal: Journal,
  numSteps: number,
): Promise<ParallelTraining> {
  const abort = new AbortController();
  const run = trainCounted(data, { ...options, signal: abort.signal }, journal);
  await Promise.race([run, journal.until(() => journal.numSteps >= numSteps)]);
  abort.abort();
  return run;
}

/** A worker hangs within its step and is terminated, while the others wait for what it holds. @returns the run. */
export function trainTerminated(
  data: CountedData,
  options: Options,
  index: number,
  journal: Journal,
): Promise<ParallelTraining> {
  const onStart = async (workers: readonly Worker[]): Promise<void> => {
    await journal.untilHung();
    // The others come to where they wait for it.
    await sleep(300);
    await workers[index].terminate();
  };
  return trainCounted({ ...data, hangsAt: { index, batch: 4 } }, { ...options, onStart }, journal);
}

/** Numbers of a parameter. */
export function numbersOf({ parameters }: ParallelTraining, name: string): Float32Array {
  const parameter = parameters.find((each) => each.name === name);
  if (parameter === undefined) throw new Error(`no parameter ${name}`);
  return parameter.value;
}

/** The least and the largest of some numbers. */
export function extent(values: ArrayLike<number>): [number, number] {
  const all = Array.from(values);
  return [all.reduce((a, b) => Math.min(a, b)), all.reduce((a, b) => Math.max(a, b))];
}

/** What a checkpoint holds of a parameter. */
export function savedTensor(path: string, name: string): Float32Array {
  const tensor = loadSealed(path, "")?.tensors.get(name);
  if (!(tensor?.data instanceof Float32Array)) throw new Error(`${path} holds no numbers ${name}`);
  return tensor.data;
}
