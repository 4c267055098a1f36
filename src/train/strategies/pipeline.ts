/**
 * @file How does a batch pass through layers on different workers? In micro-batches, one behind another.
 *
 *   worker 0   F₃ F₂ F₁ F₀ ··········· B₀ B₁ B₂ B₃        F: forward of a piece, B: backward, ·: waiting
 *   worker 1      F₃ F₂ F₁ F₀ │ loss │ B₀ B₁ B₂ B₃        the loss looks at the whole batch, so that its mean is one mean
 *
 *   outputs[s]  [rows, …]   what stage s gives stage s + 1, on memory that both see     gradients[s]  the way back
 *   counters    [s] pieces that stage s has forwarded, [P + s] pieces whose gradient it has given back, since the start
 *
 * Equal to one worker to the bit: each row's products are those of the whole batch, since they do not depend on the
 * rows beside it (forward: among batches of more than 24 rows, and among those of up to 24, so that a batch of more is
 * cut into pieces of at least 25), weights' gradients are sums over the rows in their order, which a piece goes on with
 * where the one before stopped (kernels: gemm that adds), and masks count rows from the batch's first. The layer that
 * reads sparse data works on whole batches: its list of rows is one list.
 *
 * A module keeps the state of its last forward only, so before a piece goes backward its forward is done again, but for
 * the piece forwarded last, which goes backward first, and the product of a stage's last layer, which nobody needs.
 *
 * Source: Huang et al., "GPipe: Efficient Training of Giant Neural Networks using Pipeline Parallelism", NeurIPS 2019, §2
 * (micro-batches, recomputing). Differs from the paper: the loss is taken over the batch, not piece by piece; pieces go
 * forward last first, so that one need not be computed again.
 */
import type { Rng } from "../../core/rng.js";
import type { Kernels } from "../../kernels/contract.js";
import type { Tensor } from "../../nn/module.js";
import { atLeastF32 } from "../../nn/tensor-buffer.js";
import type { Barrier } from "../../parallel/barrier.js";
import type { BatchSource, SupervisedBatch } from "../objective.js";
import { type Chain, type OutputShape, readsData, type Stage } from "./layer-plan.js";
import { cutRows, leastForwardRows, rowsOf } from "./micro-batches.js";
import { type AnyModule, StageModules } from "./stage-modules.js";
import type { BatchOrder } from "./step-orders.js";

/** What the workers of a group share. */
export interface PipelineMemory {
  /** Between stage s and s + 1. */
  readonly outputs: readonly Float32Array[];
  readonly gradients: readonly Float32Array[];
  /** Rows of the batch under way, and where they start in the whole batch. */
  readonly rows: Float64Array;
  /** Of each stage: states of generators when its first piece was through, 4 numbers each. */
  readonly states: readonly Float64Array[];
}

/** What a worker of a group is given. */
export interface PipelineOptions {
  readonly kernels: Kernels;
  readonly barrier: Barrier;
  readonly chain: Chain;
  readonly stages: readonly Stage[];
  /** This worker's stage. */
  readonly stage: number;
  /** Of each module. */
  readonly shapes: readonly OutputShape[];
  readonly memory: PipelineMemory;
  /** First of the 2·P counters of this group. */
  readonly firstCounter: number;
  /** Pieces of a batch, at most. */
  readonly microBatches: number;
  readonly rngs: readonly Rng[];
  readonly source: BatchSource<unknown>;
  /** This group's part of each batch. */
  readonly part: { readonly index: number; readonly count: number };
}

/** Memory for batches of up to `numRows`. */
export function createPipelineMemory(
  kernels: Kernels,
  stages: readonly Stage[],
  shapes: readonly OutputShape[],
  numRows: number,
  numRngs: number,
): PipelineMemory {
  const between = stages.slice(0, -1).map(({ to }) => numRows * shapes[to - 1].numbersPerRow);
  return {
    outputs: between.map((length) => kernels.sharedF32(length)),
    gradients: between.map((length) => kernels.sharedF32(length)),
    rows: new Float64Array(new SharedArrayBuffer(16)),
    states: stages.map(() => new Float64Array(new SharedArrayBuffer(32 * numRngs))),
  };
}

/** Rows [from, to) of a batch. */
interface Piece {
  readonly from: number;
  readonly to: number;
}

