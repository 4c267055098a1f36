/**
 * @file How unlikely was the right class, given logits? LogSoftMax and ClassNLLCriterion in one stable pass.
 *
 *   loss = −1/W · Σᵢ w[cᵢ]·ln softmax(x[i])[cᵢ],  W = Σᵢ w[cᵢ]
 *   gradient = w[cᵢ]/W · (softmax(x[i])[j] − (j = cᵢ))
 *
 * The targets become sparse rows of one entry for the fused kernel of SoftMaxCrossEntropyCriterion: the classes are their
 * columns already. Weights as in ClassNLLCriterion. As Torch7's CrossEntropyCriterion.
 */
import type { Kernels, MatrixDims } from "../../kernels/contract.js";
import { atLeastF32 } from "../tensor-buffer.js";
import { CLASS_WEIGHTS_DEFAULTS, ClassTargetCriterion, type ClassWeights } from "./class-target-criterion.js";

/** Softmax cross-entropy of logits [N, C] against one class a row. */
export class CrossEntropyCriterion extends ClassTargetCriterion {
  /** 0, 1, 2, …: row i is entry i. */
  private offsets: Uint32Array;
  private ones: Float32Array;
  /** Weight of each row's class; `ones` without weights. */
  private rowWeights: Float32Array;
  private readonly oneHot: { offsets: Uint32Array; columns: Uint32Array; values: Float32Array };

  /** @throws {ConfigError} for weights that are not finite numbers from 0. */
  constructor(kernels: Kernels, options: Partial<ClassWeights> = {}) {
    super(kernels, "CrossEntropyCriterion", { ...CLASS_WEIGHTS_DEFAULTS, ...options }.weights);
    this.offsets = new Uint32Array(0);
    this.ones = new Float32Array(0);
    this.rowWeights = new Float32Array(0);
    this.oneHot = { offsets: this.offsets, columns: this.offsets, values: this.ones };
  }

  protected lossAndGradient(dims: MatrixDims, x: Float32Array, classes: Uint32Array, grad: Float32Array): number {
    const { kernels, weights, oneHot } = this;
    const { rows } = dims;
    this.grow(rows);
    let total = rows;
    if (weights !== null) {
      kernels.gatherRows(rows, 1, classes, weights, this.rowWeights);
      total = kernels.dot(rows, this.rowWeights, this.ones);
    }
    oneHot.offsets = this.offsets;
    oneHot.columns = classes;
    oneHot.values = weights === null ? this.ones : this.rowWeights;
    // With a total of 0 all targets weigh 0: the kernel gives loss 0 and gradient 0, whatever it is divided by.
    const share = total === 0 ? 1 : 1 / total;
    return share * kernels.softmaxCrossEntropy(dims, x, oneHot, share, grad);
  }

  private grow(rows: number): void {
    if (rows <= this.ones.length) return;
    const length = Math.max(rows, 2 * this.ones.length);
    this.ones = this.kernels.f32(length).fill(1);
    this.offsets = this.kernels.u32(length + 1);
    for (let i = 0; i <= length; i++) this.offsets[i] = i;
    if (this.weights !== null) this.rowWeights = atLeastF32(this.kernels, this.rowWeights, length);
  }
}
