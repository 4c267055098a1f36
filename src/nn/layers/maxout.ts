/**
 * @file yₒ = maxₚ (wₚₒ·x + bₚₒ): units that learn their own convex activation out of several linear pieces.
 *
 *   z [N, P, O] = x [N, D] · Wᵀ + b        one Linear(D, P·O); row p·O + o of W is piece p of output o
 *   y [N, O]    = max over p               the pieces of an output stand O apart, so that the maximum runs on vectors
 *   backward    dz = dy where the piece won, else 0; then as Linear. Among equals the first piece wins.
 *
 * Source: Goodfellow, Warde-Farley, Mirza, Courville, Bengio, "Maxout Networks", ICML 2013, §3.
 */
import { ConfigError } from "../../core/index.js";
import type { Kernels } from "../../kernels/contract.js";
import { INIT_DEFAULTS, type InitOptions, initBound, type SeedSource } from "../init.js";
import { Module, type Tensor } from "../module.js";
import type { Parameter } from "../parameter.js";
import { checkGradOutput, checkMatrix, checkSameRows } from "../shape-check.js";
import { atLeastU32, TensorBuffer } from "../tensor-buffer.js";
import { Linear } from "./linear.js";

/** Maxout layer, [N, numInputs] → [N, numOutputs]. */
export class Maxout extends Module {
  readonly numInputs: number;
  readonly numOutputs: number;
  /** P, linear pieces of each output. */
  readonly numPieces: number;

  private readonly kernels: Kernels;
  private readonly linear: Linear;
  private readonly output: TensorBuffer;
  private readonly gradPieces: TensorBuffer;
  private readonly dims: { rows: number; pieces: number; cols: number };
  /** [≥ N·O] which piece won. */
  private argmax: Uint32Array;

  /**
   * Parameters `weight` [numPieces·numOutputs, numInputs] and `bias`, initialised as those of numPieces Linear layers.
   * Draws one seed from `rng`. @throws {ConfigError} for sizes that are not positive integers.
   */
  constructor(
    kernels: Kernels,
    numInputs: number,
    numOutputs: number,
    numPieces: number,
    rng: SeedSource,
    options: Partial<InitOptions> = {},
  ) {
    super();
    for (const size of [numInputs, numOutputs, numPieces]) {
      if (Number.isInteger(size) && size > 0) continue;
      throw new ConfigError(
        `Maxout: expected positive whole numbers of inputs, outputs and pieces, got ${numInputs}, ${numOutputs} and ` +
          `${numPieces}; two pieces are usual`,
      );
    }
    // A piece's fan-out is O, not P·O.
    const init = { ...INIT_DEFAULTS, ...options };
    const spread = initBound(numInputs, numOutputs, init);
    this.kernels = kernels;
    this.numInputs = numInputs;
    this.numOutputs = numOutputs;
    this.numPieces = numPieces;
    this.linear = new Linear(kernels, numInputs, numPieces * numOutputs, rng, {
      ...init,
      init: "uniform",
      gain: spread,
    });
    this.output = new TensorBuffer(kernels);
    this.gradPieces = new TensorBuffer(kernels);
    this.dims = { rows: 0, pieces: numPieces, cols: numOutputs };
    this.argmax = new Uint32Array(0);
  }

  /** `input` [N, numInputs] read. @returns [N, numOutputs]. @throws {ShapeError} for other shapes. */
  forward(input: Tensor): Tensor {
    checkMatrix("Maxout.forward", input, this.numInputs, "was the model built with another number of inputs?");
    const rows = input.shape[0];
    const pieces = this.linear.forward(input);
    this.output.resize(rows, this.numOutputs);
    this.argmax = atLeastU32(this.kernels, this.argmax, rows * this.numOutputs);
    this.dims.rows = rows;
    this.kernels.maxOfPieces(this.dims, pieces.data, this.output.data, this.argmax);
    return this.output;
  }

  /** @returns the gradient of `input`. Accumulates those of the parameters. */
  backward(input: Tensor, gradOutput: Tensor): Tensor | null {
    const rows = input.shape[0];
    checkSameRows("Maxout.backward", rows, this.output);
    checkGradOutput("Maxout.backward", gradOutput, this.output);
    this.gradPieces.resize(rows, this.numPieces * this.numOutputs);
    this.kernels.maxOfPiecesGrad(this.dims, this.argmax, gradOutput.data, this.gradPieces.data);
    return this.linear.backward(input, this.gradPieces);
  }

  override parameters(): Parameter[] {
    return this.linear.parameters();
  }
}
