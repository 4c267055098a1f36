/**
 * @file Which columns of a wide output layer are whose, and when is it worth while to divide them?
 *
 *   blocks of SUM_BLOCK columns  │ 0 │ 1 │ 2 │ 3 │ 4 │      a softmax adds its exponentials block by block: workers have
 *   workers                      │   0   │     1     │      whole blocks, so that the sums are those of one worker
 *
 * Not here: what workers do with their columns (column-blocks.ts).
 */
import { ConfigError } from "../../core/errors.js";
import { type Kernels, SUM_BLOCK } from "../../kernels/contract.js";
import { SigmoidCrossEntropyCriterion } from "../../nn/criteria/sigmoid-cross-entropy-criterion.js";
import { SoftMaxCrossEntropyCriterion } from "../../nn/criteria/soft-max-cross-entropy-criterion.js";
import { Linear } from "../../nn/layers/linear.js";
import type { Chain } from "./layer-plan.js";
import type { ModelSplit } from "./strategy.js";

/** What the workers of a group share. */
export interface ColumnMemory {
  /** [n, H] */
  readonly hidden: Float32Array;
  readonly gradHidden: Float32Array;
  /** Of each worker: the largest logit of its columns, [n]. */
  readonly maxima: readonly Float32Array[];
  /** Of each worker: sums of exponentials, [n, blocks of the worker]. */
  readonly sums: readonly Float32Array[];
}

/** Columns [first, end) of worker `member`, whole blocks; worker 0, who has the other layers too, gets no more than others. */
export function columnsOf(numColumns: number, member: number, groupSize: number): { first: number; end: number } {
  const blocks = Math.ceil(numColumns / SUM_BLOCK);
  const cut = (share: number): number => Math.min(numColumns, SUM_BLOCK * Math.floor((blocks * share) / groupSize));
  return { first: cut(member), end: cut(member + 1) };
}

/**
 * Whether workers divide columns. @throws {ConfigError} if that is asked for and cannot be.
 */
export function canSplitColumns(
  strategy: string,
  split: ModelSplit,
  { modules, criterion }: Chain,
  cost: readonly number[],
  groupSize: number,
): boolean {
  if (split === "layers") return false;
  const last = modules[modules.length - 1];
  const isKnown =
    criterion instanceof SoftMaxCrossEntropyCriterion || criterion instanceof SigmoidCrossEntropyCriterion;
  const numBlocks = last instanceof Linear ? Math.ceil(last.numOutputs / SUM_BLOCK) : 0;
  const can = isKnown && modules.length > 1 && numBlocks >= groupSize;
  if (split === "columns" && !can) {
    throw new ConfigError(
      `${strategy}: expected a hidden layer, and an output layer of at least ${(groupSize - 1) * SUM_BLOCK + 1} columns ` +
        `under a softmax or sigmoid loss of sparse targets, got ${last instanceof Linear ? `${last.numOutputs} columns under ${criterion.constructor.name}` : last.constructor.name}; ` +
        `columns are divided in blocks of ${SUM_BLOCK}: use fewer workers, or modelSplit "layers"`,
    );
  }
  const total = cost.reduce((a, b) => a + b, 0);
  return can && (split === "columns" || cost[cost.length - 1] >= total / 2);
}

/** Memory for batches of up to `numRows`. */
export function createColumnMemory(
  kernels: Kernels,
  { modules }: Chain,
  numRows: number,
  groupSize: number,
): ColumnMemory {
  const last = modules[modules.length - 1] as unknown as Linear;
  const members = Array.from({ length: groupSize }, (_, member) => columnsOf(last.numOutputs, member, groupSize));
  return {
    hidden: kernels.sharedF32(numRows * last.numInputs),
    gradHidden: kernels.sharedF32(numRows * last.numInputs),
    maxima: members.map(() => kernels.sharedF32(numRows)),
    sums: members.map(({ first, end }) => kernels.sharedF32(numRows * Math.ceil((end - first) / SUM_BLOCK))),
  };
}
