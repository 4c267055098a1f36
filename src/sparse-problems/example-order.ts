/**
 * @file In which order do passes meet the examples? A permutation of blocks for each epoch that nobody has to store.
 *
 *   block of position p in epoch e = (c + a·p) mod B      a coprime to B, both drawn from the seed and e
 *   portion k of K has positions k, k + K, k + 2K, …      a step of a·K mod B for the kernel
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

/** The blocks' order in an epoch. */
export interface BlockOrder {
  readonly blockSize: number;
  /** B, a, c. */
  readonly numBlocks: number;
  readonly stride: number;
  readonly shift: number;
}

/** The order in an epoch of all examples, the same for all threads. */
export function epochOrder(numExamples: number, seed: number, epoch: number): BlockOrder {
  return drawOrder(numExamples, blockSizeOf(numExamples), Rng.derive(seed, "sparse-problem", "order", epoch));
}

/** Some order of examples in blocks of `blockSize`. */
export function drawOrder(numExamples: number, blockSize: number, rng: Rng): BlockOrder {
  const numBlocks = Math.ceil(numExamples / blockSize);
  if (numBlocks === 0) return { blockSize, numBlocks, stride: 0, shift: 0 };
  const shift = rng.nextBelow(numBlocks);
  let stride = 1 + rng.nextBelow(numBlocks);
  while (greatestCommonDivisor(stride, numBlocks) !== 1) stride++;
  return { blockSize, numBlocks, stride: stride % numBlocks, shift };
}

/** Portion `portion` of `numPortions`; all portions together are a permutation of the blocks. */
export function sliceOf(
  { blockSize, numBlocks, stride, shift }: BlockOrder,
  portion: number,
  numPortions: number,
): ExampleSlice {
  if (numBlocks === 0) return { blockSize, firstBlock: 0, blockStep: 0, numBlocks: 0 };
  // Below 2⁵³: blocks are fewer than 2³², portions fewer than 2²⁰.
  return {
    blockSize,
    firstBlock: (shift + stride * portion) % numBlocks,
    blockStep: (stride * numPortions) % numBlocks,
    numBlocks: Math.max(0, Math.ceil((numBlocks - portion) / numPortions)),
  };
}

/** A random order of all examples, for storing them in. */
export function shuffledExamples(numExamples: number, seed: number): Uint32Array {
  const order = Uint32Array.from({ length: numExamples }, (_, i) => i);
  Rng.derive(seed, "sparse-problem", "examples").shuffle(order);
  return order;
}
