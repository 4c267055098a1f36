/**
 * @file Passes of stochastic gradient descent over sparse problems, in which an example reads and writes few parameters.
 *
 * One call visits a slice of the examples and takes a step after each, in place, in x. Several threads may do so at the
 * same time on the same x: that is what these operations are for. How they keep out of each other's way is the mode.
 *
 * Differs from the other operations: contents are trusted (whoever made the problem checked ids and offsets), since a
 * check would cost as much as a pass. WASM copies foreign arrays in and out, so that threads would undo each other's
 * passes: there a pass is for one thread.
 */
import type { Csr } from "./arrays.js";

/**
 * - `free`: Hogwild!, no locks; concurrent updates of one number may be lost
 * - `locked`: AIG, gradients are computed at any time; the locks of all that an example touches are held while it writes
 * - `ordered`: RR, gradients are computed at any time, written in the order of their tickets
 * - `loss`: nothing is written
 * - `mistakes`: nothing is written, and the result counts mistakes instead of losses (linear problems)
 */
export type PassMode = "free" | "locked" | "ordered" | "loss" | "mistakes";

/** All modes; the C kernels know a mode by its place here. */
export const PASS_MODES: readonly PassMode[] = ["free", "locked", "ordered", "loss", "mistakes"];

/** Which examples, in which order, and how to wait. */
export interface Pass {
  readonly mode: PassMode;
  /** N. Example numbers are 0 … N − 1. */
  readonly numExamples: number;
  /** Examples that follow each other, ≥ 1; the last block may be shorter. */
  readonly blockSize: number;
  /** The blocks visited: firstBlock + i·blockStep modulo the number of blocks, for i < numBlocks; blockStep below it. */
  readonly firstBlock: number;
  /** From one visited block to the next, modulo the number of blocks. */
  readonly blockStep: number;
  /** How many blocks are visited. */
  readonly numBlocks: number;
  /** The step's size γ. */
  readonly rate: number;
  /** Steps of `spin` added to each gradient's computation. */
  readonly delay: number;
  /** Used when locked. */
  readonly locks: PassLocks | null;
  /** Used when ordered. */
  readonly order: PassOrder | null;
  /** Used when free: steps are taken on a copy of x that is exchanged with it now and then. null: on x itself. */
  readonly exchange: PassExchange | null;
  /** [1] nonzero: end soon, without the rest. RACE: stored once by another thread; a late read costs a block. */
  readonly stop: Uint32Array | null;
}

/** Shared by all threads; 0: nobody has it. Whoever writes an example's step takes them in ascending order. */
export interface PassLocks {
  /** [parts·perPart] */
  readonly words: Uint32Array;
  /** A part (feature, row of factors, vertex) has one lock, or one for each of its numbers. */
  readonly perPart: number;
}

/**
 * A thread's copy of x. After each `numBlocks` blocks, and at the pass's end, x ← x + (own − base), own ← base ← x, number by
 * number and without a lock.
 */
export interface PassExchange {
  /** ≥ 1. */
  readonly numBlocks: number;
  /** As long as x: the copy that steps are taken on. Not shared. */
  readonly own: Float32Array;
  /**
   * As long as x: `own` as it was after the last exchange. Equal to `own` before and after a pass, before the first
   * to x too. Not shared.
   */
  readonly base: Float32Array;
}

/** Whose turn it is: tickets go up by one at each turn, modulo 2³². */
export interface PassOrder {
  /** [1] the ticket whose turn it is; shared by all threads. */
  readonly turn: Uint32Array;
  /** The first of this thread's tickets: firstTicket, firstTicket + ticketStep, … */
  readonly firstTicket: number;
  /** From one of this thread's tickets to its next: how many threads take turns. */
  readonly ticketStep: number;
  /** Turns to take, at least one for each example; those left over are passed on. */
  readonly numTurns: number;
}

/** K linear classifiers of the same sparse rows. */
export interface LinearPassProblem {
  /** Of a score s and its sign y = ±1. hinge: max(0, 1 − y·s); logistic: ln(1 + e^(−y·s)). */
  readonly loss: "hinge" | "logistic";
  /** K. 1: an example is positive where it has a label; else it is for output k where it has label k. 1 … 65,536. */
  readonly numOutputs: number;
  /** [N] rows; columns ascend within a row. */
  readonly features: Csr;
  /** [N + 1]; labels of example i are labelIds[labelOffsets[i] … labelOffsets[i + 1]), ascending. */
  readonly labelOffsets: Uint32Array;
  /** Labels of all examples one behind another; outputs, where there are several. */
  readonly labelIds: Uint32Array;
  /** [D] what a step subtracts of a weight beside the loss's gradient: rate·decay[u]·x[u]. null: nothing. */
  readonly decay: Float32Array | null;
}

/** A matrix [m, n] of which N entries are known, to be approximated by factors of `rank` columns. */
export interface FactorPassProblem {
  /** m, rows of the matrix: their factors are the first m rows of x. */
  readonly numLeft: number;
  /** Columns of the factors, 1 … 65,536. */
  readonly rank: number;
  /** [N] the row of each entry, below m. */
  readonly lefts: Uint32Array;
  /** [N] the column of each entry, below n. */
  readonly rights: Uint32Array;
  /** [N] what the entries are. */
  readonly values: Float32Array;
  /** [m + n], for each row of factors what LinearPassProblem.decay is for a feature. */
  readonly decay: Float32Array | null;
}

/** A graph of N edges, whose vertices have shares of each of the terminals. */
export interface CutPassProblem {
  /** K, 1 … 65,536. */
  readonly numTerminals: number;
  /** [N] one end of each edge. */
  readonly heads: Uint32Array;
  /** [N] the other end, distinct from the first. */
  readonly tails: Uint32Array;
  /** [N] of the edges, ≥ 0. */
  readonly weights: Float32Array;
  /** [V] 1: the vertex's shares are fixed. */
  readonly fixed: Uint8Array;
}

/** Passes over linear, factorisation and cut problems, as one of perhaps many threads. */
export interface PassKernels {
  /**
   * x [D, K] updated; parts are features.
   * @returns Σ of the examples' losses before their steps, over all outputs; mistakes: how many examples have a score of
   *   the wrong sign or 0 (K = 1), or a label's score not the greatest, ties to the smaller output (K > 1).
   */
  linearPass(pass: Pass, problem: LinearPassProblem, x: Float32Array): number;
  /** x [m + n, rank] updated: L above R; parts are rows. @returns Σ (L_u·R_v − Z_uv)² before the steps. */
  factorPass(pass: Pass, problem: FactorPassProblem, x: Float32Array): number;
  /** x [V, K] updated, rows stay on the simplex; parts are vertices. @returns Σ w·‖x_u − x_v‖₁ before the steps. */
  cutPass(pass: Pass, problem: CutPassProblem, x: Float32Array): number;
  /**
   * Each row of x [rows, cols] ← its nearest point with no negative number and sum 1; a shift of less than 2⁻²² is left
   * out, so that zeros stay zeros. Within 4·cols·2⁻²⁴·max(1, |x|) of the reference.
   */
  projectRowsOnSimplex(rows: number, cols: number, x: Float32Array): void;
  /** Burns the time of `count` dependent multiplications. */
  spin(count: number): void;
}
