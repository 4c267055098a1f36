/** @file A thread that answers queries with worlds whose parameters stand on shared memory. */
import { createKernels } from "../kernels/index.js";
import { serveJobs } from "../parallel/job-server.node.js";
import type { Ensemble } from "./ensemble.js";
import { createPredictionEnsemble } from "./prediction-ensemble.js";
import type { PredictionJob, PredictionShared } from "./prediction-job.js";
import type { Predictions } from "./predictions.js";

let ensemble: Ensemble | null = null;

serveJobs<PredictionShared, PredictionJob, never, Predictions>((shared, { rows, options }) => {
  ensemble ??= createPredictionEnsemble(createKernels(), shared);
  return ensemble.predict(rows, options);
});
