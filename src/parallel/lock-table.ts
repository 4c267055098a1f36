/**
 * @file How do threads lock a few of very many things? A word a lock, which costs nothing while nobody holds it.
 *
 *   words Int32Array [n]    0 free │ 1 held │ 2 held, and somebody may be asleep waiting for it
 *
 *   take      0 → 1: mine. Else spin for some microseconds, then set 2 and sleep until it was 0 before
 *   release   → 0; if it was 2, wake one of those who sleep
 *
 * Whoever takes several takes them in ascending order, all threads alike: then no circle of threads waits for each other.
 * A lock is not counted: taking one twice waits for ever. A thread that dies holding locks does not keep others waiting:
 * the barrier's abort wakes them.
 *
 * Source: Drepper, "Futexes Are Tricky", 2011, §6 (the second mutex). Differs from it: spins before it sleeps, and sleeps
 * for a bounded time.
 */
import { type Barrier, SLEEP_MS, SPINS } from "./barrier.js";

const FREE = 0;
const HELD = 1;
const AWAITED = 2;

/** One thread's handle of locks that threads share. */
export class LockTable {
  private readonly words: Int32Array;
  private readonly barrier: Barrier;

  /** `words`: a lock each, on shared memory, zero at first. Waiting counts as waiting at `barrier`. */
  constructor(words: Int32Array, barrier: Barrier) {
    this.words = words;
    this.barrier = barrier;
  }

  /** Locks in the table. */
  get size(): number {
    return this.words.length;
  }

  /** Returns when this thread holds the lock. @throws {BarrierAborted} if a thread has failed that it waits for. */
  take(index: number): void {
    // RACE: of all who try, one changes 0 to 1.
    if (Atomics.compareExchange(this.words, index, FREE, HELD) !== FREE) this.wait(index);
  }

  /** Gives back a lock that this thread holds. */
  release(index: number): void {
    if (Atomics.exchange(this.words, index, FREE) === AWAITED) Atomics.notify(this.words, index, 1);
  }

  private wait(index: number): void {
    const { words, barrier } = this;
    const startMs = performance.now();
    const spin = (): boolean => {
      for (let i = 0; i < SPINS; i++) {
        const isFree = Atomics.load(words, index) === FREE;
        if (isFree && Atomics.compareExchange(words, index, FREE, HELD) === FREE) return true;
      }
      return false;
    };
    if (!spin()) {
      // RACE: it is this thread's if it was free. It then says "awaited" though perhaps nobody is left: one idle wake-up.
      while (Atomics.exchange(words, index, AWAITED) !== FREE) {
        barrier.check();
        Atomics.wait(words, index, AWAITED, SLEEP_MS);
      }
    }
    barrier.waitedMs += performance.now() - startMs;
  }
}
