/**
 * @file How do threads wait for one another without hanging? On integers that they share, and that a failure wakes.
 *
 *   words   │ 0 arrived │ 1 generation │ 2 aborted │ 3 stop │ 4 … counters │      one Int32Array on a SharedArrayBuffer
 *
 *   wait()      arrived += 1; the last to arrive sets it to 0 and raises the generation, the others sleep until it rises
 *   abort()     whoever sleeps, or comes to sleep later, throws `BarrierAborted`: a thread that died is never waited for
 *
 * Whoever sees the generation rise sees all that the others wrote before they arrived: Atomics order everything around
 * them. Waiting spins for some microseconds, since steps of small models are not much longer, then sleeps.
 *
 * Source of the counting barrier: Mellor-Crummey, Scott, "Algorithms for Scalable Synchronization on Shared-Memory
 * Multiprocessors", ACM TOCS 9(1), 1991, §3.1 (the generation takes the place of the sense).
 */

/** Words before the counters. */
const ARRIVED = 0;
const GENERATION = 1;
const ABORTED = 2;
const STOP = 3;
const FIRST_COUNTER = 4;

/** About 20 µs: longer and a thread that shares its core keeps the others from arriving. */
export const SPINS = 500;
/** An abort wakes sleepers; this bounds what a lost wake-up could cost. */
export const SLEEP_MS = 200;

/** Another thread failed: this one gives up, the other's error tells why. */
export class BarrierAborted extends Error {
  override get name(): string {
    return "BarrierAborted";
  }
}

/** Memory for the barrier of any number of threads, with `numCounters` counters of theirs. */
export function createBarrierWords(numCounters: number): Int32Array {
  return new Int32Array(new SharedArrayBuffer(4 * (FIRST_COUNTER + numCounters)));
}

/** One thread's handle of a barrier. */
export class Barrier {
  readonly numThreads: number;
  /** Milliseconds that this thread has waited so far. */
  waitedMs: number;
  private readonly words: Int32Array;

  constructor(words: Int32Array, numThreads: number) {
    this.words = words;
    this.numThreads = numThreads;
    this.waitedMs = 0;
  }

  /** Returns when all threads have called it. @throws {BarrierAborted} if one of them has failed. */
  wait(): void {
    const { words } = this;
    const generation = Atomics.load(words, GENERATION);
    // RACE: each adds 1; the last to arrive is alone in seeing all, and resets before it lets anyone go on.
    if (Atomics.add(words, ARRIVED, 1) === this.numThreads - 1) {
      Atomics.store(words, ARRIVED, 0);
      Atomics.add(words, GENERATION, 1);
      Atomics.notify(words, GENERATION);
      this.check();
    } else this.waitWhile(words, GENERATION, (value) => value === generation);
  }

  /** Raises counter `index` and wakes whoever waits for it. Wraps after 2³¹. */
  advance(index: number): void {
    // RACE: one writer a counter, any number of readers.
    Atomics.add(this.words, FIRST_COUNTER + index, 1);
    Atomics.notify(this.words, FIRST_COUNTER + index);
  }

  /** Returns when counter `index` has reached `value`. @throws {BarrierAborted} if a thread has failed. */
  waitFor(index: number, value: number): void {
    this.waitWhile(this.words, FIRST_COUNTER + index, (current) => ((current - value) | 0) < 0);
  }

  /**
   * Returns when `isEarly` is false of word `index` of `words`, which may be any memory that threads share. Whoever changes
   * the word notifies it; an abort is seen within SLEEP_MS there. @throws {BarrierAborted} if a thread has failed.
   */
  waitWhile(words: Int32Array, index: number, isEarly: (value: number) => boolean): void {
    let value = Atomics.load(words, index);
    if (isEarly(value)) {
      const startMs = performance.now();
      for (let spin = 0; spin < SPINS && isEarly(value); spin++) value = Atomics.load(words, index);
      while (isEarly(value)) {
        this.check();
        Atomics.wait(words, index, value, SLEEP_MS);
        value = Atomics.load(words, index);
      }
      this.waitedMs += performance.now() - startMs;
    }
    this.check();
  }

  /** @throws {BarrierAborted} if a thread has failed. For whoever waits elsewhere than here. */
  check(): void {
    if (Atomics.load(this.words, ABORTED) !== 0) throw new BarrierAborted("another worker failed");
  }

  /** Makes all threads that wait, now or later, throw. */
  abort(): void {
    abortBarrier(this.words);
  }

  /** Whether the owner wants the work to end at the next convenient point. */
  get shouldStop(): boolean {
    // RACE: written once by the owner; a late read costs one more step.
    return Atomics.load(this.words, STOP) !== 0;
  }
}

/** As `Barrier.abort`, for the thread that owns the others and waits for none. */
export function abortBarrier(words: Int32Array): void {
  Atomics.store(words, ABORTED, 1);
  for (let word = 0; word < words.length; word++) Atomics.notify(words, word);
}

/** Asks all threads to end at the next convenient point. */
export function requestStop(words: Int32Array): void {
  Atomics.store(words, STOP, 1);
}
