/**
 * @file A thread that trains worlds, one after another: from the shared data set to a finished file, or to a checkpoint
 * that the next run continues.
 *
 *   worlds/world-007.partial.safetensors   parameters, optimiser vectors; metadata: step, generator, running loss
 *
 * A checkpoint is written every `checkpointIntervalMs`, and when the owner asks to stop. Training goes on from it as if
 * it had never stopped: same bytes. The thread writes the files itself, so that no parameters travel between threads.
 */

import type { NamedTensor } from "../checkpoint/safetensors.js";
import {
  loadPartialWorld,
  removePartialWorld,
  savePartialWorld,
  writeWorldFile,
} from "../checkpoint/world-file.node.js";
import { DivergenceError, InterruptedError, ProtocolError } from "../core/errors.js";
import type { Kernels } from "../kernels/contract.js";
import { createKernels } from "../kernels/index.js";
import { type JobContext, serveJobs } from "../parallel/job-server.node.js";
import type { WorldJob, WorldJobProgress, WorldJobResult, WorldJobShared } from "./world-job.js";
import { type TrainingState, WorldTraining } from "./world-training.js";

/** Progress messages are for eyes. */
const PROGRESS_INTERVAL_MS = 100;

serveJobs<WorldJobShared, WorldJob, WorldJobProgress, WorldJobResult>((shared, job, context) => {
  // Kernels of its own for each world: all its memory goes with them.
  const kernels = createKernels();
  try {
    return trainToFile(kernels, shared, job, context);
  } catch (error) {
    if (error instanceof DivergenceError) {
      removePartialWorld(shared.root, job.world);
      return { status: "diverged", message: error.message, step: error.step };
    }
    throw error;
  } finally {
    kernels.dispose();
  }
});

function trainToFile(
  kernels: Kernels,
  shared: WorldJobShared,
  job: WorldJob,
  context: JobContext<WorldJobProgress>,
): WorldJobResult {
  const { dataset, model, optimization, root } = shared;
  const training = new WorldTraining(kernels, dataset, {
    world: job.world,
    hash: job.hash,
    model,
    optimization,
  });
  const secondsBefore = resume(training, shared, job.world);
  const startedMs = performance.now();
  const firstStep = training.progress.step;
  const elapsedSeconds = (): number => (performance.now() - startedMs) / 1000;
  let progressMs = startedMs;
  let checkpointMs = startedMs;

  while (!training.done) {
    if (context.shouldStop()) {
      checkpoint(training, shared, job.world, secondsBefore + elapsedSeconds());
      throw new InterruptedError(
        `world ${job.world}: stopped at step ${training.progress.step} of ${training.numSteps}`,
      );
    }
    training.step();
    const nowMs = performance.now();
    if (nowMs - progressMs >= PROGRESS_INTERVAL_MS || training.done) {
      progressMs = nowMs;
      const { progress } = training;
      const rows = (progress.step - firstStep) * training.rowsPerStep;
      context.postProgress({ ...progress, rowsPerSecond: rows / elapsedSeconds() });
    }
    if (nowMs - checkpointMs >= shared.checkpointIntervalMs && !training.done) {
      checkpoint(training, shared, job.world, secondsBefore + elapsedSeconds());
      checkpointMs = performance.now();
    }
  }

  training.checkWeights();
  const seconds = secondsBefore + elapsedSeconds();
  const { loss } = training.progress;
  const file = writeWorldFile(root, job.world, parameterTensors(training), { world: String(job.world) });
  removePartialWorld(root, job.world);
  return { status: "done", file, loss, seconds };
}

function parameterTensors(training: WorldTraining): NamedTensor[] {
  return training.world.parameters.parameters.map(({ name, shape, value }) => ({ name, shape, data: value }));
}

/** Parameters and optimiser vectors: all arrays that training needs to go on. */
function stateTensors(training: WorldTraining): NamedTensor[] {
  const vectors = Object.entries(training.optimizer.state());
  return [
    ...parameterTensors(training),
    ...vectors.map(([name, data]) => ({ name: `optimizer.${name}`, shape: [data.length], data })),
  ];
}

function checkpoint(training: WorldTraining, shared: WorldJobShared, world: number, seconds: number): void {
  savePartialWorld(shared.root, world, stateTensors(training), {
    run: shared.runFingerprint,
    state: JSON.stringify(training.snapshot()),
    seconds: String(seconds),
  });
}

/** Continues from the world's checkpoint, if it is one of this run. @returns seconds that were trained before. */
function resume(training: WorldTraining, shared: WorldJobShared, world: number): number {
  const partial = loadPartialWorld(shared.root, world);
  if (partial === null || partial.metadata.run !== shared.runFingerprint) return 0;
  for (const { name, data } of stateTensors(training)) {
    const stored = partial.tensors.get(name);
    // The run's fingerprint covers every option that shapes these arrays.
    if (stored === undefined || stored.data.length !== data.length) {
      throw new ProtocolError(
        `world ${world}: expected ${name} of ${data.length} numbers in its checkpoint; delete it`,
      );
    }
    data.set(stored.data);
  }
  training.restore(JSON.parse(partial.metadata.state) as TrainingState);
  return Number(partial.metadata.seconds);
}
