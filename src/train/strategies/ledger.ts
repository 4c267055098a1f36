/**
 * @file What did working together cost? Bytes that crossed between workers, and time that each spent waiting.
 *
 *   [w, 0] bytes that worker w took from others or gave them      [w, 1] ms it waited      [w, 2] ms since it began
 *
 * Traffic is counted as if workers were machines: a number that one needs of another crosses once, for each who needs
 * it, though threads only read it where it lies. So the figures say what a network would have to carry.
 */
import type { Barrier } from "../../parallel/barrier.js";

const FIELDS = 3;

/** What it cost that workers trained together: numbers that crossed between them, and time spent waiting. */
export interface StrategyReport {
  readonly numWorkers: number;
  /** Bytes that cross between workers in a step, on average. */
  readonly trafficBytesPerStep: number;
  /** Seconds that each worker waited for others, the lead's validations and checkpoints included. */
  readonly waitingSeconds: readonly number[];
  /** Seconds that each worker worked. */
  readonly workingSeconds: readonly number[];
  /** Share of the workers' time that was waiting. */
  readonly waitingShare: number;
  /**
   * Work done by all workers over the time that it took: how many workers' worth of work was done at once. What one
   * worker alone would need less of (a batch in one piece, no merging) is counted as work: a bound, no measurement.
   */
  readonly concurrency: number;
}

/** Memory of the ledger of `numWorkers`. */
export function createLedgerNumbers(numWorkers: number): Float64Array {
  return new Float64Array(new SharedArrayBuffer(8 * FIELDS * numWorkers));
}

/** One worker's hand on the ledger. */
export class Ledger {
  private readonly numbers: Float64Array;
  private readonly at: number;
  private readonly startMs: number;

  constructor(numbers: Float64Array, index: number) {
    this.numbers = numbers;
    this.at = FIELDS * index;
    this.startMs = performance.now();
  }

  /** RACE: each worker writes its own fields; the lead reads them for display and may see them a step old. */
  addTraffic(bytes: number): void {
    this.numbers[this.at] += bytes;
  }

  addTime(barrier: Barrier): void {
    this.numbers[this.at + 1] = barrier.waitedMs;
    this.numbers[this.at + 2] = performance.now() - this.startMs;
  }

  /** Of all workers. */
  report(numSteps: number): StrategyReport {
    const numWorkers = this.numbers.length / FIELDS;
    const column = (field: number): number[] =>
      Array.from({ length: numWorkers }, (_, w) => this.numbers[FIELDS * w + field]);
    const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);
    const [traffic, waiting, total] = [column(0), column(1), column(2)];
    const working = total.map((ms, w) => Math.max(0, ms - waiting[w]));
    const longest = Math.max(...total, 1e-6);
    return {
      numWorkers,
      trafficBytesPerStep: numSteps === 0 ? 0 : sum(traffic) / numSteps,
      waitingSeconds: waiting.map((ms) => ms / 1000),
      workingSeconds: working.map((ms) => ms / 1000),
      waitingShare: sum(waiting) / Math.max(sum(total), 1e-6),
      concurrency: sum(working) / longest,
    };
  }
}
