/**
 * @file By which strategy is a model continued? By that of its worlds, so that its manifest says of all how they were made.
 *
 * sequential and model-parallel write the same bytes, and stand for each other. How many threads share a world is a matter
 * of the machine, not of the model.
 */
import { checkSame } from "../model-options.js";
import { STRATEGY_DEFAULTS, type StrategyName, type StrategyOptions } from "./strategy.js";

const SAME_BYTES: readonly StrategyName[] = ["sequential", "model-parallel"];

/**
 * `stored` completed by `given`; `stored` is what the manifest says, undefined for sequential.
 * @throws {OptionError} for the first option of `given` that is not the stored one.
 */
export function resumedStrategy(
  given: Partial<StrategyOptions>,
  stored: Partial<StrategyOptions> | undefined,
  modelPath: string,
): Partial<StrategyOptions> {
  const before = { ...STRATEGY_DEFAULTS, ...stored };
  const { strategy = before.strategy } = given;
  if (strategy !== before.strategy && [strategy, before.strategy].every((name) => SAME_BYTES.includes(name))) {
    return given;
  }
  const { numWorkers = before.numWorkers, ...others } = given;
  checkSame(others, before, modelPath);
  return { ...before, numWorkers };
}
