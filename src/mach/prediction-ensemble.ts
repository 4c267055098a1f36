/** @file An ensemble of a thread's own, over parameters that stand on shared memory. */
import type { Kernels } from "../kernels/contract.js";
import { Ensemble } from "./ensemble.js";
import { LabelHash } from "./label-hash.js";
import type { PredictionShared } from "./prediction-job.js";
import { WorldScorer } from "./world-scorer.js";

/** Native kernels read the shared arrays in place; WASM copies them into the thread's memory. */
export function createPredictionEnsemble(
  kernels: Kernels,
  { hash, worldOptions, merge, prior, worlds }: PredictionShared,
): Ensemble {
  return new Ensemble(kernels, {
    hash: LabelHash.fromJSON(hash),
    worldOptions,
    merge,
    prior: prior && { codes: kernels.adopt(prior.codes), bias: kernels.adopt(prior.bias) },
    worlds: worlds.map(({ world, parameters }) => {
      const adopted = new Map([...parameters].map(([name, array]) => [name, kernels.adopt(array)]));
      return { world, scorer: new WorldScorer(kernels, worldOptions, adopted) };
    }),
  });
}
