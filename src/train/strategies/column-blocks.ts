/**
 * @file How is one wide output layer divided? By its columns: each worker has some of the B outputs, their weights and
 * their share of the softmax; the layers before stand on worker 0.
 *
 *   worker 0   hidden [n, H] ──▶ all           logits [n, B₀] ─ max ─┐          ┌─ Σe ─┐        dH ← dY₀·W₀ ─▶ then trunk back
 *   worker 1                ──▶ hidden         logits [n, B₁] ─ max ─┴▶ max ──▶ ┴─ Σe ─┴▶ dY₁   dH ← dH + dY₁·W₁
 *
 * A softmax needs of the others two things a row: the largest logit, and sums of exponentials. Logits never cross, nor do
 * weights: hidden units do (n·H to each other worker), the two (n each way), and dH on its way through the workers, n·H.
 *
 * Equal to one worker to the bit: blocks start at multiples of SUM_BLOCK columns, whose sums travel one by one and are
 * added in their order; logits are products of the whole batch, as one worker's; dH is one sum over B that each worker
 * goes on with where the one before stopped, in pieces of rows, so that the workers need not wait for all of it. Such
 * products (NN) of a row do not depend on the rows beside it, however many these are. The loss, a number for the eye,
 * is added up by workers: equal to the rounding of a double.
 *
 * Source: Shazeer et al., "Mesh-TensorFlow: Deep Learning for Supercomputers", NeurIPS 2018, §5 (layers and their softmax
 * split by columns); Goodman, "Classes for Fast Maximum Entropy Training", ICASSP 2001, for why B is what is wide.
 */
import type { Rng } from "../../core/rng.js";
import { type Kernels, SUM_BLOCK } from "../../kernels/contract.js";
import { SoftMaxCrossEntropyCriterion } from "../../nn/criteria/soft-max-cross-entropy-criterion.js";
import type { Linear } from "../../nn/layers/linear.js";
import type { Module, SparseBatch, Tensor } from "../../nn/module.js";
import type { DenseGradient, Parameter } from "../../nn/parameter.js";
import { atLeastF32, atLeastU32 } from "../../nn/tensor-buffer.js";
import type { Barrier } from "../../parallel/barrier.js";
import type { BatchSource, SupervisedBatch } from "../objective.js";
import { type ColumnMemory, columnsOf } from "./column-split.js";
import type { Chain } from "./layer-plan.js";
import { cutRows, LEAST_ROWS } from "./micro-batches.js";
import type { BatchOrder } from "./step-orders.js";

/** What a worker of a group is given. */
export interface ColumnOptions {
  readonly kernels: Kernels;
  readonly barrier: Barrier;
  readonly chain: Chain;
  readonly memory: ColumnMemory;
  readonly member: number;
  readonly groupSize: number;
  /** First of the 2·P counters of this group. */
  readonly firstCounter: number;
  /** Pieces of rows in which dH travels. */
  readonly microBatches: number;
  readonly rngs: readonly Rng[];
  readonly source: BatchSource<unknown>;
  readonly part: { readonly index: number; readonly count: number };
}

/** One worker's columns, and the other layers on worker 0. */
export class ColumnBlocks {
  /** Bytes that this worker gave to others in the last step. */
  traffic: number;
  /** What this worker computes the gradient of. */
  readonly owns: readonly { readonly parameter: Parameter; readonly firstRow: number; readonly numRows: number }[];
  private readonly options: ColumnOptions;
  private readonly trunk: readonly Module<unknown, unknown>[];
  private readonly output: Linear;
  private readonly first: number;
  private readonly cols: number;
  private readonly isSoftmax: boolean;
  private readonly inputs: unknown[];
  private synced: number;
  private passed: number;
  private logits: Float32Array;
  private gradient: Float32Array;
  private maxima: Float32Array;
  private sums: Float32Array;
  private readonly targets: { offsets: Uint32Array; columns: Uint32Array; values: Float32Array };

