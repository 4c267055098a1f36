/**
 * @file What do all containers share? The modules they hold: names of parameters, paths of errors, modes.
 *
 *   Concat ─┬ 0  Linear               parameters   0.weight  0.bias  1.0.weight  1.0.bias
 *           └ 1  Sequential           errors       Concat[1] › Sequential[0] › Linear.forward: expected input …
 *                └ 0  Linear
 *
 * Containers nest: names and error paths are prefixed once per level. A container decides only what each of its modules
 * is given, and what becomes of what they return.
 *
 * Source: Torch7's nn.Container. Differs from it: a module stands in one place only, since it keeps the output of its
 * last forward; so the modules are fixed when the container is built.
 */
import { ConfigError, ShapeError } from "../../core/index.js";
import { describeValue } from "../kernels-check.js";
import { type Mode, Module } from "../module.js";
import type { Parameter } from "../parameter.js";

/** Any module, whatever it takes and gives. */
export type AnyModule = Module<unknown, unknown>;

/** A module made of modules, which it takes over: modes, row offsets and errors' paths go through it. */
export abstract class Container<I, O> extends Module<I, O> {
  /** In order of their positions. */
  readonly modules: readonly AnyModule[];
  private readonly parameterList: Parameter[];

  /**
   * Takes the modules over: prefixes the names of their parameters with their position.
   * @throws {ConfigError} for no module, what is no module, or one that occurs twice.
   */
  protected constructor(modules: readonly AnyModule[]) {
    super();
    if (modules.length === 0) {
      throw new ConfigError(`${this.constructor.name}: expected at least one module, got none; Identity does nothing`);
    }
    modules.forEach((module, i) => {
      if (isModule(module)) return;
      throw new ConfigError(
        `${this.constructor.name}: expected modules, got ${describeValue(module)} as module ${i}; ` +
          "list them one after another, after the other arguments",
      );
    });
    this.modules = modules;
    this.parameterList = modules.flatMap((module) => module.parameters());
    if (new Set(modules).size < modules.length || new Set(this.parameterList).size < this.parameterList.length) {
      throw new ConfigError(
        `${this.constructor.name}: expected distinct modules, got one twice; build one for each place`,
      );
    }
    modules.forEach((module, i) => {
      for (const parameter of module.parameters()) parameter.name = `${i}.${parameter.name}`;
    });
  }

  override parameters(): Parameter[] {
    return this.parameterList;
  }

  override setMode(mode: Mode): void {
    for (const module of this.modules) module.setMode(mode);
  }

  override setFirstRow(row: number): void {
    for (const module of this.modules) module.setFirstRow(row);
  }

  /** Runs module `i`. @throws {ShapeError} or {ConfigError} with the module's path in front. */
  protected forwardOf(i: number, input: unknown): unknown {
    try {
      return this.modules[i].forward(input);
    } catch (error) {
      throw this.withPath(i, error);
    }
  }

  /** Runs module `i` backward, as `forwardOf`. @returns null where the gradient of the input is not defined. */
  protected backwardOf(i: number, input: unknown, gradOutput: unknown): unknown {
    try {
      return this.modules[i].backward(input, gradOutput);
    } catch (error) {
      throw this.withPath(i, error);
    }
  }

  /** The error with `Sequential[i] › ` in front, if it is one of ours about the module; any other as it is. */
  protected withPath(i: number, error: unknown): unknown {
    const path = `${this.constructor.name}[${i}]`;
    if (error instanceof ShapeError) return new ShapeError(`${path} › ${error.message}`, { cause: error });
    if (error instanceof ConfigError) return new ConfigError(`${path} › ${error.message}`, { cause: error });
    return error;
  }
}

function isModule(value: Partial<AnyModule> | null | undefined): boolean {
  return [value?.forward, value?.backward, value?.parameters, value?.setMode].every((f) => typeof f === "function");
}
