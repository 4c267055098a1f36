/** @file Which strategy has which name? */
import { averaging } from "./averaging.js";
import { dataParallel } from "./data-parallel.js";
import { hogwild } from "./hogwild.js";
import { hybrid } from "./hybrid.js";
import { locked } from "./locked.js";
import { modelParallel } from "./model-parallel.js";
import { roundRobin } from "./round-robin.js";
import { sequential } from "./sequential.js";
import type { Strategy, StrategyName } from "./strategy.js";

export const STRATEGIES: Readonly<Record<StrategyName, Strategy>> = {
  sequential,
  "data-parallel": dataParallel,
  "model-parallel": modelParallel,
  hybrid,
  hogwild,
  locked,
  "round-robin": roundRobin,
  averaging,
};