  constructor(options: ColumnOptions) {
    const { modules, criterion } = options.chain;
    const { member, groupSize } = options;
    this.options = options;
    this.trunk = modules.slice(0, -1);
    this.output = modules[modules.length - 1] as unknown as Linear;
    const { first, end } = columnsOf(this.output.numOutputs, member, groupSize);
    this.first = first;
    this.cols = end - first;
    this.isSoftmax = criterion instanceof SoftMaxCrossEntropyCriterion;
    this.inputs = [];
    this.synced = 0;
    this.passed = 0;
    this.traffic = 0;
    this.logits = new Float32Array(0);
    this.gradient = new Float32Array(0);
    this.maxima = new Float32Array(0);
    this.sums = new Float32Array(0);
    this.targets = { offsets: new Uint32Array(0), columns: new Uint32Array(0), values: new Float32Array(0) };
    const { weight, bias } = this.output;
    const columns = [weight, bias].map((parameter) => ({ parameter, firstRow: first, numRows: this.cols }));
    const others = member === 0 ? this.trunk.flatMap((module) => module.parameters()) : [];
    this.owns = [...others.map((parameter) => ({ parameter, firstRow: 0, numRows: parameter.shape[0] })), ...columns];
  }

  /** One step's arithmetic of this worker. @returns its share of the mean loss, and the group's rows. */
  run({ epoch, index }: BatchOrder): { loss: number; numRows: number } {
    const { source, part, member, memory, groupSize } = this.options;
    this.traffic = 0;
    const loaded = source.loadPart?.(epoch, index, part.index, part.count);
    const numRows = loaded?.numRows ?? 0;
    if (loaded === undefined || numRows === 0) return { loss: 0, numRows: 0 };
    const batch = loaded.batch as SupervisedBatch<unknown, SparseBatch>;
    if (member === 0) {
      const hidden = this.trunkForward(batch);
      const length = numRows * this.output.numInputs;
      memory.hidden.set(hidden.data.subarray(0, length));
      this.traffic += 4 * length * (groupSize - 1);
    }
    this.sync();
    this.forward(numRows);
    const loss = this.isSoftmax ? this.softmax(numRows, batch.targets) : this.sigmoid(numRows, batch.targets);
    this.passGradHidden(numRows);
    this.weightGradients(numRows);
    if (member === 0) {
      this.waitPassed(groupSize - 1, this.passed);
      this.trunkBackward(numRows);
    }
    return { loss, numRows };
  }

  private trunkForward(batch: SupervisedBatch<unknown, SparseBatch>): Tensor {
    this.options.chain.prepare(batch);
    let value: unknown = batch.inputs;
    this.trunk.forEach((module, i) => {
      module.zeroGradParameters();
      module.setFirstRow(batch.first?.row ?? 0);
      this.inputs[i] = value;
      value = module.forward(value);
    });
    return value as Tensor;
  }

  private trunkBackward(numRows: number): void {
    let gradient: unknown = { data: this.options.memory.gradHidden, shape: [numRows, this.output.numInputs] };
    for (let i = this.trunk.length - 1; i >= 0; i--) gradient = this.trunk[i].backward(this.inputs[i], gradient);
  }

  /** logits [n, cols] ← hidden·Wᵀ + b, of this worker's columns. */
  private forward(rows: number): void {
    const { kernels, memory } = this.options;
    const { cols, output } = this;
    this.logits = atLeastF32(kernels, this.logits, rows * cols);
    this.gradient = atLeastF32(kernels, this.gradient, rows * cols);
    const dims = { m: rows, n: cols, k: output.numInputs, transposeB: true };
    const bias = output.bias.value.subarray(this.first, this.first + cols);
    kernels.gemm(dims, memory.hidden, this.rowsOf(output.weight.value), this.logits, "overwrite", bias);
  }

