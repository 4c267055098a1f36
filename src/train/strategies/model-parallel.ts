/**
 * @file model-parallel: the model divided among workers, each batch the work of all: what crosses is activations.
 *
 *   layers    0 SparseLinear ReLU │ 1 Linear      runs of layers, a worker each, batches in pieces        (pipeline.ts)
 *   columns   all layers but the last on worker 0, the last one's columns among all             (column-blocks.ts)
 *
 * Each worker keeps the parameters that it computes with and steps them: no gradient crosses. Equal to one worker to the
 * bit, whatever the number of workers. It pays where parameters are many beside activations; where a batch has far more
 * rows than a layer has inputs, data parallel moves less. The report's traffic says which.
 *
 * Source: Dean et al., "Large Scale Distributed Deep Networks", NIPS 2012, §3 (a model partitioned across machines).
 */
import type { FlatParameters, Parameter } from "../../nn/parameter.js";
import type { TrainerOptions } from "../trainer-options.js";
import { ColumnBlocks } from "./column-blocks.js";
import { canSplitColumns, createColumnMemory } from "./column-split.js";
import { checkParts } from "./data-parallel.js";
import type { OwnedRows } from "./gradient-merge.js";
import { chainOf, costs, cutStages, mayCut, measureOutputs } from "./layer-plan.js";
import { Lockstep, type StepCompute } from "./lockstep.js";
import { createPipelineMemory, Pipeline } from "./pipeline.js";
import type { BatchOrder } from "./step-orders.js";
import type { Enrolment, Strategy, StrategyWorker } from "./strategy.js";

export const modelParallel: Strategy = {
  join: (enrolment) => joinGroups(enrolment, enrolment.options.numWorkers),
};

/** Joins as a member of a group of `groupSize` workers that divide a model; groups divide batches. */
export function joinGroups<B>(enrolment: Enrolment<B>, groupSize: number): Promise<StrategyWorker> {
  return Lockstep.join(enrolment, {
    groupSize,
    createCompute: (options) => createCompute(enrolment, options, groupSize),
  });
}

async function createCompute<B>(
  enrolment: Enrolment<B>,
  options: TrainerOptions<B>,
  groupSize: number,
): Promise<StepCompute> {
  const { index, size, kernels, barrier } = enrolment;
  const { strategy, modelSplit, microBatches } = enrolment.options;
  const chain = chainOf(strategy, options);
  checkParts(strategy, options);
  const { outputs: shapes, numRows, entriesPerRow } = measureOutputs(options, chain);
  const cost = costs(chain, shapes, entriesPerRow);
  const { parameters } = options.objective;
  const [member, group] = [index % groupSize, Math.floor(index / groupSize)];
  const common = {
    kernels,
    barrier,
    chain,
    firstCounter: 2 * groupSize * group,
    rngs: options.rngs ?? [],
    source: options.source,
    part: { index: group, count: size / groupSize },
  };
  /** Gives the group the memory that its first member makes. */
  const share = async <T>(make: () => T): Promise<T> => {
    const memories = await enrolment.exchange(member === 0 ? make() : null);
    return memories.filter((memory) => memory !== null)[group] as T;
  };
  if (canSplitColumns(strategy, modelSplit, chain, cost, groupSize)) {
    const memory = await share(() => createColumnMemory(kernels, chain, numRows, groupSize));
    const blocks = new ColumnBlocks({ ...common, memory, member, groupSize, microBatches });
    return new MemberCompute(blocks, ownedBy(parameters, blocks.owns, group === 0), member === 0 && group === 0);
  }
  const stages = cutStages(strategy, chain, cost, groupSize);
  const memory = await share(() => createPipelineMemory(kernels, stages, shapes, numRows, common.rngs.length));
  const pieces = mayCut(chain) ? microBatches : 1;
  const pipeline = new Pipeline({ ...common, stages, stage: member, shapes, memory, microBatches: pieces });
  const { from, to } = stages[member];
  const isLast = member === groupSize - 1;
  const owns = [
    ...chain.modules.slice(from, to).flatMap((module) => module.parameters()),
    ...(isLast ? chain.criterion.parameters() : []),
  ].map((parameter) => ({ parameter, firstRow: 0, numRows: parameter.shape[0] }));
  return new MemberCompute(pipeline, ownedBy(parameters, owns, group === 0), isLast && group === 0);
}

type Owns = readonly { readonly parameter: Parameter; readonly firstRow: number; readonly numRows: number }[];

/** The same by index. Running statistics of the first group's workers are those that are saved. */
function ownedBy(flat: FlatParameters, owns: Owns, isFirstGroup: boolean): OwnedRows[] {
  return owns.map(({ parameter, firstRow, numRows }) => {
    const index = flat.parameters.indexOf(parameter);
    if (isFirstGroup && !parameter.trainable) {
      parameter.value = flat.value.subarray(flat.offsets[index], flat.offsets[index] + parameter.size);
    }
    return { parameter: index, firstRow, numRows };
  });
}

/** A member of a group, as lockstep sees it. */
class MemberCompute implements StepCompute {
  readonly owned: readonly OwnedRows[];
  readonly computed: readonly number[];
  readonly drawsLast: boolean;
  private readonly part: Pipeline | ColumnBlocks;

  constructor(part: Pipeline | ColumnBlocks, owned: readonly OwnedRows[], drawsLast: boolean) {
    this.part = part;
    this.owned = owned;
    this.computed = owned.map(({ parameter }) => parameter);
    this.drawsLast = drawsLast;
  }

  get traffic(): number {
    return this.part.traffic;
  }

  compute(order: BatchOrder): { loss: number; numRows: number } {
    return this.part.run(order);
  }
}
