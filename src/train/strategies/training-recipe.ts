/**
 * @file How does the same training come about on several threads? From a recipe: a program that each of them runs.
 *
 *   // digits-training.mjs
 *   export function createTraining(kernels, data) { … return { objective, source, optimizer, epochs }; }
 *
 * Layers hold functions and cannot be sent to a thread; a module's address and plain data can. `createTraining` must give
 * the same model, with the same initial numbers, each time that it is called with the same data. Typed arrays of `data`
 * that stand on SharedArrayBuffers arrive as the same memory, all others as copies.
 */
import { ConfigError } from "../../core/errors.js";
import type { Kernels } from "../../kernels/contract.js";
import type { TrainerOptions } from "../trainer-options.js";

/** Builds a training: all that a Trainer is made of, `name` and `remedy` too. */
export type CreateTraining<D, B> = (kernels: Kernels, data: D) => TrainerOptions<B> | Promise<TrainerOptions<B>>;

/** A training that each thread builds for itself: a module's address, and data that can be sent. */
export interface TrainingRecipe<D> {
  /** Address of a module that exports `createTraining`, such as `new URL("./training.mjs", import.meta.url)`. */
  readonly module: string | URL;
  /** Given to `createTraining`; what a thread can be sent. */
  readonly data: D;
}

/** The function that a module exports. @throws {ConfigError} if it exports none of that name. */
export async function loadRecipe<D, B>(module: string): Promise<CreateTraining<D, B>> {
  const exported = (await import(module)) as Record<string, unknown>;
  const { createTraining } = exported;
  if (typeof createTraining === "function") return createTraining as CreateTraining<D, B>;
  throw new ConfigError(
    `${module}: expected an exported function createTraining(kernels, data), got ${Object.keys(exported).join(", ") || "no exports"}; ` +
      "name the module that builds the training",
  );
}
