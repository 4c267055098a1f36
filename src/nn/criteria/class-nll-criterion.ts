/**
 * @file How unlikely was the right class, given log-probabilities?
 *
 *   loss = −1/W · Σᵢ w[cᵢ]·x[i, cᵢ],  W = Σᵢ w[cᵢ]          x: log-probabilities, as a LogSoftMax gives
 *   gradient = −w[cᵢ]/W at column cᵢ, else 0
 *
 * Without class weights the mean over rows. With them a weighted mean, as in Torch7's ClassNLLCriterion; a batch whose
 * classes all have weight 0 has neither loss nor gradient. Of logits, CrossEntropyCriterion does both steps at once.
 */
import type { Kernels, MatrixDims } from "../../kernels/contract.js";
import { CLASS_WEIGHTS_DEFAULTS, ClassTargetCriterion, type ClassWeights } from "./class-target-criterion.js";

/** Negative log-likelihood of one class a row, of log-probabilities [N, C]. */
export class ClassNLLCriterion extends ClassTargetCriterion {
  /** @throws {ConfigError} for weights that are not finite numbers from 0. */
  constructor(kernels: Kernels, options: Partial<ClassWeights> = {}) {
    super(kernels, "ClassNLLCriterion", { ...CLASS_WEIGHTS_DEFAULTS, ...options }.weights);
  }

  protected lossAndGradient(dims: MatrixDims, x: Float32Array, classes: Uint32Array, grad: Float32Array): number {
    return this.kernels.classNll(dims, x, classes, this.weights, grad);
  }
}
