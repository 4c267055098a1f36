/**
 * @file How does a gradient become a step? One class per update rule, all on a module's flat parameters.
 *
 * State (velocity, moments) is kept as flat vectors of the parameters' length, so that it can be checkpointed and
 * sharded like them. Row-sparse gradients update only the rows they name.
 */
import type { FlatParameters } from "../nn/parameter.js";

export abstract class Optimizer {
  /** Learning rate of the next step; a schedule sets it. */
  abstract learningRate: number;
  /** Steps taken so far. */
  stepCount = 0;
  /** Named state vectors, each as long as the parameters; views that checkpoints read and write in place. */
  abstract state(): Record<string, Float32Array>;
  /** Updates `parameters.value` from the gradients of `parameters`. Allocates state on first use. */
  abstract step(parameters: FlatParameters): void;
}
