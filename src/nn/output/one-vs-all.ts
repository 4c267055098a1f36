/**
 * @file One yes-or-no question a label: L logistic regressions on one hidden layer.
 *
 *   loss = 1/N · Σᵢ Σⱼ −t·ln σ(z) − (1 − t)·ln(1 − σ(z)),   z = (W·x[i] + b)[j], t = t[i, j], 0 where absent
 *
 * Labels do not compete: a row with ten true labels may give each of them a probability near 1. Targets are 0 or 1 as a
 * rule. Biases start at −ln L, about one positive a row, so that the first steps do not learn that labels are rare.
 * Scores are ln σ(z), each label's own log-probability; they do not sum to 1.
 */
import type { Kernels } from "../../kernels/contract.js";
import { SigmoidCrossEntropyCriterion } from "../criteria/sigmoid-cross-entropy-criterion.js";
import type { InitOptions, SeedSource } from "../init.js";
import { LinearOutput } from "./linear-output.js";

/** Linear and sigmoid cross-entropy: hidden [N, H] against binary targets [N, L]. */
export class OneVsAll extends LinearOutput {
  /** Draws one seed from `rng`. @throws {ConfigError} for sizes that are not positive whole numbers. */
  constructor(
    kernels: Kernels,
    numInputs: number,
    numLabels: number,
    rng: SeedSource,
    options: Partial<InitOptions> = {},
  ) {
    const criterion = new SigmoidCrossEntropyCriterion(kernels, { inPlace: true });
    const init = { bias: -Math.log(Math.max(1, numLabels)), ...options };
    super("OneVsAll", kernels, criterion, "logSigmoid", numInputs, numLabels, rng, init);
  }
}
