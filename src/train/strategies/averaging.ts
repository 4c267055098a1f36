/**
 * @file averaging: every worker trains a copy of its own on its share of the batches; the model is the copies' mean.
 *
 *   worker 0   w₀ ── batches 0, N, 2N, … ──▶ w₀ ┐
 *   worker 1   w₁ ── batches 1, N + 1, … ──▶ w₁ ┴▶ w = (w₀ + w₁ + …) / N ──▶ all go on from w, every `averageEvery` epochs
 *
 * Nothing crosses but at the ends of epochs. For a convex loss the mean is as good as its parts or better; copies of a
 * deep network drift into different minima, so that means of long independent runs are worth little: then average often.
 * The same bytes again for a fixed number of workers. A checkpoint holds every copy and its optimiser, and is written at
 * the ends of epochs, when all stand still.
 *
 * Sources: Zinkevich, Weimer, Smola, Li, "Parallelized Stochastic Gradient Descent", NIPS 2010, Algorithm 3 (one average,
 * at the end: `averageEvery` 0); McDonald, Hall, Mann, "Distributed Training Strategies for the Structured Perceptron",
 * NAACL 2010, §4 (iterative parameter mixing: 1, the default). Differs from them: each worker keeps its optimiser's
 * moments, of its own past, through an averaging.
 */
import { ConfigError } from "../../core/errors.js";
import type { Kernels } from "../../kernels/contract.js";
import { moveParameters } from "../../nn/parameter.js";
import { Asgd } from "../../optim/asgd.js";
import { createBoard, type FreeBoard, FreeRunning } from "./free-running.js";
import { checkOptimizer, type SharedModel, shareModel } from "./shared-model.js";
import type { Strategy } from "./strategy.js";

/** Parts of the average start at multiples of it: whole cache lines. */
const PART_MULTIPLE = 16;

interface Handout {
  readonly published: Float32Array;
  readonly board: FreeBoard;
}

export const averaging: Strategy = {
  async join(enrolment) {
    const { index, size, kernels, options, barrier, ledger } = enrolment;
    const local = await enrolment.build();
    const optimizer = checkOptimizer("averaging", local.optimizer);
    if (optimizer instanceof Asgd) {
      throw new ConfigError(
        "averaging: expected an optimiser that does not average by itself, got Asgd; use sgd with a schedule",
      );
    }
    const own = shareModel(kernels, local.objective.parameters, optimizer);
    // The lead's second model is what validations and checkpoints see.
    const published = index === 0 ? await enrolment.build() : local;
    let handout: Handout | null = null;
    if (index === 0) {
      const shared = kernels.sharedF32(own.value.length);
      moveParameters(published.objective.parameters, shared, "copy");
      handout = { published: shared, board: createBoard(size) };
    }
    const [given] = (await enrolment.exchange(handout)) as readonly [Handout];
    const copies = await enrolment.exchange(own);
    const mean = given.published;
    const values = copies.map(({ value }) => value);
    const scheme = {
      local,
      optimizer,
      published,
      stepCount: "own",
      gate: null,
      rateOfEpoch: () => 1,
      endEpoch(epoch: number) {
        averagePart(kernels, values, mean, index);
        barrier.wait();
        const foreign = 4 * mean.length * ((size - 1) / size);
        const goesOn = options.averageEvery > 0 && (epoch + 1) % options.averageEvery === 0;
        if (goesOn) own.value.set(mean);
        // The lead may save all copies now.
        barrier.wait();
        ledger.addTraffic(goesOn ? 2 * foreign : foreign);
      },
      state: () => stateOf(copies),
      saves: "epoch ends",
    } as const;
    return new FreeRunning(enrolment, scheme, given.board);
  },
};

/** mean[part] ← the mean of all copies there, added up in the order of the workers. */
function averagePart(kernels: Kernels, values: readonly Float32Array[], mean: Float32Array, index: number): void {
  const cut = (share: number): number =>
    share === values.length
      ? mean.length
      : Math.min(mean.length, Math.ceil((mean.length * share) / values.length / PART_MULTIPLE) * PART_MULTIPLE);
  const [from, to] = [cut(index), cut(index + 1)];
  const out = mean.subarray(from, to);
  values.forEach((value, worker) => {
    kernels.axpby(to - from, 1 / values.length, value.subarray(from, to), worker === 0 ? 0 : 1, out);
  });
}

/** What a checkpoint holds besides the average. */
function stateOf(copies: readonly SharedModel[]): Record<string, Float32Array> {
  const state: Record<string, Float32Array> = {};
  copies.forEach(({ value, state: own }, worker) => {
    state[`worker${worker}.value`] = value;
    for (const [name, vector] of Object.entries(own)) state[`worker${worker}.${name}`] = vector;
  });
  return state;
}
