/**
 * @file One module after another: the output of each is the input of the next.
 *
 *   new Sequential(new SparseLinear(…), new ReLU(…), new Linear(…))
 *     parameters   0.weight  0.bias             2.weight  2.bias
 *     errors       Sequential[2] › Linear.forward: expected input [N, 256], got [64, 128]; …
 *
 * Containers nest: names and error paths are prefixed once per level. The first module may take sparse batches.
 */
import { ConfigError, ShapeError } from "../../core/index.js";
import { type Mode, Module, type Tensor } from "../module.js";
import type { Parameter } from "../parameter.js";

/** A chain of modules; I is the input of the first. */
export class Sequential<I = Tensor> extends Module<I, Tensor> {
  readonly modules: readonly [Module<I, Tensor>, ...Module[]];
  /** outputs[i] is what module i last returned, and what module i + 1 was given. */
  private readonly outputs: Tensor[];
  private readonly parameterList: Parameter[];

  /** Takes the modules over: prefixes the names of their parameters with their position. */
  constructor(...modules: [Module<I, Tensor>, ...Module[]]) {
    super();
    this.modules = modules;
    this.outputs = [];
    this.parameterList = [];
    modules.forEach((module, i) => {
      for (const parameter of module.parameters()) {
        parameter.name = `${i}.${parameter.name}`;
        this.parameterList.push(parameter);
      }
    });
    const names = new Set(this.parameterList.map((p) => p.name));
    if (names.size < this.parameterList.length) {
      throw new ConfigError("Sequential: expected distinct modules, got one twice; build one for each place");
    }
  }

  /** @returns the output of the last module. @throws {ShapeError} with the path of the module in front. */
  forward(input: I): Tensor {
    const { modules, outputs } = this;
    let i = 0;
    try {
      outputs[0] = modules[0].forward(input);
      for (i = 1; i < modules.length; i++) outputs[i] = (modules[i] as Module).forward(outputs[i - 1]);
    } catch (error) {
      throw this.withPath(i, error);
    }
    return outputs[modules.length - 1];
  }

  /** @returns what the first module returns: null for sparse batches. */
  backward(input: I, gradOutput: Tensor): I | null {
    const { modules, outputs } = this;
    let grad = gradOutput;
    let i = modules.length - 1;
    try {
      for (; i > 0; i--) {
        const gradInput = (modules[i] as Module).backward(outputs[i - 1], grad);
        if (gradInput === null) {
          throw new ConfigError(
            "backward: expected a gradient of the input, got null; only the first module may skip it",
          );
        }
        grad = gradInput;
      }
      return modules[0].backward(input, grad);
    } catch (error) {
      throw this.withPath(i, error);
    }
  }

  override parameters(): Parameter[] {
    return this.parameterList;
  }

  override setMode(mode: Mode): void {
    for (const module of this.modules) module.setMode(mode);
  }

  /** The error with `Sequential[i] › ` in front, if it is one of ours about the module; any other as it is. */
  private withPath(i: number, error: unknown): unknown {
    const path = `Sequential[${i}]`;
    if (error instanceof ShapeError) return new ShapeError(`${path} › ${error.message}`, { cause: error });
    if (error instanceof ConfigError) return new ConfigError(`${path} › ${error.message}`, { cause: error });
    return error;
  }
}
