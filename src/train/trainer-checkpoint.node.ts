/**
 * @file Where does a training go on after a crash? From one file, replaced atomically while training runs.
 *
 *   run.safetensors    0.weight, 0.bias, …     parameters by name
 *                      optimizer.<name>        the optimiser's state vectors
 *                      trainer.best            parameters of the best validation, if they are kept
 *                      metadata                run: which training this is · state: TrainerState as JSON
 *
 *   const checkpoint = new TrainerCheckpoint("run.safetensors");
 *   checkpoint.load(trainer);                          true: it continues; false: there was nothing to continue
 *   await trainer.run({ checkpoint });                 the same bytes as a run that never stopped
 *   checkpoint.remove();
 */
import { rmSync } from "node:fs";
import { loadSealed, saveSealed } from "../checkpoint/sealed-tensors.node.js";
import { FormatError } from "../core/errors.js";
import type { ResumableTraining, TrainerState } from "./trainer-state.js";

/** Which training a file belongs to. */
export interface TrainerCheckpointOptions {
  /** Names the training, such as a hash of data and options: a checkpoint of another one is not continued. Default "". */
  readonly run?: string;
  /** What to do about a checkpoint that cannot be read, for its message. Default: delete it to start anew. */
  readonly remedy?: string;
}

/** A file that a training is saved to and resumed from. */
export class TrainerCheckpoint {
  /** The file; it need not be there. */
  readonly path: string;
  private readonly run: string;
  private readonly remedy: string;

  constructor(path: string, options: TrainerCheckpointOptions = {}) {
    this.path = path;
    this.run = options.run ?? "";
    this.remedy = options.remedy ?? "delete this file: training starts from its beginning";
  }

  /** Writes the training's state. @throws {StorageError} if the file cannot be written; the last one then stands. */
  save(training: ResumableTraining): void {
    const metadata = { run: this.run, state: JSON.stringify(training.snapshot()) };
    saveSealed(this.path, training.arrays(), metadata);
  }

  /**
   * Continues from the file. @returns false if there is none, or one of another run: `training` is then untouched.
   * @throws {FormatError} if the file is damaged or holds other arrays than `training` has.
   */
  load(training: ResumableTraining): boolean {
    const stored = loadSealed(this.path, this.remedy);
    if (stored === null || stored.metadata.run !== this.run) return false;
    const arrays = training.arrays();
    for (const { name, shape } of arrays) {
      const got = stored.tensors.get(name);
      if (got?.shape.join() === shape.join() && got.data instanceof Float32Array) continue;
      const found = got === undefined ? "none" : `[${got.shape}]`;
      throw new FormatError({ file: this.path }, `expected ${name} [${shape}], got ${found}; ${this.remedy}`);
    }
    if (stored.tensors.size !== arrays.length) {
      const problem = `expected ${arrays.length} arrays, got ${stored.tensors.size}: it is of other options`;
      throw new FormatError({ file: this.path }, `${problem}; ${this.remedy}`);
    }
    for (const { name, data } of arrays) data.set((stored.tensors.get(name) as { data: Float32Array }).data);
    training.restore(JSON.parse(stored.metadata.state) as TrainerState);
    return true;
  }

  /** Removes the file, if there is one. */
  remove(): void {
    rmSync(this.path, { force: true });
  }
}
