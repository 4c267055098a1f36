/**
 * @file A thread that trains worlds, one after another: from the shared data set to a finished file, or to a checkpoint
 * that the next run continues.
 *
 *   worlds/world-007.partial.safetensors   parameters, optimiser vectors; metadata: see trainer-checkpoint.node.ts
 *
 * A checkpoint is written every `checkpointIntervalMs`, and when the owner asks to stop. Training goes on from it as if
 * it had never stopped: same bytes. The thread writes the files itself, so that no parameters travel between threads.
 */
import { join } from "node:path";
import { getHeapStatistics } from "node:v8";
import { partialFileName, writeWorldFile } from "../checkpoint/world-file.node.js";
import { DivergenceError, InterruptedError } from "../core/errors.js";
import type { Kernels } from "../kernels/contract.js";
import { createKernels } from "../kernels/index.js";
import { type JobContext, serveJobs } from "../parallel/job-server.node.js";
import { TrainerCheckpoint } from "./trainer-checkpoint.node.js";
import type { WorldJob, WorldJobProgress, WorldJobResult, WorldJobShared } from "./world-job.js";
import { WorldTraining } from "./world-training.js";

serveJobs<WorldJobShared, WorldJob, WorldJobProgress, WorldJobResult>(async (shared, job, context) => {
  // Kernels of its own for each world: all its memory goes with them.
  const kernels = createKernels();
  const checkpoint = new TrainerCheckpoint(join(shared.root, partialFileName(job.world)), {
    run: shared.runFingerprint,
    remedy: "delete this file and train with --resume: the world starts from its beginning",
  });
  try {
    return await trainToFile(kernels, shared, job, context, checkpoint);
  } catch (error) {
    if (error instanceof DivergenceError) {
      checkpoint.remove();
      return { status: "diverged", message: error.message, step: error.step };
    }
    throw error;
  } finally {
    kernels.dispose();
  }
});

async function trainToFile(
  kernels: Kernels,
  { dataset, heldOut, model, optimization, embeddings, root, checkpointIntervalMs }: WorldJobShared,
  { world, hash }: WorldJob,
  context: JobContext<WorldJobProgress>,
  checkpoint: TrainerCheckpoint,
): Promise<WorldJobResult> {
  const training = new WorldTraining(kernels, dataset, { world, hash, model, optimization, embeddings, heldOut });
  checkpoint.load(training);
  const { ended, seconds } = await training.run({
    signal: {
      get aborted() {
        return context.shouldStop();
      },
    },
    onProgress: (progress) => context.postProgress({ kind: "progress", ...progress, memoryBytes: threadBytes() }),
    onEpoch: (epoch) => context.postProgress({ kind: "epoch", ...epoch }),
    checkpoint,
    checkpointIntervalMs,
  });
  const { step, numSteps, loss } = training.progress;
  if (ended === "interrupted") throw new InterruptedError(`world ${world}: stopped at step ${step} of ${numSteps}`);
  const tensors = training.parameters.parameters.map(({ name, shape, value }) => ({ name, shape, data: value }));
  const file = writeWorldFile(root, world, tensors, { world: String(world) });
  checkpoint.remove();
  return { status: "done", file, loss, seconds };
}

/** What V8 counts for this thread: its heap, and the arrays that parameters, gradients and optimiser are in. */
function threadBytes(): number {
  const { used_heap_size, external_memory } = getHeapStatistics();
  return used_heap_size + external_memory;
}
