/**
 * @file How do many sorted runs become one, in bounded memory?
 *
 *   run 0  ──buffer──┐      A round takes from every buffer what is not behind the frontier: the least of the buffers'
 *   run 1  ──buffer──┼──▶   last pairs. No run can have such a pair left on disk, so these are all of them: sorted
 *   run 2  ──buffer──┘      together and added up (combinePairs), they are final, and go on in order.
 *
 * Each round uses up at least one buffer. No heap, no work for a single pair in JavaScript. When there are too many runs for
 * buffers of a useful size, groups of them are merged to longer runs first.
 */
import { rmSync } from "node:fs";
import type { Kernels } from "../../kernels/contract.js";
import { isAfter, type PairKey, type PairRun, PairRunReader, PairRunWriter } from "./pair-run.node.js";

/** Runs read at a time: as many open files as any system allows. */
const MOST_RUNS = 128;
/** Pairs of a buffer: below 64 KiB the disk's latency would count. */
const LEAST_BUFFER_PAIRS = 4096;
/** A pair in a buffer, in the list and in the scratch of its sort. */
const PAIR_BYTES = 48;

export interface MergeOptions {
  readonly kernels: Kernels;
  /** Bits of the largest id. */
  readonly idBits: number;
  readonly memoryBytes: number;
  /** A path for a run that is not there yet. */
  readonly newPath: () => string;
  /** Asked now and then; throws to stop. */
  readonly check: () => void;
}

/** Hands all pairs of `runs` on, each once, ascending, in pieces: `emit(list, count)`. Removes the runs' files. */
export function mergeRuns(
  runs: readonly PairRun[],
  options: MergeOptions,
  emit: (list: Uint32Array, count: number) => void,
): void {
  const most = Math.max(2, Math.min(MOST_RUNS, Math.floor(options.memoryBytes / (PAIR_BYTES * LEAST_BUFFER_PAIRS))));
  const numPairs = runs.reduce((sum, run) => sum + run.numPairs, 0);
  const capacity = Math.max(most, Math.min(numPairs, Math.floor(options.memoryBytes / PAIR_BYTES)));
  const { kernels } = options;
  const area: MergeArea = { capacity, list: kernels.u32(4 * capacity), scratch: kernels.u32(4 * capacity) };
  const queue = [...runs];
  while (queue.length > most) {
    const writer = new PairRunWriter(options.newPath());
    let merged: PairRun;
    try {
      mergeOnce(queue.splice(0, most), options, area, (list, count) => writer.write(list, count));
    } finally {
      merged = writer.close();
    }
    queue.push(merged);
  }
  mergeOnce(queue, options, area, emit);
}

/** Where pairs of all buffers are added up; made once, since WASM kernels give no memory back. */
interface MergeArea {
  /** In pairs, at least the number of runs merged at a time. */
  readonly capacity: number;
  readonly list: Uint32Array;
  readonly scratch: Uint32Array;
}

function mergeOnce(
  runs: readonly PairRun[],
  { kernels, idBits, check }: MergeOptions,
  { capacity, list, scratch }: MergeArea,
  emit: (list: Uint32Array, count: number) => void,
): void {
  if (runs.length === 0) return;
  const longest = Math.max(...runs.map(({ numPairs }) => numPairs));
  const room = Math.max(1, Math.min(longest, Math.floor(capacity / runs.length)));
  const readers: PairRunReader[] = [];
  try {
    for (const run of runs) readers.push(new PairRunReader(run, new Uint32Array(4 * room)));
    for (;;) {
      check();
      for (const reader of readers) reader.refill();
      let frontier: PairKey | null = null;
      for (const { frontier: key } of readers) {
        if (key !== null && (frontier === null || isAfter(frontier.i, frontier.j, key))) frontier = key;
      }
      let used = 0;
      for (const reader of readers) {
        const pairs = reader.takeUpTo(frontier);
        list.set(pairs, used);
        used += pairs.length;
      }
      if (used > 0) emit(list, kernels.combinePairs(used / 4, idBits, list, scratch));
      if (frontier === null) break;
    }
  } finally {
    for (const reader of readers) reader.close();
    for (const { path } of runs) rmSync(path, { force: true });
  }
}
