/**
 * @file What the threads of one word2vec training share: the model, and how far each has come.
 *
 *   positions [T, 2]            f64: each thread's iteration, and the ids of its slice that it has trained in it
 *   losses    [T, iterations, 2] f64: Σ loss measured, Σ inputs measured
 *   states    [T, WORD_STATE_LENGTH] u32: the kernel's own, with the sentence that is not full yet
 *
 * RACE: a thread writes its own rows alone. Others read `positions` to know how far all have come: a stale number makes
 * the learning rate late by one chunk of ten thousand words.
 */
import { WORD_STATE_LENGTH, type WordModel } from "../kernels/contract.js";
import type { EncodedCorpusParts } from "./encoded-corpus.node.js";
import type { WordMemory } from "./word2vec-model.js";

/** Plain data and typed arrays: `postMessage` carries it, shared arrays stay the same memory. */
export interface Word2VecRun {
  readonly model: WordModel;
  readonly corpus: EncodedCorpusParts;
  readonly numIds: number;
  readonly numThreads: number;
  readonly iterations: number;
  readonly alpha: number;
  readonly seed: number;
  readonly positions: Float64Array;
  readonly losses: Float64Array;
  readonly states: Uint32Array;
}

/** What a thread does: its slice, up to the end of an iteration (exclusive). */
export interface Word2VecJob {
  readonly thread: number;
  readonly endIteration: number;
}

/** Posted by a thread every tenth of a second and at the end of an iteration. */
export interface Word2VecJobProgress {
  readonly alpha: number;
  /** Mean loss of an input since the last message; NaN if none was measured. */
  readonly loss: number;
}

/** Bookkeeping of a run that starts at its beginning. */
export function startOfRun(
  numThreads: number,
  iterations: number,
  memory: WordMemory,
): Pick<Word2VecRun, "positions" | "losses" | "states"> {
  const f64 = (length: number): Float64Array => new Float64Array(new SharedArrayBuffer(8 * length));
  return {
    positions: f64(2 * numThreads),
    losses: f64(2 * numThreads * iterations),
    states: memory.u32(numThreads * WORD_STATE_LENGTH),
  };
}

/** The ids [from, to) of a thread, of each iteration. */
export function sliceOf({ numIds, numThreads }: Word2VecRun, thread: number): { from: number; to: number } {
  return { from: Math.floor((numIds * thread) / numThreads), to: Math.floor((numIds * (thread + 1)) / numThreads) };
}

/** 0 … 1 of all threads' ids in all iterations. */
export function fractionDone(run: Word2VecRun): number {
  let done = 0;
  for (let thread = 0; thread < run.numThreads; thread++) {
    const { from, to } = sliceOf(run, thread);
    done += run.positions[2 * thread] * (to - from) + run.positions[2 * thread + 1];
  }
  return done / (run.numIds * run.iterations);
}

/** Mean loss of an input in each iteration that was measured. */
export function meanLosses({ losses, numThreads, iterations }: Word2VecRun): number[] {
  return Array.from({ length: iterations }, (_, iteration) => {
    let [sum, count] = [0, 0];
    for (let thread = 0; thread < numThreads; thread++) {
      const at = 2 * (thread * iterations + iteration);
      sum += losses[at];
      count += losses[at + 1];
    }
    return sum / count;
  });
}
