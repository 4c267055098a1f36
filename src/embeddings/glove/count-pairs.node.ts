/**
 * @file From a range of a corpus to sorted runs of co-occurrence counts on disk, in bounded memory.
 *
 *   ids ──countPairs──▶ dense triangle ─────────────────────▶ the last run
 *                  └──▶ list ──full: combinePairs──▶ a run each time
 *
 * Memory: a quarter for the triangle, the rest for the list and what sorting needs. The counts are integers, so any amount of
 * memory, and any cutting of the corpus into ranges, gives the same sums.
 */
import type { Kernels } from "../../kernels/contract.js";
import { createDenseTriangle, drainTriangle } from "./dense-triangle.js";
import { type PairRun, PairRunWriter } from "./pair-run.node.js";

/** What ids come from: an IdReader of the corpus. */
export interface IdSource {
  /** Fills `out` from its beginning. @returns how many: 0 at the end. */
  readInto(out: Uint32Array): number;
}

export interface CountRangeOptions {
  readonly kernels: Kernels;
  readonly numWords: number;
  /** At most so many ids will come, those before the range included. */
  readonly numIds: number;
  readonly window: number;
  readonly memoryBytes: number;
  readonly newPath: () => string;
  /** Asked now and then with the ids done; throws to stop. */
  readonly check: (numDone: number) => void;
}

/** Ids read at a time. */
const CHUNK_IDS = 65_536;
const CELL_BYTES = 4;
/** A pair in the list and in the scratch of its sort. */
const PAIR_BYTES = 32;

/**
 * Counts pairs whose later word is at `numContext` or behind it among the ids of `reader`; those before are context only.
 * Writes runs at `newPath()`, which stay when this throws.
 */
export function countRange(reader: IdSource, numContext: number, options: CountRangeOptions): PairRun[] {
  const { kernels, numWords, window, memoryBytes, newPath, check } = options;
  const triangle = createDenseTriangle(numWords, Math.floor(memoryBytes / 4 / CELL_BYTES));
  const mostPairs = Math.min(options.numIds * window, Math.floor((0.75 * memoryBytes) / PAIR_BYTES));
  const capacity = Math.max(2 * window, mostPairs);
  const counts = {
    limits: kernels.adopt(triangle.limits),
    starts: kernels.adopt(triangle.starts),
    dense: kernels.u32(triangle.numCells),
    list: kernels.u32(4 * capacity),
    used: kernels.u32(1),
  };
  const scratch = kernels.u32(4 * capacity);
  const idBits = idBitsOf(numWords);
  const runs: PairRun[] = [];
  const writeRun = (fill: (writer: PairRunWriter) => void): void => {
    const writer = new PairRunWriter(newPath());
    try {
      fill(writer);
    } finally {
      runs.push(writer.close());
    }
  };
  const spill = (): void => {
    const count = kernels.combinePairs(counts.used[0], idBits, counts.list, scratch);
    counts.used[0] = 0;
    if (count > 0) writeRun((writer) => writer.write(counts.list, count));
  };

  // The last `window` ids stay in front of the next chunk.
  const ids = kernels.u32(window + CHUNK_IDS);
  let before = 0;
  let skip = numContext;
  let numDone = 0;
  for (;;) {
    const count = reader.readInto(ids.subarray(before, before + CHUNK_IDS));
    if (count === 0) break;
    const end = before + count;
    const skipped = Math.min(skip, count);
    skip -= skipped;
    for (let at = before + skipped; at < end; ) {
      at = kernels.countPairs(ids, at, end, window, counts);
      if (at < end) spill();
    }
    const kept = Math.min(window, end);
    ids.copyWithin(0, end - kept, end);
    before = kept;
    numDone += count;
    check(numDone);
  }
  spill();
  if (triangle.numCells > 0) {
    writeRun((writer) => drainTriangle(triangle, counts.dense, scratch, (count) => writer.write(scratch, count)));
  }
  return runs;
}

/** Bits that the largest of `numWords` ids takes, at least 1. */
export function idBitsOf(numWords: number): number {
  return Math.max(1, 32 - Math.clz32(numWords - 1));
}
