/**
 * @file A thread of a parallel training: builds the training, joins the strategy, leads it (worker 0) or serves.
 */
import { createKernels } from "../../kernels/index.js";
import { serveTeam, type TeamMember } from "../../parallel/team-member.node.js";
import { Trainer } from "../trainer.js";
import { TrainerCheckpoint } from "../trainer-checkpoint.node.js";
import type { RunOptions } from "../trainer-options.js";
import type { ResumableTraining } from "../trainer-state.js";
import { Ledger } from "./ledger.js";
import type { ParallelJob, ParallelMessage, ParallelTraining } from "./parallel-job.js";
import { STRATEGIES } from "./strategies.js";
import type { StrategyWorker } from "./strategy.js";
import { loadRecipe } from "./training-recipe.js";

serveTeam<ParallelJob, ParallelMessage, ParallelTraining | null>(async (member) => {
  const { shared, index, size, barrier } = member;
  const kernels = createKernels(shared.kernels);
  const createTraining = await loadRecipe<unknown, unknown>(shared.module);
  const worker = await STRATEGIES[shared.options.strategy].join<unknown>({
    index,
    size,
    barrier,
    exchange: (value) => member.exchange(value),
    kernels,
    options: shared.options,
    build: async () => createTraining(kernels, shared.data),
    ledger: new Ledger(shared.ledger, index),
  });
  if (index === 0) return lead(member, worker);
  worker.serve();
  return null;
});

async function lead(
  member: TeamMember<ParallelJob, ParallelMessage>,
  worker: StrategyWorker,
): Promise<ParallelTraining> {
  const { shared, barrier } = member;
  const trainer = new Trainer(worker.trainerOptions);
  const ledger = new Ledger(shared.ledger, 0);
  const file = shared.checkpoint === null ? null : new TrainerCheckpoint(shared.checkpoint.path, shared.checkpoint);
  file?.load(trainer);
  const firstStep = trainer.progress.step;
  const report = () => ledger.report(trainer.progress.step - firstStep);
  const history = await trainer.run({
    signal: {
      get aborted() {
        return barrier.shouldStop;
      },
    },
    onProgress: (progress) => {
      const { trafficBytesPerStep, waitingShare } = report();
      member.postProgress({ kind: "progress", ...progress, trafficBytesPerStep, waitingShare });
    },
    onEpoch: (epoch) => member.postProgress({ kind: "epoch", ...epoch }),
    ...(file === null ? {} : checkpointing(file, worker, trainer, shared.checkpointIntervalMs)),
  });
  worker.finish();
  return {
    strategy: shared.options,
    parameters: worker.parameters.parameters.map(({ name, shape, value }) => ({
      name,
      shape,
      // Cloning a view clones all of its memory, unless that is shared.
      value: value.buffer instanceof SharedArrayBuffer ? value : value.slice(),
    })),
    history,
    loss: trainer.progress.loss,
    report: report(),
  };
}

/** Saves every so often; where workers run freely only when an epoch has ended and all stand still. */
function checkpointing(
  file: TrainerCheckpoint,
  worker: StrategyWorker,
  trainer: Trainer<unknown>,
  intervalMs: number,
): Pick<RunOptions, "checkpoint" | "checkpointIntervalMs"> {
  if (worker.saves === "any step") {
    const save = (training: ResumableTraining): void => {
      const act = (): void => file.save(training);
      if (worker.hold === undefined) act();
      else worker.hold(act);
    };
    return { checkpoint: { save }, checkpointIntervalMs: intervalMs };
  }
  let savedMs = performance.now();
  const save = (training: ResumableTraining): void => {
    const atEnd = trainer.progress.step % trainer.source.batchesPerEpoch === 0;
    if (!atEnd || performance.now() - savedMs < intervalMs) return;
    file.save(training);
    savedMs = performance.now();
  };
  return { checkpoint: { save }, checkpointIntervalMs: 0 };
}
