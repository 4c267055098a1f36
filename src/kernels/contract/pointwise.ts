/** @file Functions of one number with their derivatives, and the derivative of softmax. */
import type { MatrixDims } from "./arrays.js";

/**
 * Functions f(x) with up to two constants, alpha and beta:
 *
 *   leakyRelu    x > 0 ? x : alpha·x
 *   elu          x > 0 ? x : alpha·(eˣ − 1)
 *   tanh         (e²ˣ − 1)/(e²ˣ + 1)
 *   hardTanh     x limited to [alpha, beta]
 *   sigmoid      1/(1 + e⁻ˣ)
 *   logSigmoid   −log(1 + e⁻ˣ)
 *   softPlus     log(1 + e^(alpha·x))/alpha
 */
export type PointwiseFunction = "leakyRelu" | "elu" | "tanh" | "hardTanh" | "sigmoid" | "logSigmoid" | "softPlus";

/** Applies a function to each number, and gives its gradient. */
export interface PointwiseKernels {
  /**
   * out ← f(x), `length` numbers; out may be x. Constants that f has not are ignored. Within 8·2⁻²⁴ relative (and
   * 2⁻¹²⁵ absolute: exponentials below the least normal number become 0); softPlus rounds alpha·x before. No overflow; NaN stays NaN.
   */
  pointwise(
    f: PointwiseFunction,
    length: number,
    alpha: number,
    beta: number,
    x: Float32Array,
    out: Float32Array,
  ): void;
  /**
   * dx ← dy·f′(x), where x was given to `pointwise` and y came of it; dx may be dy. At a kink of leakyRelu and elu the
   * derivative is that of x < 0, at those of hardTanh it is 0. Within 8·2⁻²⁴·|dy|·max(1, |alpha|).
   */
  pointwiseGrad(
    f: PointwiseFunction,
    length: number,
    alpha: number,
    beta: number,
    x: Float32Array,
    y: Float32Array,
    dy: Float32Array,
    dx: Float32Array,
  ): void;
  /**
   * Row by row, from the output y of `activate`: softmax dx ← y·(dy − Σ y·dy), logSoftmax dx ← dy − eʸ·Σ dy. dx may be
   * dy.
   */
  softmaxGrad(
    kind: "softmax" | "logSoftmax",
    dims: MatrixDims,
    y: Float32Array,
    dy: Float32Array,
    dx: Float32Array,
  ): void;
}
