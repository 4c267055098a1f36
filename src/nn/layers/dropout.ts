/**
 * @file While training, each number is dropped with chance `rate` and the others are scaled to keep the mean.
 *
 *   train     y[i] = 0 with chance rate, else x[i] / (1 − rate)     ("inverted": evaluation needs no scaling)
 *   evaluate  y = x, the same tensor; so is a rate of 0 in either mode, at no cost
 *
 * No mask is stored: it is a pure function of (seed, i), and backward calls the same kernel with the same seed on the
 * gradient. One seed is drawn from the generator per training forward, so a run replays exactly.
 *
 * Source: Srivastava, Hinton, Krizhevsky, Sutskever, Salakhutdinov, "Dropout: A Simple Way to Prevent Neural Networks
 * from Overfitting", JMLR 2014, §10 (the scaling).
 */
import { ConfigError } from "../../core/index.js";
import type { Kernels } from "../../kernels/contract.js";
import type { SeedSource } from "../init.js";
import { type Mode, Module, type Tensor } from "../module.js";
import { checkGradOutput, checkLength } from "../shape-check.js";
import { TensorBuffer } from "../tensor-buffer.js";

/** Inverted dropout, any shape. */
export class Dropout extends Module {
  /** Chance that a number is dropped, in [0, 1). May be changed between steps. */
  rate: number;
  /** Draws a seed a training forward. Whoever resumes a training gives it to the Trainer's `rngs`. */
  rng: SeedSource;

  private readonly kernels: Kernels;
  private mode: Mode;
  private seed: number;
  private firstRow: number;
  /** Whether the last forward dropped; its backward must do the same. */
  private dropped: boolean;
  private readonly output: TensorBuffer;
  private readonly gradInput: TensorBuffer;

  /** @throws {ConfigError} for a rate outside [0, 1). */
  constructor(kernels: Kernels, rate: number, rng: SeedSource) {
    super();
    if (!(rate >= 0 && rate < 1)) {
      throw new ConfigError(`Dropout: expected a rate in [0, 1), got ${rate}; 0 turns dropout off`);
    }
    this.kernels = kernels;
    this.rate = rate;
    this.rng = rng;
    this.mode = "train";
    this.seed = 0;
    this.firstRow = 0;
    this.dropped = false;
    this.output = new TensorBuffer(kernels);
    this.gradInput = new TensorBuffer(kernels);
  }

  override setMode(mode: Mode): void {
    this.mode = mode;
  }

  override setFirstRow(row: number): void {
    this.firstRow = row;
  }

  /** @returns a tensor of the shape of `input`; `input` itself when nothing is dropped. */
  forward(input: Tensor): Tensor {
    this.dropped = this.mode === "train" && this.rate > 0;
    if (!this.dropped) return input;
    checkLength("Dropout.forward", input);
    this.seed = this.rng.nextUint32();
    const length = this.output.resizeLike(input);
    this.kernels.dropout(length, this.rate, this.seed, input.data, this.output.data, this.firstIndex(length, input));
    return this.output;
  }

  backward(_input: Tensor, gradOutput: Tensor): Tensor {
    if (!this.dropped) return gradOutput;
    checkGradOutput("Dropout.backward", gradOutput, this.output);
    const length = this.gradInput.resizeLike(gradOutput);
    const first = this.firstIndex(length, gradOutput);
    this.kernels.dropout(length, this.rate, this.seed, gradOutput.data, this.gradInput.data, first);
    return this.gradInput;
  }

  /** Numbers in the rows before. */
  private firstIndex(length: number, { shape }: Tensor): number {
    return this.firstRow === 0 || length === 0 ? 0 : this.firstRow * (length / shape[0]);
  }
}
