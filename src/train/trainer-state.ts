/**
 * @file What is a training in the middle? Arrays and a few numbers: all that it takes to go on with the same bytes.
 */
import type { HistoryState } from "./training-history.js";
import type { MonitorState } from "./validation.js";

/** What `restore` needs besides the arrays: plain JSON. */
export interface TrainerState {
  /** Steps done. */
  readonly step: number;
  /** Those of the source; another number means other data. */
  readonly batchesPerEpoch: number;
  /** Where each of TrainerOptions.rngs stands, in their order. */
  readonly rngs: readonly (readonly number[])[];
  /** The running mean that TrainingProgress reports. */
  readonly loss: number;
  /** Of training so far. */
  readonly seconds: number;
  readonly stoppedEarly: boolean;
  /** The best validation and how long ago it was; null without validation. */
  readonly monitor: MonitorState | null;
  readonly history: HistoryState;
}

/** One of the arrays that are a trainer's state. */
export interface StateArray {
  /** Unique within the training. */
  readonly name: string;
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** What saving and resuming a training need to see of it. */
export interface ResumableTraining {
  /** The arrays themselves: read to save them, written to resume. */
  arrays(): readonly StateArray[];
  /** The rest of the state, a copy; goes with `arrays()` of the same step. */
  snapshot(): TrainerState;
  /** Continues after `state`; the caller has filled `arrays()`. */
  restore(state: TrainerState): void;
}
