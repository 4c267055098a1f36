/**
 * @file The built package's strategies, for tests: worker threads need compiled files. `npm run check` builds before it tests.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { ParallelOptions, ParallelTraining } from "../../../src/train/strategies/index.js";

const BUILT = fileURLToPath(new URL("../../../dist/src/train/strategies/", import.meta.url));

/** Long beside a small training, short beside a run that hangs. */
export const PATIENCE = { timeout: 60_000 };

export const SMALL_TRAINING: URL = new URL("./small-training.mjs", import.meta.url);
export const WORLD_RECIPE: URL = pathToFileURL(join(BUILT, "world-recipe.js"));

/** Fields of small-training.mjs's `data`. */
export interface SmallData {
  readonly dropout?: number;
  readonly optimizer?: string;
  readonly clip?: number;
  readonly numRows?: number;
  readonly epochs?: number;
  readonly hidden?: readonly number[];
  readonly batchSize?: number;
  readonly learningRate?: number;
  readonly validate?: boolean;
  readonly patience?: number;
  readonly normalize?: boolean;
  readonly fault?: {
    readonly index: number;
    readonly act: "throw" | "exit" | "hang" | "refuse";
    /** Of a worker that hangs, on shared memory: [whether it does, a number that nobody changes]. */
    readonly hangs?: Int32Array;
  };
}

type Options = Omit<ParallelOptions<unknown>, "recipe">;

/** Trains by the built package. */
export async function train(module: URL, data: unknown, options: Options): Promise<ParallelTraining> {
  const file = join(BUILT, "train-in-parallel.node.js");
  if (!existsSync(file)) throw new Error(`${file} is not there; run npm run build first`);
  const built = (await import(file)) as typeof import("../../../src/train/strategies/train-in-parallel.node.js");
  return built.trainInParallel({ recipe: { module, data }, ...options });
}

export function trainSmall(data: SmallData, options: Options = {}): Promise<ParallelTraining> {
  return train(SMALL_TRAINING, data, options);
}

/** The loss of every step. */
export function losses({ history }: ParallelTraining): number[] {
  return history.steps.map(({ loss }) => loss);
}

/** All parameters one after another. */
export function flatValue({ parameters }: ParallelTraining): Float32Array {
  return Float32Array.from(parameters.flatMap(({ value }) => [...value]));
}

/** The largest difference of two vectors of one length. */
export function distance(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) throw new Error(`expected ${a.length} numbers, got ${b.length}`);
  let largest = 0;
  for (let i = 0; i < a.length; i++) largest = Math.max(largest, Math.abs(a[i] - b[i]));
  return Number.isNaN(Array.from(a).reduce((x, y) => x + y, 0)) ? Number.NaN : largest;
}
