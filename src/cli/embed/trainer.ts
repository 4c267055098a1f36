/** @file What `embed train` asks of a model's trainer, and what it is told. */
import type { WordVectors } from "../../embeddings/word-vectors.js";
import type { Progress } from "../progress.js";

export interface TrainRequest {
  /** Text files. */
  readonly corpus: readonly string[];
  /** Options of the model that the user set, under the names of the flags. */
  readonly options: Readonly<Record<string, unknown>>;
  readonly numThreads: number;
  /** Where temporary files go; null: the system's directory. */
  readonly temporaryDirectory: string | null;
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

export interface TrainOutcome {
  readonly vectors: WordVectors;
  /** Words of the text that have a vector, and that have none. */
  readonly numTokens: number;
  readonly numUnknown: number;
  readonly numThreads: number;
  /** All options, with their defaults. */
  readonly options: object;
  /** Mean loss of each iteration. */
  readonly losses: readonly number[];
  /** Of each stage. */
  readonly seconds: Readonly<Record<string, number>>;
}

export type Trainer = (request: TrainRequest) => Promise<TrainOutcome>;
