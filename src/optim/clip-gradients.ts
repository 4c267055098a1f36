/**
 * @file How far may one batch push? Gradients cut to a greatest norm or a greatest size, after backward, before a step.
 *
 *   norm    g ← g·min(1, maxNorm/|g|), |g| over all parameters together: the direction stays
 *   value   g ← min(limit, max(−limit, g)), each number for itself: the direction may turn
 *
 * Row-sparse gradients take part with the rows they name; parameters that are not trained do not.
 *
 * Source: Pascanu, Mikolov, Bengio, "On the Difficulty of Training Recurrent Neural Networks", ICML 2013, Algorithm 1.
 */
import { ConfigError } from "../core/index.js";
import type { Kernels } from "../kernels/contract.js";
import type { Parameter } from "../nn/parameter.js";

/** Numbers of the gradient that count. */
function gradientLength({ grad, size, cols }: Parameter): number {
  return grad.kind === "rows" ? grad.count * cols : size;
}

/** The norm |g| over all trained `parameters` together; gradients stay as they are. @returns NaN if one number is. */
export function gradientNorm(kernels: Pick<Kernels, "dot">, parameters: readonly Parameter[]): number {
  let squares = 0;
  for (const parameter of parameters) {
    if (!parameter.trainable) continue;
    const { values } = parameter.grad;
    squares += kernels.dot(gradientLength(parameter), values, values);
  }
  return Math.sqrt(squares);
}

/**
 * Scales the gradients down together so that their norm is at most `maxNorm`: after backward, before a step.
 * @returns the norm before. If that is NaN or infinite no factor would mend it: the gradients stay as they are, and
 * the caller should not step. @throws {ConfigError} unless maxNorm is above 0.
 */
export function clipGradientNorm(
  kernels: Pick<Kernels, "dot" | "axpby">,
  parameters: readonly Parameter[],
  maxNorm: number,
): number {
  if (!(maxNorm > 0)) throw new ConfigError(`clipGradientNorm: expected maxNorm above 0, got ${maxNorm}`);
  const norm = gradientNorm(kernels, parameters);
  if (!(norm > maxNorm) || norm === Infinity) return norm;
  for (const parameter of parameters) {
    if (!parameter.trainable) continue;
    const { values } = parameter.grad;
    kernels.axpby(gradientLength(parameter), maxNorm / norm, values, 0, values);
  }
  return norm;
}

/** Holds each number of the gradients within [−limit, limit]; NaN stays. @throws {ConfigError} unless limit is above 0. */
export function clipGradientValue(
  kernels: Pick<Kernels, "clampValues">,
  parameters: readonly Parameter[],
  limit: number,
): void {
  if (!(limit > 0)) throw new ConfigError(`clipGradientValue: expected limit above 0, got ${limit}`);
  for (const parameter of parameters) {
    if (!parameter.trainable) continue;
    kernels.clampValues(gradientLength(parameter), limit, parameter.grad.values);
  }
}
