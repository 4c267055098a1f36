/**
 * @file Softmax over all L labels, nothing left out: what the cheaper output layers are compared with.
 *
 *   loss = 1/N · Σᵢ Σⱼ −t[i, j]·ln softmax(W·x[i] + b)[j]
 *
 * A step computes N·L logits and touches all L·H weights. Prediction scores every label.
 */
import type { Kernels } from "../../kernels/contract.js";
import { SoftMaxCrossEntropyCriterion } from "../criteria/soft-max-cross-entropy-criterion.js";
import type { InitOptions, SeedSource } from "../init.js";
import { LinearOutput } from "./linear-output.js";

/** Linear and softmax cross-entropy: hidden [N, H] against target distributions [N, L]. */
export class FullSoftMax extends LinearOutput {
  /** Draws one seed from `rng`. @throws {ConfigError} for sizes that are not positive whole numbers. */
  constructor(
    kernels: Kernels,
    numInputs: number,
    numLabels: number,
    rng: SeedSource,
    options: Partial<InitOptions> = {},
  ) {
    const criterion = new SoftMaxCrossEntropyCriterion(kernels, { inPlace: true });
    super("FullSoftMax", kernels, criterion, "logSoftmax", numInputs, numLabels, rng, options);
  }
}