  private softmax(rows: number, targets: SparseBatch): number {
    const { kernels, memory, member, groupSize } = this.options;
    const { cols, first, logits, gradient } = this;
    const dims = { rows, cols };
    kernels.rowMaxima(dims, logits, memory.maxima[member]);
    this.sync();
    this.maxima = atLeastF32(kernels, this.maxima, rows);
    const { maxima } = this;
    maxima.set(memory.maxima[0].subarray(0, rows));
    // A NaN must not be lost to a comparison: it is the sign of divergence.
    for (const others of memory.maxima) {
      for (let i = 0; i < rows; i++) if (!(others[i] <= maxima[i])) maxima[i] = others[i];
    }
    kernels.expSums(dims, logits, maxima, gradient, memory.sums[member]);
    this.sync();
    const numSums = Math.ceil(this.output.numOutputs / SUM_BLOCK);
    this.sums = atLeastF32(kernels, this.sums, rows * numSums);
    let at = 0;
    for (let w = 0; w < groupSize; w++) {
      const own = columnsOf(this.output.numOutputs, w, groupSize);
      const count = Math.ceil((own.end - own.first) / SUM_BLOCK);
      const to = { offset: at, stride: numSums };
      kernels.copyBlock({ rows, cols: count }, memory.sums[w], { offset: 0, stride: count }, this.sums, to);
      at += count;
    }
    const ownSums = Math.ceil(cols / SUM_BLOCK);
    this.traffic += 4 * rows * (1 + ownSums) * (groupSize - 1);
    const part = { first, numSums };
    return kernels.softmaxPart(dims, part, logits, maxima, this.sums, targets, 1 / rows, gradient) / rows;
  }

  /** Columns do not meet in a sigmoid: each is a loss of its own. */
  private sigmoid(rows: number, targets: SparseBatch): number {
    const { kernels } = this.options;
    const { cols, first, logits, gradient, targets: own } = this;
    const entries = targets.offsets[rows] - targets.offsets[0];
    own.offsets = atLeastU32(kernels, own.offsets, rows + 1);
    own.columns = atLeastU32(kernels, own.columns, entries);
    own.values = atLeastF32(kernels, own.values, entries);
    kernels.csrSelectColumns(rows, targets, first, cols, own);
    return kernels.sigmoidCrossEntropy({ rows, cols }, logits, own, 1 / rows, gradient) / rows;
  }

  /** dH ← dH + dY·W, piece by piece as the worker before is done with them. */
  private passGradHidden(numRows: number): void {
    const { kernels, memory, member, microBatches, firstCounter, groupSize, barrier } = this.options;
    const { cols, gradient, output } = this;
    const k = output.numInputs;
    const pieces = cutRows(numRows, microBatches, LEAST_ROWS);
    const weight = this.rowsOf(output.weight.value);
    pieces.forEach(({ from, to }, i) => {
      if (member > 0) this.waitPassed(member - 1, this.passed + i + 1);
      const dims = { m: to - from, n: k, k: cols };
      const rows = memory.gradHidden.subarray(from * k, to * k);
      kernels.gemm(
        dims,
        gradient.subarray(from * cols, to * cols),
        weight,
        rows,
        member === 0 ? "overwrite" : "accumulate",
      );
      this.traffic += 4 * (to - from) * k;
      barrier.advance(firstCounter + groupSize + member);
    });
    this.passed += pieces.length;
  }

  private weightGradients(rows: number): void {
    const { kernels, memory } = this.options;
    const { cols, first, gradient, output } = this;
    const dWeight = (output.weight.grad as DenseGradient).values;
    const dBias = (output.bias.grad as DenseGradient).values;
    const dims = { m: cols, n: output.numInputs, k: rows, transposeA: true };
    kernels.gemm(dims, gradient, memory.hidden, this.rowsOf(dWeight), "overwrite");
    kernels.sumRows({ rows, cols }, gradient, dBias.subarray(first, first + cols), "overwrite");
  }

  /** This worker's rows of a [B, H] matrix. */
  private rowsOf(matrix: Float32Array): Float32Array {
    const { numInputs } = this.output;
    return matrix.subarray(this.first * numInputs, (this.first + this.cols) * numInputs);
  }

  /** Until all of the group have come here. */
  private sync(): void {
    const { barrier, firstCounter, member, groupSize } = this.options;
    this.synced++;
    barrier.advance(firstCounter + member);
    for (let other = 0; other < groupSize; other++) barrier.waitFor(firstCounter + other, this.synced);
  }

  private waitPassed(member: number, pieces: number): void {
    const { barrier, firstCounter, groupSize } = this.options;
    barrier.waitFor(firstCounter + groupSize + member, pieces);
  }
}
