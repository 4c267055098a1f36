/** @file Waiting for one another: threads meet, counters are waited for, an abort wakes whoever sleeps or comes later. */
import { Worker } from "node:worker_threads";
import { describe, expect, it } from "vitest";
import { Barrier, BarrierAborted, createBarrierWords, requestStop } from "../../src/parallel/barrier.js";

/** A thread that arrives by the barrier's rules, written out: its words are the contract between threads. */
const ARRIVE_LATER = `
  const { workerData: { words, delayMs, act } } = require("node:worker_threads");
  const pause = (ms) => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
  // The second, however slowly the first comes.
  while (act === "arrive" && Atomics.load(words, 0) === 0) pause(1);
  setTimeout(() => {
    if (act === "arrive" && Atomics.add(words, 0, 1) === 1) {
      Atomics.store(words, 0, 0);
      Atomics.add(words, 1, 1);
      Atomics.notify(words, 1);
    }
    if (act === "advance") { Atomics.add(words, 4, 1); Atomics.notify(words, 4); }
    if (act === "abort") { Atomics.store(words, 2, 1); for (let i = 0; i < words.length; i++) Atomics.notify(words, i); }
  }, delayMs);`;

async function withThread(act: string, words: Int32Array, body: () => void): Promise<void> {
  const worker = new Worker(ARRIVE_LATER, { eval: true, workerData: { words, delayMs: 30, act } });
  await new Promise((resolve) => worker.once("online", resolve));
  try {
    body();
  } finally {
    await worker.terminate();
  }
}

describe("a barrier", () => {
  it("of one thread lets it pass", () => {
    const barrier = new Barrier(createBarrierWords(0), 1);
    for (let i = 0; i < 3; i++) barrier.wait();
    expect(barrier.waitedMs).toBe(0);
  });

  it("holds the first of two threads until the second has come, and counts the time", async () => {
    const words = createBarrierWords(0);
    const barrier = new Barrier(words, 2);
    await withThread("arrive", words, () => barrier.wait());
    expect(barrier.waitedMs).toBeGreaterThan(1);
    expect([...words.subarray(0, 2)]).toEqual([0, 1]);
  });

  it("waits for a counter, in a circle of 32 bits", async () => {
    const words = createBarrierWords(1);
    const barrier = new Barrier(words, 2);
    words[4] = 2 ** 31 - 1;
    barrier.waitFor(0, 2 ** 31 - 1);
    await withThread("advance", words, () => barrier.waitFor(0, 2 ** 31));
    expect(words[4]).toBe(-(2 ** 31));
    barrier.advance(0);
    barrier.waitFor(0, 2 ** 31 + 1);
  });

  it("throws at who sleeps, and at who comes later, once it is aborted", async () => {
    for (const wait of [(barrier: Barrier) => barrier.wait(), (barrier: Barrier) => barrier.waitFor(0, 1)]) {
      const words = createBarrierWords(1);
      const barrier = new Barrier(words, 2);
      await withThread("abort", words, () => expect(() => wait(barrier)).toThrow(BarrierAborted));
      expect(() => wait(new Barrier(words, 2))).toThrow(BarrierAborted);
    }
  });

  it("passes on that the owner wants an end", () => {
    const words = createBarrierWords(0);
    const barrier = new Barrier(words, 2);
    expect(barrier.shouldStop).toBe(false);
    requestStop(words);
    expect(barrier.shouldStop).toBe(true);
  });
});
