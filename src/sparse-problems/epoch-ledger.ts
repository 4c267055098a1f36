/**
 * @file Which portions of each epoch are taken, which are finished, and who has to wait? What threads of a run share of it.
 *
 *   cells   │ ready │ open │ failed │ taken by epoch … │ finished by epoch … │      i32 on a SharedArrayBuffer
 *
 *   ready      threads that stand ready: time counts from when the last one does
 *   open       epochs that may be begun: one more than can be worked on, or none, if something has to be done between two
 *   failed     the first epoch, from 1, whose loss was NaN or infinite; 0 as long as all is well
 *
 * Who has no portion left in an epoch takes one of the next, while others finish theirs; only the epoch after that is closed
 * to it, since a step as large as the last but one's, taken by a thread that had lost its core, may undo what came after. A
 * barrier after each epoch would cost what the slowest thread needs, epoch by epoch, and cores are never quite equal: other
 * programs, other threads on the same core, cores of two kinds.
 *
 * Whoever waits spins first, since an epoch may take less than waking a thread does: half a millisecond in a virtual machine.
 * Then it sleeps, and looks at the stop flag now and then: a thread that died opens nothing.
 *
 * Source of the bounded lead: Ho et al., "More effective distributed ML via a stale synchronous parallel parameter server",
 * NIPS 2013.
 */

const READY = 0;
const OPEN = 1;
const FAILED = 2;
const FIRST_EPOCH = 3;
const SLEEP_MS = 20;

/** How long a wait spins before it sleeps, and what ends it early: the pool's stop flag. */
export interface LedgerWaiting {
  readonly spinMs: number;
  shouldStop(): boolean;
}

/** Memory for the ledger of a run of `epochs`. */
export function createLedgerCells(epochs: number): Int32Array {
  return new Int32Array(new SharedArrayBuffer(4 * (FIRST_EPOCH + 2 * epochs)));
}

/** One thread's handle. RACE, in all of it: any thread adds to any cell; Atomics order what it did before. */
export class EpochLedger {
  private readonly cells: Int32Array;
  private readonly numEpochs: number;
  private readonly numThreads: number;
  private readonly waiting: LedgerWaiting;

  /** `cells` of `createLedgerCells`, shared by all `numThreads` threads. */
  constructor(cells: Int32Array, numThreads: number, waiting: LedgerWaiting) {
    this.cells = cells;
    this.numEpochs = (cells.length - FIRST_EPOCH) / 2;
    this.numThreads = numThreads;
    this.waiting = waiting;
  }

  /** This thread stands ready. @returns whether all do now. */
  arrive(): boolean {
    return Atomics.add(this.cells, READY, 1) + 1 === this.numThreads;
  }

  /** Lets all threads begin the first `epochs` epochs. @returns whether that is more than before. */
  open(epochs: number): boolean {
    let open = Atomics.load(this.cells, OPEN);
    while (open < epochs) {
      const found = Atomics.compareExchange(this.cells, OPEN, open, epochs);
      if (found === open) {
        Atomics.notify(this.cells, OPEN);
        return true;
      }
      open = found;
    }
    return false;
  }

  /** Waits until `epoch`, from 0, may be begun. What was done before it was opened is seen. @returns false: it never will. */
  waitOpen(epoch: number): boolean {
    const { cells, waiting } = this;
    let until = 0;
    while (Atomics.load(cells, OPEN) <= epoch && this.failure === 0) {
      until ||= performance.now() + waiting.spinMs;
      if (performance.now() < until) continue;
      if (waiting.shouldStop()) return false;
      const open = Atomics.load(cells, OPEN);
      if (open <= epoch) Atomics.wait(cells, OPEN, open, SLEEP_MS);
    }
    return this.failure === 0 && !waiting.shouldStop();
  }

  /** The next portion of `epoch`, from 0; a number past its last one if all are taken. */
  take(epoch: number): number {
    return Atomics.add(this.cells, FIRST_EPOCH + epoch, 1);
  }

  /** A portion of `epoch` is finished. @returns how many are. */
  finish(epoch: number): number {
    return Atomics.add(this.cells, FIRST_EPOCH + this.numEpochs + epoch, 1) + 1;
  }

  /** How many portions of `epoch` are finished. */
  finished(epoch: number): number {
    return Atomics.load(this.cells, FIRST_EPOCH + this.numEpochs + epoch);
  }

  /** Tells all threads to end. Of several epochs told, from 1, the first is kept: later ones may have failed by it. */
  fail(epoch: number): void {
    let failed = Atomics.load(this.cells, FAILED);
    while (failed === 0 || epoch < failed) {
      const found = Atomics.compareExchange(this.cells, FAILED, failed, epoch);
      if (found === failed) break;
      failed = found;
    }
    Atomics.notify(this.cells, OPEN);
  }

  /** The first epoch that `fail` was told; 0 if none. */
  get failure(): number {
    return Atomics.load(this.cells, FAILED);
  }
}
