/**
 * @file data-parallel: each batch cut into N parts, a worker each; gradients averaged, one step, all go on together.
 *
 *   batch │ rows of worker 0 │ rows of worker 1 │ …      g = Σ (nᵢ / n)·gᵢ, nᵢ of the n rows: that of the whole batch
 *
 * The loss of every step is that of one worker with the whole batch, to rounding, dropout included: masks are counted
 * from the batch's first row. For a fixed number of workers it gives the same bytes again and again, since each number
 * is added up by one worker in a fixed order (gradient-merge.ts). What looks at a batch as a whole sees its part only:
 * BatchNormalization's statistics (those of worker 0 are saved), class weights, the negatives of sampled outputs.
 *
 * Sources: Dean et al., "Large Scale Distributed Deep Networks", NIPS 2012, §4 (replicas on shards of data, here
 * synchronous and on one memory); Rabenseifner, "Optimization of Collective Reduction Operations", ICCS 2004 (the
 * reduce-scatter). Differs from them: parameters are one shared vector, so that the updated ones need not be sent back.
 */
import { ConfigError } from "../../core/errors.js";
import type { TrainerOptions } from "../trainer-options.js";
import { Lockstep, type StepCompute } from "./lockstep.js";
import type { BatchOrder } from "./step-orders.js";
import type { Strategy } from "./strategy.js";

export const dataParallel: Strategy = {
  join(enrolment) {
    const { index, size } = enrolment;
    return Lockstep.join(enrolment, {
      groupSize: 1,
      createCompute: async (options) => new PartOfBatch(options, index, size),
    });
  },
};

/** One worker's rows of each batch. */
class PartOfBatch<B> implements StepCompute {
  readonly computed: readonly number[];
  readonly owned: StepCompute["owned"];
  readonly drawsLast: boolean;
  readonly traffic = 0;
  private readonly options: TrainerOptions<B>;
  private readonly part: number;
  private readonly numParts: number;

  constructor(options: TrainerOptions<B>, part: number, numParts: number) {
    const { parameters } = options.objective.parameters;
    this.options = options;
    this.part = part;
    this.numParts = numParts;
    this.computed = parameters.map((_, i) => i);
    this.owned = parameters.map(({ shape }, parameter) => ({ parameter, firstRow: 0, numRows: shape[0] }));
    // Every worker draws what the whole batch draws; the first never lacks rows.
    this.drawsLast = part === 0;
    checkParts("data-parallel", options);
  }

  compute({ epoch, index }: BatchOrder): { loss: number; numRows: number } {
    const { source, objective } = this.options;
    const part = source.loadPart?.(epoch, index, this.part, this.numParts);
    if (part === undefined || part.numRows === 0) return { loss: 0, numRows: 0 };
    return { loss: objective.lossAndGradient(part.batch), numRows: part.numRows };
  }
}

/** @throws {ConfigError} for a source that cannot load a part of a batch. */
export function checkParts<B>(strategy: string, { source }: TrainerOptions<B>): void {
  if (source.loadPart !== undefined) return;
  throw new ConfigError(
    `${strategy}: expected a source that loads parts of a batch, got ${source.constructor.name} without loadPart; ` +
      "implement it, as DenseBatches does, or use the hogwild strategy",
  );
}