/** One worker's stage. */
export class Pipeline {
  /** Bytes that crossed to the neighbours in the last step. */
  traffic: number;
  private readonly options: PipelineOptions;
  private readonly layers: StageModules;
  /** The first module, where it works on whole batches. */
  private readonly head: AnyModule | null;
  private readonly isFirst: boolean;
  private readonly isLast: boolean;
  /** Pieces that went through before this step. */
  private base: number;
  /** Whole batches of what pieces leave: outputs of the last stage, gradients for the head. */
  private gathered: Float32Array;
  private headGradient: Float32Array;

  constructor(options: PipelineOptions) {
    const { chain, stages, stage, rngs } = options;
    const { from, to } = stages[stage];
    const modules = chain.modules.slice(from, to);
    this.options = options;
    this.isFirst = stage === 0;
    this.isLast = stage === stages.length - 1;
    this.head = this.isFirst && readsData(modules[0]) ? modules[0] : null;
    this.layers = new StageModules(this.head === null ? modules : modules.slice(1), rngs);
    this.traffic = 0;
    this.base = 0;
    this.gathered = new Float32Array(0);
    this.headGradient = new Float32Array(0);
  }

  /** One step's arithmetic of this stage. @returns the mean loss (of the last stage, 0 elsewhere) and the group's rows. */
  run({ epoch, index }: BatchOrder): { loss: number; numRows: number } {
    const { memory, part, source, chain } = this.options;
    this.traffic = 0;
    this.layers.zeroGradParameters();
    this.head?.zeroGradParameters();
    let batch: SupervisedBatch<unknown, unknown> | null = null;
    if (this.isFirst || this.isLast) {
      const loaded = source.loadPart?.(epoch, index, part.index, part.count);
      batch = (loaded?.batch ?? null) as SupervisedBatch<unknown, unknown> | null;
      // RACE: the first stage writes before it advances its counter, the others read behind that.
      if (this.isFirst) {
        memory.rows[0] = loaded?.numRows ?? 0;
        memory.rows[1] = batch?.first?.row ?? 0;
      }
    }
    if (this.isFirst && batch !== null && memory.rows[0] > 0) chain.prepare(batch);
    this.awaitStart();
    const [numRows, firstRow] = memory.rows;
    const { microBatches } = this.options;
    const pieces = numRows === 0 ? [] : cutRows(numRows, microBatches, leastForwardRows(numRows));
    let loss = 0;
    if (pieces.length > 0) loss = this.pass(pieces, firstRow, numRows, batch);
    else {
      // An empty part counts as one piece, so that counters tell steps apart.
      this.advance(0);
      this.advance(this.options.stages.length);
    }
    this.base += Math.max(1, pieces.length);
    return { loss, numRows };
  }

  private pass(
    pieces: readonly Piece[],
    firstRow: number,
    numRows: number,
    batch: SupervisedBatch<unknown, unknown> | null,
  ): number {
    const { rngs, stages, stage, shapes, chain } = this.options;
    const whole = this.wholeInput(batch, firstRow, numRows);
    this.layers.begin();
    const output = this.forwardPieces(whole, pieces, firstRow, numRows);
    const finalStates = rngs.map((rng) => rng.snapshot());
    let gradient: Tensor | null = null;
    let loss = 0;
    if (this.isLast && output !== null && batch !== null) {
      const { criterion } = chain;
      const all = pieces.length === 1 ? output : { data: this.gathered, shape: [numRows, ...output.shape.slice(1)] };
      criterion.zeroGradParameters();
      loss = criterion.forward(all, batch.targets);
      gradient = criterion.backward(all, batch.targets) as Tensor;
      finalStates.forEach((_, i) => {
        finalStates[i] = rngs[i].snapshot();
      });
    }
    this.backwardPieces(whole, pieces, firstRow, numRows, gradient);
    if (this.head !== null && batch !== null) {
      const { numbersPerRow, tail } = shapes[stages[stage].from];
      const data = this.headGradient.subarray(0, numRows * numbersPerRow);
      this.head.backward(batch.inputs, { data, shape: [numRows, ...tail] });
    }
    rngs.forEach((rng, i) => {
      rng.restore(finalStates[i]);
    });
    return loss;
  }

