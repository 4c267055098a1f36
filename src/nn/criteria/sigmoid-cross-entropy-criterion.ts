/**
 * @file Which of B, each on its own? Sigmoid binary cross-entropy against sparse targets.
 *
 *   loss = 1/N · Σᵢ Σⱼ −t·ln σ(x) − (1 − t)·ln(1 − σ(x))     t = t[i, j], 0 where absent
 *   gradient = 1/N · (σ(x[i, j]) − t[i, j])
 *
 * The sum runs over all B columns, not their mean, so that the gradient of one bucket does not shrink as B grows.
 */
import type { Csr, Kernels, MatrixDims } from "../../kernels/contract.js";
import { SparseTargetCriterion, type SparseTargetOptions } from "./sparse-target-criterion.js";

/** Sigmoid cross-entropy of logits [N, B] against sparse targets [N, B], summed over columns, mean over rows. */
export class SigmoidCrossEntropyCriterion extends SparseTargetCriterion {
  constructor(kernels: Kernels, options: Partial<SparseTargetOptions> = {}) {
    super(kernels, "SigmoidCrossEntropyCriterion", options);
  }

  protected lossAndGradient(
    dims: MatrixDims,
    x: Float32Array,
    targets: Csr,
    gradScale: number,
    grad: Float32Array,
  ): number {
    return this.kernels.sigmoidCrossEntropy(dims, x, targets, gradScale, grad);
  }
}
