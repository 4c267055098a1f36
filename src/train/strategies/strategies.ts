/** @file Which strategy has which name? */
import { averaging } from "./averaging.js";
import { dataParallel } from "./data-parallel.js";
import { hogwild } from "./hogwild.js";
import { hybrid } from "./hybrid.js";
import { modelParallel } from "./model-parallel.js";
import { sequential } from "./sequential.js";
import type { Strategy, StrategyName } from "./strategy.js";

export const STRATEGIES: Readonly<Record<StrategyName, Strategy>> = {
  sequential,
  "data-parallel": dataParallel,
  "model-parallel": modelParallel,
  hybrid,
  hogwild,
  averaging,
};
