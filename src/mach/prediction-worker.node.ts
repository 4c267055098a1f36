/** @file A thread that answers queries with worlds whose parameters stand on shared memory. */
import { createKernels } from "../kernels/index.js";
import { serveJobs } from "../parallel/job-server.node.js";
import { Ensemble, type Predictions } from "./ensemble.js";
import { LabelHash } from "./label-hash.js";
import type { PredictionJob, PredictionShared } from "./prediction-job.js";
import { WorldScorer } from "./world-scorer.js";

let ensemble: Ensemble | null = null;

function createEnsemble({ hash, worldOptions, merge, prior, worlds }: PredictionShared): Ensemble {
  const kernels = createKernels();
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

serveJobs<PredictionShared, PredictionJob, never, Predictions>((shared, { rows, options }) => {
  ensemble ??= createEnsemble(shared);
  return ensemble.predict(rows, options);
});
