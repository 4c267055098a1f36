/**
 * @file A thread that times a world's steps for a plan: the same code, shape and number of threads as training itself.
 *
 * The first quarter of the time is for compilation and for pages that are touched for the first time; in training they
 * count once, here they would count as if each step paid for them.
 */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { writeFileAtomic } from "../../checkpoint/atomic-write.node.js";
import { createKernels } from "../../kernels/index.js";
import { serveJobs } from "../../parallel/job-server.node.js";
import { WorldTraining } from "../world-training.js";
import type { CalibrationJob, CalibrationResult, CalibrationShared } from "./calibration-job.js";

const WARM_UP_SHARE = 0.25;
/** Written to learn how fast models are written. */
const FILE_BYTES = 32e6;

serveJobs<CalibrationShared, CalibrationJob, never, CalibrationResult>((shared, job, context) => {
  const kernels = createKernels();
  try {
    return calibrate(shared, job, kernels, () => context.shouldStop());
  } finally {
    kernels.dispose();
  }
});

function calibrate(
  { dataset, model, optimization, seconds, folder }: CalibrationShared,
  { world, hash }: CalibrationJob,
  kernels: ReturnType<typeof createKernels>,
  shouldStop: () => boolean,
): CalibrationResult {
  const startMs = performance.now();
  const training = new WorldTraining(kernels, dataset, { world, hash, model, optimization });
  const builtMs = performance.now();
  const warmMs = builtMs + 1000 * WARM_UP_SHARE * seconds;
  const endMs = builtMs + 1000 * seconds;
  let measuredFrom = builtMs;
  let numSteps = 0;
  let nowMs = builtMs;
  // At least one step to warm up with and one to measure, however long they take.
  for (let isWarm = false; !training.done && !shouldStop(); ) {
    training.step();
    nowMs = performance.now();
    if (isWarm) numSteps++;
    else if (nowMs >= warmMs) {
      isWarm = true;
      measuredFrom = nowMs;
    }
    if (nowMs >= endMs && numSteps > 0) break;
  }
  const total = training.progress.step;
  const stepSeconds = numSteps > 0 ? (nowMs - measuredFrom) / numSteps : (nowMs - builtMs) / Math.max(1, total);
  const { value } = training.parameters;
  const bytes = new Uint8Array(value.buffer, value.byteOffset, Math.min(value.byteLength, FILE_BYTES));
  const path = join(folder, `calibration-${world}`);
  const writeMs = performance.now();
  writeFileAtomic(path, [bytes]);
  const secondsPerByte = (performance.now() - writeMs) / 1000 / bytes.length;
  rmSync(path, { force: true });
  return {
    setupSeconds: (builtMs - startMs) / 1000,
    stepSeconds: stepSeconds / 1000,
    numSteps: total,
    secondsPerByte,
  };
}
