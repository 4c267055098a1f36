/**
 * @file What does a Trainer want to know, and what does it tell? Options of the training, of one run of it, and reports.
 */
import type { Rng } from "../core/rng.js";
import type { Parameter } from "../nn/parameter.js";
import type { Optimizer } from "../optim/optimizer.js";
import type { Schedule } from "../optim/schedules.js";
import type { BatchSource, Objective } from "./objective.js";
import type { ResumableTraining } from "./trainer-state.js";
import type { EarlyStoppingOptions, ValidationOptions } from "./validation.js";

/**
 * Least time between two checkpoints unless told otherwise: often enough to lose little, seldom enough that writing a
 * model thrice its size costs a few per cent at most.
 */
export const CHECKPOINT_INTERVAL_MS = 30_000;

/** What a Trainer minimises, on what, by which rule, and how long. */
export interface TrainerOptions<B> {
  /** Its parameters are what training changes. */
  readonly objective: Objective<B>;
  /** Where training batches come from. */
  readonly source: BatchSource<B>;
  /** For this training alone: its state and learning rate are changed. */
  readonly optimizer: Optimizer;
  /** Passes over the source. */
  readonly epochs: number;
  /** Peak learning rate. Default: the optimiser's own. */
  readonly learningRate?: number;
  /** Factor on it over the course of training; `createSchedule` makes one. Default: 1 throughout. */
  readonly schedule?: Schedule;
  /**
   * Generators that steps draw from: those of Dropout, SampledSoftMax, the gate of a mixture of experts. A snapshot holds
   * where they are; one that is left out draws other numbers after a resumption. Default none.
   */
  readonly rngs?: readonly Rng[];
  /**
   * Called between gradient and step, with all parameters: clips gradients, say. If it returns a number (their norm) and
   * that is not finite, training stops before the step. Default: gradients stay as they are.
   */
  readonly adjustGradients?: (parameters: readonly Parameter[]) => number | undefined;
  /** What is measured at the end of epochs. Default nothing. */
  readonly validation?: ValidationOptions;
  /** When to stop before all epochs are done; needs `validation`. Default never. */
  readonly earlyStopping?: EarlyStoppingOptions;
  /** Who is training, for error messages. Default "Trainer". */
  readonly name?: string;
  /** What to do about a loss that is not finite, for its message. Default: a smaller learning rate. */
  readonly remedy?: string;
}

/** Where training stands. */
export interface TrainingProgress {
  /** Steps done and planned. */
  readonly step: number;
  readonly numSteps: number;
  /** Epoch of the last step, from 1. */
  readonly epoch: number;
  /** Planned. */
  readonly epochs: number;
  /** Mean loss over the last 100 steps or so (exponential average). */
  readonly loss: number;
}

/** Where training stands, and rows a second since `run` began. */
export type RunProgress = TrainingProgress & { readonly rowsPerSecond: number };

/** An epoch that has ended. */
export interface EpochReport {
  /** From 1. */
  readonly epoch: number;
  /** Planned. */
  readonly epochs: number;
  /** Mean of the epoch's steps. */
  readonly loss: number;
  /** Of its last step. */
  readonly learningRate: number;
  /** null if this epoch had no validation. */
  readonly metrics: Readonly<Record<string, number>> | null;
  /** Of training so far, earlier runs included, this epoch's validation not. */
  readonly seconds: number;
}

/** How one run of a Trainer may end, who hears of it, and where its state goes. */
export interface RunOptions {
  /** Ends the run after the step in which it is aborted. An AbortSignal is one. */
  readonly signal?: { readonly aborted: boolean };
  /** Called some ten times a second, and at the end. */
  readonly onProgress?: (progress: RunProgress) => void;
  /** Called when an epoch and its validation are done. */
  readonly onEpoch?: (report: EpochReport) => void;
  /** Where state goes, every `checkpointIntervalMs` and when the signal ends the run. */
  readonly checkpoint?: { save(trainer: ResumableTraining): void | Promise<void> };
  /** Least time between two checkpoints. Default `CHECKPOINT_INTERVAL_MS`. */
  readonly checkpointIntervalMs?: number;
}
