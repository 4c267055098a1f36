/**
 * @file How does a run of layers take a batch in pieces? Each piece as the whole batch would have had its rows: masks count
 * rows from the batch's first, and generators start every piece where they stood when the batch began.
 *
 * A module keeps the state of its last forward only: `recall` brings it back for a piece that goes backward later.
 * Not here: when a piece may go, and where its rows come from (pipeline.ts).
 */
import type { Rng } from "../../core/rng.js";
import type { Module } from "../../nn/module.js";

/** A module of which only its place in a chain is known. */
export type AnyModule = Module<unknown, unknown>;

/** The layers of one stage that work on pieces. */
export class StageModules {
  private readonly modules: readonly AnyModule[];
  private readonly rngs: readonly Rng[];
  private readonly startStates: number[][];
  /** Inputs of each module for the piece under way. */
  private readonly inputs: unknown[];

  /** `rngs`: all that the modules draw from. */
  constructor(modules: readonly AnyModule[], rngs: readonly Rng[]) {
    this.modules = modules;
    this.rngs = rngs;
    this.startStates = rngs.map(() => [0, 0, 0, 0]);
    this.inputs = [];
  }

  zeroGradParameters(): void {
    for (const module of this.modules) module.zeroGradParameters();
  }

  /** A batch begins: its pieces start where the generators stand now. */
  begin(): void {
    this.rngs.forEach((rng, i) => {
      this.startStates[i] = rng.snapshot();
    });
  }

  /** The output for a piece whose first row is `firstRow` of the batch. */
  forward(input: unknown, firstRow: number): unknown {
    return this.run(input, firstRow, false);
  }

  /** Brings the modules to where they were after the forward of a piece. */
  recall(input: unknown, firstRow: number): void {
    this.run(input, firstRow, true);
  }

  /** The gradient of the input of the piece last forwarded or recalled; ADDS parameter gradients. */
  backward(gradOutput: unknown): unknown {
    let gradient = gradOutput;
    for (let m = this.modules.length - 1; m >= 0; m--) gradient = this.modules[m].backward(this.inputs[m], gradient);
    return gradient;
  }

  private run(input: unknown, firstRow: number, isRecall: boolean): unknown {
    this.rngs.forEach((rng, i) => {
      rng.restore(this.startStates[i]);
    });
    let value = input;
    for (let m = 0; m < this.modules.length; m++) {
      const module = this.modules[m];
      this.inputs[m] = value;
      module.setFirstRow(firstRow);
      if (isRecall && m === this.modules.length - 1) module.recall(value);
      else value = module.forward(value);
    }
    return value;
  }
}
