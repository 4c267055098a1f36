/**
 * @file What did the user set? The values of flags under the names that the library has for them; what was left out stays
 * out, for the library to choose. Of `train` and `plan`, whose flags are the same (train-flags.ts).
 */
import { availableParallelism } from "node:os";
import { ConfigError } from "../core/errors.js";
import type { ModelOptions } from "../train/model-options.js";
import type { Budgets } from "../train/plan/recommend.js";
import { STRATEGY_DEFAULTS, type StrategyOptions } from "../train/strategies/strategy.js";
import { flagOf, keyOf } from "./flag-names.js";
import type { WorldSelection } from "./flags.js";
import { MODEL_FLAGS, STRATEGY_FLAGS } from "./train-flags.js";

type Options = Record<string, unknown>;

/** What the flags of BUDGET_FLAGS gave, and --latency. */
export function budgetsOf({ memory, time, latency }: Options): Budgets {
  const given = (value: unknown): number | undefined => (typeof value === "number" ? value : undefined);
  return { memoryBytes: given(memory), seconds: given(time), latencySeconds: given(latency) };
}

/** What the user set by `flags`, under the names of the options. */
function givenOptions(
  options: Options,
  flags: readonly { readonly option: string; readonly syntax: string }[],
): Options {
  const given: Options = {};
  for (const { option, syntax } of flags) {
    const value = options[keyOf(flagOf(syntax))];
    if (value !== undefined) given[option] = value;
  }
  return given;
}

/** What STRATEGY_FLAGS gave. @throws {ConfigError} for flags that do nothing beside the others. */
export function strategyOptions(options: Options): Partial<StrategyOptions> {
  const given = givenOptions(options, STRATEGY_FLAGS) as Partial<StrategyOptions>;
  const isShared = given.strategy !== undefined && given.strategy !== "sequential";
  if (!isShared) return given;
  if (options.threads !== undefined) {
    throw new ConfigError(
      `train: --threads trains several worlds at once, --strategy ${given.strategy} one after another; ` +
        "say --strategy-workers for the threads of one",
    );
  }
  return { numWorkers: defaultWorkers(given), ...given };
}

/** One a core, or as many whole groups as there are cores for, at least two. */
function defaultWorkers({ strategy, groupSize = STRATEGY_DEFAULTS.groupSize }: Partial<StrategyOptions>): number {
  const cores = availableParallelism();
  if (strategy === "model-parallel") return 2;
  return strategy === "hybrid" ? groupSize * Math.max(2, Math.floor(cores / groupSize)) : cores;
}

/** What the user set, under the names of ModelOptions. */
export function modelOptions(options: Options, selection: WorldSelection | undefined): Partial<ModelOptions> {
  const given = givenOptions(options, MODEL_FLAGS);
  if (selection !== undefined) given.numWorlds = selection.count;
  return given as Partial<ModelOptions>;
}

/** The options that flags gave, flag name → option name; an empty list stands for null. */
export function featureOptions(options: Options, names: Readonly<Record<string, string>>): object {
  const given = Object.entries(names).filter(([flag]) => options[flag] !== undefined);
  return Object.fromEntries(
    given.map(([flag, option]) => {
      const value = options[flag];
      return [option, Array.isArray(value) && value.length === 0 ? null : value];
    }),
  );
}
