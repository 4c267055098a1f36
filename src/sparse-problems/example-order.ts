/**
 * @file In which order do passes meet the examples? A permutation of blocks for each epoch that nobody has to store.
 *
 *   block of position p in epoch e = (c + a·p) mod B      a coprime to B, both drawn from the seed and e
 *   thread t of T takes positions t, t + T, t + 2T, …     a step of a·T mod B for the kernel
 *
 * Every example is met once an epoch (without replacement). The examples themselves were shuffled once, within the cells
 * of a grid if there is one (example-grid.ts); within a block of 64 they lie side by side in memory, so that reading them
 * costs bandwidth and no latency.
 *
 * Differs from the paper, which draws each example anew: no two passes skip or repeat any.
 */
import { Rng } from "../core/rng.js";

const LARGEST_BLOCK = 64;
/** So many blocks at least, where there are enough examples: else a few blocks would go to few threads. */
const WANTED_BLOCKS = 1024;

/** Examples of a block, by the number of examples alone, so that serial runs do not depend on threads. */
export function blockSizeOf(numExamples: number): number {
  return Math.max(1, Math.min(LARGEST_BLOCK, Math.floor(numExamples / WANTED_BLOCKS)));
}

/** What of a Pass says which examples come. */
export interface ExampleSlice {
  readonly blockSize: number;
  readonly firstBlock: number;
  readonly blockStep: number;
  readonly numBlocks: number;
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}

/** The slice of thread `thread` of `numThreads` in an epoch; the slices of all threads are a permutation. */
export function exampleSlice(
  numExamples: number,
  seed: number,
  epoch: number,
  thread: number,
  numThreads: number,
  blockSize: number = blockSizeOf(numExamples),
): ExampleSlice {
  const all = Math.ceil(numExamples / blockSize);
  if (all === 0) return { blockSize, firstBlock: 0, blockStep: 0, numBlocks: 0 };
  const rng = Rng.derive(seed, "sparse-problem", "order", epoch);
  const shift = rng.nextBelow(all);
  let stride = 1 + rng.nextBelow(all);
  while (greatestCommonDivisor(stride, all) !== 1) stride++;
  // Below 2⁵³: blocks are fewer than 2³², threads fewer than 2²⁰.
  return {
    blockSize,
    firstBlock: (shift + (stride % all) * thread) % all,
    blockStep: ((stride % all) * numThreads) % all,
    numBlocks: Math.max(0, Math.ceil((all - thread) / numThreads)),
  };
}

/** A random order of all examples, for storing them in. */
export function shuffledExamples(numExamples: number, seed: number): Uint32Array {
  const order = Uint32Array.from({ length: numExamples }, (_, i) => i);
  Rng.derive(seed, "sparse-problem", "examples").shuffle(order);
  return order;
}
