/**
 * @file Which of C, each on its own? SigmoidCrossEntropyCriterion as a mean over classes.
 *
 *   loss = 1/(N·C) · Σᵢ Σⱼ −t·ln σ(x) − (1 − t)·ln(1 − σ(x))     t = t[i, j], 0 where absent
 *   gradient = 1/(N·C) · (σ(x[i, j]) − t[i, j])
 *
 * As Torch7's MultiLabelSoftMarginCriterion, with sparse targets in place of a dense matrix of zeros and ones.
 */
import type { Csr, Kernels, MatrixDims } from "../../kernels/contract.js";
import { SparseTargetCriterion, type SparseTargetOptions } from "./sparse-target-criterion.js";

/** Sigmoid cross-entropy of logits [N, C] against sparse targets [N, C], mean over classes and rows. */
export class MultiLabelSoftMarginCriterion extends SparseTargetCriterion {
  constructor(kernels: Kernels, options: Partial<SparseTargetOptions> = {}) {
    super(kernels, "MultiLabelSoftMarginCriterion", options);
  }

  protected lossAndGradient(
    dims: MatrixDims,
    x: Float32Array,
    targets: Csr,
    gradScale: number,
    grad: Float32Array,
  ): number {
    if (dims.cols === 0) return 0;
    return this.kernels.sigmoidCrossEntropy(dims, x, targets, gradScale / dims.cols, grad) / dims.cols;
  }
}
