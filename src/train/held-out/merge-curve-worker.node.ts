/** @file The thread that merges finished worlds (merge-curve.ts), so that the one that watches the run never waits for it. */
import { workerData } from "node:worker_threads";
import { readSafetensors } from "../../checkpoint/safetensors-file.node.js";
import { createKernels } from "../../kernels/index.js";
import { WorldParameters } from "../../mach/world-scorer.js";
import { serveJobs } from "../../parallel/job-server.node.js";
import type { PoolWorkerData } from "../../parallel/job-thread.node.js";
import { unpackLargeViews } from "../../parallel/large-views.js";
import { MergeCurve } from "./merge-curve.js";
import type { MergeCurveJob, MergeCurveResult, MergeCurveShared } from "./merge-curve-job.js";

const shared = (unpackLargeViews(workerData) as PoolWorkerData).shared as MergeCurveShared;
const curve = new MergeCurve(createKernels(), shared);

serveJobs<MergeCurveShared, MergeCurveJob, never, MergeCurveResult>((_, { added, isMeasured }) => {
  if (added !== null) addWorld(added.world, added.path);
  const startMs = performance.now();
  const figures = isMeasured ? curve.measure() : null;
  return { figures, numWorlds: curve.numWorlds, seconds: (performance.now() - startMs) / 1000 };
});

/** The parameters of a world are in memory only here: they go with kernels of its own. */
function addWorld(world: number, path: string): void {
  const kernels = createKernels();
  try {
    const parameters = new WorldParameters(kernels, shared.network, path);
    readSafetensors(path, (entry) => parameters.target(entry));
    curve.addWorld(world, kernels, parameters.complete());
  } finally {
    kernels.dispose();
  }
}
