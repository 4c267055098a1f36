/**
 * @file Which optimiser did the user name? One place that turns a name and options into an `Optimizer`.
 *
 * Options that a rule does not have (momentum for Adam) are an error, not silently dropped.
 */
import { ConfigError } from "../core/index.js";
import type { Kernels } from "../kernels/contract.js";
import { ADADELTA_DEFAULTS, Adadelta, type AdadeltaOptions } from "./adadelta.js";
import { ADAGRAD_DEFAULTS, Adagrad, type AdagradOptions } from "./adagrad.js";
import { ADAM_DEFAULTS, Adam, type AdamOptions } from "./adam.js";
import { ASGD_DEFAULTS, Asgd, type AsgdOptions } from "./asgd.js";
import type { Optimizer } from "./optimizer.js";
import { RMSPROP_DEFAULTS, RMSprop, type RMSpropOptions } from "./rmsprop.js";
import { SGD_DEFAULTS, Sgd, type SgdOptions } from "./sgd.js";

/** Options of each optimiser by its name. */
export interface OptimizerOptions {
  readonly sgd: SgdOptions;
  readonly adagrad: AdagradOptions;
  readonly adam: AdamOptions;
  readonly asgd: AsgdOptions;
  readonly adadelta: AdadeltaOptions;
  readonly rmsprop: RMSpropOptions;
}

/** Name of an update rule. */
export type OptimizerName = keyof OptimizerOptions;

/** What each optimiser takes where an option is left out, by its name. */
export const OPTIMIZER_DEFAULTS: OptimizerOptions = {
  sgd: SGD_DEFAULTS,
  adagrad: ADAGRAD_DEFAULTS,
  adam: ADAM_DEFAULTS,
  asgd: ASGD_DEFAULTS,
  adadelta: ADADELTA_DEFAULTS,
  rmsprop: RMSPROP_DEFAULTS,
};

/** All names that `createOptimizer` knows. */
export const OPTIMIZER_NAMES: readonly OptimizerName[] = ["sgd", "adagrad", "adam", "asgd", "adadelta", "rmsprop"];

const BUILDERS: { readonly [N in OptimizerName]: (k: Kernels, o: Partial<OptimizerOptions[N]>) => Optimizer } = {
  sgd: (kernels, options) => new Sgd(kernels, options),
  adagrad: (kernels, options) => new Adagrad(kernels, options),
  adam: (kernels, options) => new Adam(kernels, options),
  asgd: (kernels, options) => new Asgd(kernels, options),
  adadelta: (kernels, options) => new Adadelta(kernels, options),
  rmsprop: (kernels, options) => new RMSprop(kernels, options),
};

/**
 * The optimiser of that name; options left out are those of OPTIMIZER_DEFAULTS.
 * @throws {ConfigError} for an unknown name, an option that the optimiser lacks, or one out of range.
 */
export function createOptimizer<N extends OptimizerName>(
  kernels: Kernels,
  name: N,
  options: Partial<OptimizerOptions[N]> = {},
): Optimizer {
  if (!OPTIMIZER_NAMES.includes(name)) {
    throw new ConfigError(`createOptimizer: expected one of ${OPTIMIZER_NAMES.join(", ")}, got ${String(name)}`);
  }
  const known = Object.keys(OPTIMIZER_DEFAULTS[name]);
  for (const option of Object.keys(options)) {
    if (known.includes(option)) continue;
    throw new ConfigError(`createOptimizer: ${name} has ${known.join(", ")}, got ${option}; choose another optimiser?`);
  }
  return BUILDERS[name](kernels, options);
}