  /** Last piece first. @returns the output of the first piece; those of all are with the next stage, or gathered. */
  private forwardPieces(whole: unknown, pieces: readonly Piece[], firstRow: number, numRows: number): Tensor | null {
    const { rngs, memory, stage } = this.options;
    let output: Tensor | null = null;
    for (let i = pieces.length - 1; i >= 0; i--) {
      const { from, to } = pieces[i];
      if (!this.isFirst) this.waitFor(stage - 1, pieces.length - i);
      output = this.layers.forward(rowsOf(whole, from, to), firstRow + from) as Tensor;
      if (i === pieces.length - 1) {
        rngs.forEach((rng, r) => {
          memory.states[stage].set(rng.snapshot(), 4 * r);
        });
      }
      if (!this.isLast) {
        this.store(memory.outputs[stage], output, from);
        this.advance(0);
      } else if (pieces.length > 1) {
        this.gathered = this.gather(this.gathered, output, from, numRows);
      }
    }
    return output;
  }

  /** First piece first. `gradient`: of the whole batch's output, on the last stage; the next stage gives it to others. */
  private backwardPieces(
    whole: unknown,
    pieces: readonly Piece[],
    firstRow: number,
    numRows: number,
    gradient: Tensor | null,
  ): void {
    const { memory, stages, stage, shapes } = this.options;
    const { tail } = shapes[stages[stage].to - 1];
    const perRow = tail.reduce((a, b) => a * b, 1);
    pieces.forEach(({ from, to }, i) => {
      if (!this.isLast) this.waitBack(stage + 1, i + 1);
      if (i > 0) this.layers.recall(rowsOf(whole, from, to), firstRow + from);
      const data = gradient === null ? memory.gradients[stage] : gradient.data;
      const gradOutput = { data: data.subarray(from * perRow, to * perRow), shape: [to - from, ...tail] };
      const gradInput = this.layers.backward(gradOutput) as Tensor;
      if (this.isFirst) {
        if (this.head !== null) this.headGradient = this.gather(this.headGradient, gradInput, from, numRows);
        return;
      }
      this.store(memory.gradients[stage - 1], gradInput, from);
      this.advance(stages.length);
    });
  }

  /** What the pieces of this stage are rows of. */
  private wholeInput(batch: SupervisedBatch<unknown, unknown> | null, firstRow: number, numRows: number): unknown {
    const { stages, stage, shapes, memory } = this.options;
    if (this.isFirst) {
      if (this.head === null) return batch?.inputs;
      this.head.setFirstRow(firstRow);
      return this.head.forward(batch?.inputs);
    }
    const { tail } = shapes[stages[stage].from - 1];
    return { data: memory.outputs[stage - 1], shape: [numRows, ...tail] };
  }

  private store(to: Float32Array, tensor: Tensor, firstRow: number): void {
    const length = tensor.shape.reduce((a, b) => a * b, 1);
    const perRow = length / tensor.shape[0];
    to.set(tensor.data.subarray(0, length), firstRow * perRow);
    this.traffic += 4 * length;
  }

  /** `into`, or a longer array, with the rows of `tensor` from `firstRow` on. Rows before are kept only if it was long enough. */
  private gather(into: Float32Array, tensor: Tensor, firstRow: number, numRows: number): Float32Array {
    const length = tensor.shape.reduce((a, b) => a * b, 1);
    const perRow = length / tensor.shape[0];
    const whole = atLeastF32(this.options.kernels, into, numRows * perRow);
    whole.set(tensor.data.subarray(0, length), firstRow * perRow);
    return whole;
  }

  /** Until the stage before has its first piece through; then its rows and the generators' states are known. */
  private awaitStart(): void {
    const { stage, rngs, memory } = this.options;
    if (this.isFirst) return;
    this.waitFor(stage - 1, 1);
    if (memory.rows[0] === 0) return;
    rngs.forEach((rng, i) => {
      rng.restore(Array.from(memory.states[stage - 1].subarray(4 * i, 4 * i + 4)));
    });
  }

  private waitFor(stage: number, pieces: number): void {
    this.options.barrier.waitFor(this.options.firstCounter + stage, this.base + pieces);
  }

  private waitBack(stage: number, pieces: number): void {
    const { firstCounter, stages, barrier } = this.options;
    barrier.waitFor(firstCounter + stages.length + stage, this.base + pieces);
  }

  private advance(offset: number): void {
    this.options.barrier.advance(this.options.firstCounter + offset + this.options.stage);
  }
}
