/**
 * @file One module after another: the output of each is the input of the next.
 *
 *   new Sequential(new SparseLinear(…), new ReLU(…), new Linear(…))
 *     parameters   0.weight  0.bias             2.weight  2.bias
 *     errors       Sequential[2] › Linear.forward: expected input [N, 256], got [64, 128]; …
 *
 * What flows between two modules is whatever they agree on: a tensor, ids, a sparse batch, a table of tensors. The types
 * know what the first takes and the last gives; where all that flows is of one type, so that they fit is checked by the
 * compiler, else by each module's own check of its input.
 */
import { ConfigError } from "../../core/index.js";
import type { Module, Tensor } from "../module.js";
import { type AnyModule, Container } from "./container.js";

/** A chain of modules; I is the input of the first, O the output of the last. */
export class Sequential<I = Tensor, O = Tensor> extends Container<I, O> {
  /** outputs[i] is what module i last returned, and what module i + 1 was given. */
  private readonly outputs: unknown[];

  /** Takes the modules over, see Container. All but the first take what they give. */
  constructor(...modules: [Module<I, O>, ...Module<O, O>[]]);
  /** Takes the modules over, see Container. */
  constructor(...modules: [Module<I, unknown>, ...AnyModule[], Module<unknown, O>]);
  constructor(...modules: AnyModule[]) {
    super(modules);
    this.outputs = [];
  }

  /** @returns the output of the last module. @throws {ShapeError} with the path of the module in front. */
  forward(input: I): O {
    const { outputs } = this;
    let output: unknown = input;
    for (let i = 0; i < this.modules.length; i++) {
      output = this.forwardOf(i, output);
      outputs[i] = output;
    }
    return output as O;
  }

  /** @returns what the first module returns: null for sparse batches and ids. */
  backward(input: I, gradOutput: O): I | null {
    let grad: unknown = gradOutput;
    for (let i = this.modules.length - 1; i > 0; i--) {
      grad = this.backwardOf(i, this.outputs[i - 1], grad);
      if (grad === null) {
        const message = "backward: expected a gradient of the input, got null; only the first module may skip it";
        throw this.withPath(i, new ConfigError(message));
      }
    }
    return this.backwardOf(0, input, grad) as I | null;
  }
}
