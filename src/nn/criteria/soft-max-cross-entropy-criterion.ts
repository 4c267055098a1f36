/**
 * @file Which one of B? Softmax cross-entropy against a sparse target distribution.
 *
 *   loss = 1/N · Σᵢ Σⱼ −t[i, j] · ln softmax(x[i])[j]
 *   gradient = 1/N · (softmax(x[i])[j] · Σⱼ t[i, j] − t[i, j])
 *
 * Rows need not sum to 1: a row of several positives is either spread (1/m each) or weighted. A row without targets
 * adds neither loss nor gradient. The fused form is stable for any finite logits (the row's maximum is subtracted).
 */
import type { Csr, Kernels, MatrixDims } from "../../kernels/contract.js";
import { SparseTargetCriterion, type SparseTargetOptions } from "./sparse-target-criterion.js";

/** Softmax cross-entropy of logits [N, B] against sparse targets [N, B], mean over rows. */
export class SoftMaxCrossEntropyCriterion extends SparseTargetCriterion {
  constructor(kernels: Kernels, options: Partial<SparseTargetOptions> = {}) {
    super(kernels, "SoftMaxCrossEntropyCriterion", options);
  }

  protected lossAndGradient(
    dims: MatrixDims,
    x: Float32Array,
    targets: Csr,
    gradScale: number,
    grad: Float32Array,
  ): number {
    return this.kernels.softmaxCrossEntropy(dims, x, targets, gradScale, grad);
  }
}
