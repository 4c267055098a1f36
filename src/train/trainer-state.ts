/**
 * @file What is a training in the middle? Arrays and a few numbers: all that it takes to go on with the same bytes.
 */
import type { HistoryState } from "./training-history.js";
import type { MonitorState } from "./validation.js";

/** What `restore` needs besides the arrays: plain JSON. */
export interface TrainerState {
  readonly step: number;
  readonly batchesPerEpoch: number;
  readonly rngs: readonly (readonly number[])[];
  readonly loss: number;
  readonly seconds: number;
  readonly stoppedEarly: boolean;
  readonly monitor: MonitorState | null;
  readonly history: HistoryState;
}

/** One of the arrays that are a trainer's state. */
export interface StateArray {
  readonly name: string;
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** What saving and resuming a training need to see of it. */
export interface ResumableTraining {
  /** The arrays themselves: read to save them, written to resume. */
  arrays(): readonly StateArray[];
  snapshot(): TrainerState;
  /** Continues after `state`; the caller has filled `arrays()`. */
  restore(state: TrainerState): void;
}
