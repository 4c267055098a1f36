/** @file Locks: one holder each, sleepers woken on release, waiting counted, an abort seen by who sleeps. */
import { Worker } from "node:worker_threads";
import { describe, expect, it } from "vitest";
import { Barrier, BarrierAborted, createBarrierWords } from "../../src/parallel/barrier.js";
import { LockTable } from "../../src/parallel/lock-table.js";

/** A thread that gives lock 1 back by the table's rules, written out, or aborts the barrier. */
const RELEASE_LATER = `
  const { workerData: { words, barrierWords, act } } = require("node:worker_threads");
  const pause = (ms) => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
  // Not before somebody has fallen asleep for it.
  while (Atomics.load(words, 1) !== 2) pause(1);
  pause(20);
  if (act === "release" && Atomics.exchange(words, 1, 0) === 2) Atomics.notify(words, 1, 1);
  if (act === "abort") Atomics.store(barrierWords, 2, 1);`;

const shared = (length: number): Int32Array => new Int32Array(new SharedArrayBuffer(4 * length));

async function withThread(act: string, body: (table: LockTable, barrier: Barrier, words: Int32Array) => void) {
  const [words, barrierWords] = [shared(3), createBarrierWords(0)];
  words[1] = 1;
  const worker = new Worker(RELEASE_LATER, { eval: true, workerData: { words, barrierWords, act } });
  await new Promise((resolve) => worker.once("online", resolve));
  try {
    const barrier = new Barrier(barrierWords, 2);
    body(new LockTable(words, barrier), barrier, words);
  } finally {
    await worker.terminate();
  }
}

describe("a table of locks", () => {
  it("gives free ones away at once, each for itself", () => {
    const words = shared(3);
    const barrier = new Barrier(createBarrierWords(0), 1);
    const table = new LockTable(words, barrier);
    expect(table.size).toBe(3);
    table.take(0);
    table.take(2);
    expect([...words]).toEqual([1, 0, 1]);
    table.release(0);
    table.take(0);
    table.release(2);
    expect([...words]).toEqual([1, 0, 0]);
    expect(barrier.waitedMs).toBe(0);
  });

  it("wakes who sleeps for one that another thread gives back, and counts the time", async () => {
    await withThread("release", (table, barrier, words) => {
      table.take(1);
      expect(words[1]).toBe(2);
      expect(barrier.waitedMs).toBeGreaterThan(15);
      table.release(1);
      expect(words[1]).toBe(0);
    });
  });

  it("keeps nobody waiting for a holder that is gone", async () => {
    await withThread("abort", (table) => {
      const startMs = performance.now();
      expect(() => table.take(1)).toThrow(BarrierAborted);
      expect(performance.now() - startMs).toBeLessThan(2000);
    });
  });
});
