/**
 * @file What does a thread work on next? A portion of an epoch's examples: one pass of the kernel.
 *
 *   fixed    portion t of T is thread t's     averaging, whose threads learn apart; round-robin, whose turns keep them together
 *   shared   the next of K that nobody has    hogwild, locked, locked-parts, delayed
 *   cells    of a grid; cell-scheduler.ts     the same, but not delayed, for ratings in a grid of at least T groups
 *
 * K depends on the problem alone, so that serial descent is what Hogwild! does on one thread. Portions of some tenths of a
 * millisecond: small enough that no thread has much to finish while others have nothing left, and that a thread on a slower
 * core takes fewer; large enough that taking one costs a few per cent at most.
 */
import { Rng } from "../core/rng.js";
import { CellScheduler } from "./cell-scheduler.js";
import type { EpochLedger } from "./epoch-ledger.js";
import type { ExampleGrid } from "./example-grid.js";
import { blockSizeOf, drawOrder, type ExampleSlice, epochOrder, sliceOf } from "./example-order.js";
import { type SparseProblem, touchedByExample } from "./problem.js";
import type { DescentOptions, ThreadStrategy } from "./strategy.js";

export interface Portion {
  /** From 0. */
  readonly epoch: number;
  /** Examples [from, to), of which `slice` is visited. */
  readonly from: number;
  readonly to: number;
  readonly slice: ExampleSlice;
  /** The most examples that a thread has of its kind: turns that each has in strategy round-robin. */
  readonly numTurns: number;
}

/** Hands a thread its portions. */
export interface PortionSource {
  /** Portions of each epoch, all threads together. */
  readonly anEpoch: number;
  /** The next; what was taken before is done with. @returns null if none is left, or on stop. */
  next(): Portion | null;
}

/** Numbers touched by a portion, if the problem is large enough: some tenths of a millisecond. */
const TOUCHED = 2 ** 18;
const LEAST_PORTIONS = 8;
const MOST_PORTIONS = 64;
/** A step of `spin` takes about as long as touching so many numbers. */
const TOUCHED_BY_SPIN = 2;

/** K. `delay`: spin steps of an example. */
export function portionsOf(problem: SparseProblem, delay: number): number {
  const touched = problem.numExamples * (touchedByExample(problem) + TOUCHED_BY_SPIN * delay);
  return Math.max(LEAST_PORTIONS, Math.min(MOST_PORTIONS, Math.round(touched / TOUCHED)));
}

/** A thread alone has everything, whatever the strategy. */
const isFixed = (strategy: ThreadStrategy, numThreads: number): boolean =>
  numThreads > 1 && (strategy === "averaging" || strategy === "round-robin");

/** The grid, if threads are to go by its cells. Who steps on a copy has no lines to contend for, and should meet all cells. */
export function gridOf({ grid }: SparseProblem, strategy: ThreadStrategy, numThreads: number): ExampleGrid | null {
  const isByCells = strategy !== "delayed" && !isFixed(strategy, numThreads);
  return isByCells && grid !== null && numThreads <= grid.numGroups ? grid : null;
}

/** What portions are handed out by, shared by all threads. */
export interface PortionsShared {
  readonly problem: SparseProblem;
  readonly options: Required<DescentOptions>;
  /** K of shared portions. */
  readonly numPortions: number;
  /** State of the cell scheduler, if there is a grid to go by. */
  readonly scheduler: Int32Array | null;
}

const turnsOf = ({ numBlocks, blockSize }: ExampleSlice): number => numBlocks * blockSize;

/** Thread `thread`'s source. */
export function createPortions(
  { problem, options, numPortions, scheduler }: PortionsShared,
  ledger: EpochLedger,
  thread: number,
  shouldStop: () => boolean,
): PortionSource {
  const { strategy, numThreads, epochs, seed } = options;
  const { numExamples, grid } = problem;
  if (grid !== null && scheduler !== null) {
    const blockSize = blockSizeOf(numExamples);
    const rng = Rng.derive(seed, "sparse-problem", "cells", thread);
    const cells = new CellScheduler(scheduler, grid.numGroups, epochs, rng);
    return {
      anEpoch: grid.offsets.length - 1,
      next() {
        const visit = cells.next(shouldStop);
        if (visit === null) return null;
        const { cell, epoch } = visit;
        const from = grid.offsets[cell];
        const to = grid.offsets[cell + 1];
        const slice = sliceOf(drawOrder(to - from, blockSize, rng), 0, 1);
        return { epoch, from, to, slice, numTurns: turnsOf(slice) };
      },
    };
  }
  const isOwn = isFixed(strategy, numThreads);
  const anEpoch = isOwn ? numThreads : numPortions;
  let epoch = 0;
  let isTaken = false;
  let order = epochOrder(numExamples, seed, 0);
  const nextEpoch = (): void => {
    epoch++;
    isTaken = false;
    order = epochOrder(numExamples, seed, epoch);
  };
  return {
    anEpoch,
    next() {
      let portion = thread;
      if (isOwn) {
        if (isTaken) nextEpoch();
        isTaken = true;
      } else {
        while (epoch < epochs) {
          portion = ledger.take(epoch);
          if (portion < anEpoch) break;
          nextEpoch();
        }
      }
      if (epoch >= epochs) return null;
      const slice = sliceOf(order, portion, anEpoch);
      return { epoch, from: 0, to: numExamples, slice, numTurns: turnsOf(isOwn ? sliceOf(order, 0, anEpoch) : slice) };
    },
  };
}
