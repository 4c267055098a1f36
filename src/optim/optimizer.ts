/**
 * @file How does a gradient become a step? One class per update rule, all on a module's flat parameters.
 *
 * State (velocity, moments) is kept as flat vectors, parameter after parameter, so that it can be checkpointed like them.
 * A vector is as long as the parameters, or shorter where a rule keeps less of some of them (adam.ts, momentsByRow).
 * Row-sparse gradients update only the rows they name.
 *
 * Resuming: `prepare(parameters)`, copy the saved vectors into those of `state()`, set `stepCount`.
 */
import type { FlatParameters } from "../nn/parameter.js";

/** An update rule: moves parameters by the gradients that a backward pass left. One object serves one model. */
export abstract class Optimizer {
  /** Learning rate of the next step; a schedule sets it. */
  abstract learningRate: number;
  /** Steps taken so far; settable when resuming. */
  stepCount = 0;
  /**
   * Named state vectors; the arrays themselves, which checkpoints read and write in place. No entries before `prepare` or
   * the first step.
   */
  abstract state(): Record<string, Float32Array>;
  /** Allocates the state for these parameters; the first `step` does it too. Does nothing if it was done for them. */
  abstract prepare(parameters: FlatParameters): void;
  /** Updates `parameters.value` from the gradients of `parameters`. Allocates state on first use. */
  abstract step(parameters: FlatParameters): void;
  /**
   * Puts into `parameters.value` what the rule recommends for use (true), or back what it steps from (false), if these
   * differ: ASGD's average. To be called around an evaluation, and with true after the last step.
   */
  useAverage(_parameters: FlatParameters, _use: boolean): void {}
}
