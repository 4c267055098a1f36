/**
 * @file Which examples does a thread meet in an epoch, in which order? Rounds: one pass of the kernel each.
 *
 *   without a grid                    one round over all examples, of which thread t has a slice
 *   with a grid of P ≥ T groups       round (i, s): cell (p, (2p + s + c) mod 2P) of p = t + i·T; c from seed and epoch
 *
 * In round (i, s) no two threads have a group in common, nor has one with another's next. The groups of a thread come in
 * another order each epoch. Where there are more threads than groups, the grid is left aside.
 */
import { Rng } from "../core/rng.js";
import type { ExampleGrid } from "./example-grid.js";
import { blockSizeOf, type ExampleSlice, exampleSlice } from "./example-order.js";

export interface Round {
  /** Examples [from, to), of which `slice` is visited. */
  readonly from: number;
  readonly to: number;
  readonly slice: ExampleSlice;
  /** The most examples that a thread has in this round: turns that each has in strategy round-robin. */
  readonly numTurns: number;
}

/** The rounds of thread `thread` of `numThreads`: as many for each thread. */
export function epochRounds(
  { numExamples, grid }: { readonly numExamples: number; readonly grid: ExampleGrid | null },
  seed: number,
  epoch: number,
  thread: number,
  numThreads: number,
): Round[] {
  if (grid === null || numThreads > grid.numGroups) {
    const [first, slice] = [0, thread].map((t) => exampleSlice(numExamples, seed, epoch, t, numThreads));
    return [{ from: 0, to: numExamples, slice, numTurns: first.numBlocks * first.blockSize }];
  }
  const { numGroups, offsets } = grid;
  const numSteps = 2 * numGroups;
  const rng = Rng.derive(seed, "sparse-problem", "rounds", epoch);
  const [shift, rotation] = [rng.nextBelow(numSteps), rng.nextBelow(numGroups)];
  const most = Math.ceil(numGroups / numThreads);
  const rounds: Round[] = [];
  for (let i = 0; i < most; i++) {
    for (let s = 0; s < numSteps; s++) {
      // [from, to) of a thread's cell; of a thread that has fewer groups than others, nothing.
      const cellOf = (t: number): readonly [number, number] => {
        const count = Math.ceil((numGroups - t) / numThreads);
        if (i >= count) return [0, 0];
        const p = t + ((i + rotation) % count) * numThreads;
        const cell = p * numSteps + ((2 * p + s + shift) % numSteps);
        return [offsets[cell], offsets[cell + 1]];
      };
      const sizes = Array.from({ length: numThreads }, (_, t) => cellOf(t)).map(([from, to]) => to - from);
      const [from, to] = cellOf(thread);
      const slice = exampleSlice(to - from, seed + from, epoch, 0, 1, blockSizeOf(numExamples));
      rounds.push({ from, to, slice, numTurns: Math.max(...sizes) });
    }
  }
  return rounds;
}
