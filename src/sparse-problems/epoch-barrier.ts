/**
 * @file Where threads wait for each other between epochs: the paper's threads "coalesce" before the step's size shrinks.
 *
 *   cells [2] i32   0  threads that have arrived   1  generation: goes up when the last one arrives
 *
 * A short spin first, since an epoch may take less than waking a thread does: half a millisecond in a virtual machine. Then
 * sleep. A sleeper looks at the stop
 * flag now and then: a thread that died never arrives.
 */

const SLEEP_MS = 20;

export class EpochBarrier {
  private readonly cells: Int32Array;
  private readonly numThreads: number;
  private readonly spinMs: number;

  /**
   * `cells` [2], zeroed, shared by all `numThreads` threads. `spinMs`: how long to spin; little where threads are more than
   * cores, since whoever spins takes time from those that it waits for.
   */
  constructor(cells: Int32Array, numThreads: number, spinMs: number) {
    this.cells = cells;
    this.numThreads = numThreads;
    this.spinMs = spinMs;
  }

  /** Waits for all threads. What they wrote before is seen afterwards. @returns false if they will not all come. */
  wait(shouldStop: () => boolean): boolean {
    const { cells } = this;
    // RACE: all threads add and load; Atomics order what they wrote before against what others read afterwards.
    const generation = Atomics.load(cells, 1);
    if (Atomics.add(cells, 0, 1) + 1 === this.numThreads) {
      Atomics.store(cells, 0, 0);
      Atomics.add(cells, 1, 1);
      Atomics.notify(cells, 1);
      return !shouldStop();
    }
    const until = performance.now() + this.spinMs;
    while (Atomics.load(cells, 1) === generation && performance.now() < until);
    while (Atomics.load(cells, 1) === generation) {
      if (shouldStop()) return false;
      Atomics.wait(cells, 1, generation, SLEEP_MS);
    }
    return !shouldStop();
  }
}
