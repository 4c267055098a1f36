/** @file Threads of a pool that die: the others go on, and without any left calls say what happened. */
import { beforeEach, expect, it, vi } from "vitest";
import { ConfigError } from "../../src/core/errors.js";
import { PredictionPool } from "../../src/mach/index.js";
import type { Model } from "../../src/mach/model.node.js";

const { made, FakeThread } = vi.hoisted(() => {
  const made: { die(error: Error): void }[] = [];
  /** Stands in for a thread: answers at its next turn, unless it is told to die. */
  class FakeThread {
    isAlive = true;
    private reject: (error: Error) => void = () => {};
    private readonly onDeath: (error: Error) => void;
    constructor(_script: URL, _data: unknown, onDeath: (error: Error) => void = () => {}) {
      this.onDeath = onDeath;
      made.push(this);
    }
    run(): Promise<unknown> {
      if (!this.isAlive) return Promise.reject(new Error("dead"));
      return new Promise((resolve, reject) => {
        this.reject = reject;
        setImmediate(() => resolve({ labels: [7], scores: [0.5], counts: [1] }));
      });
    }
    die(error: Error): void {
      this.isAlive = false;
      this.reject(error);
      this.onDeath(error);
    }
  }
  return { made, FakeThread };
});
vi.mock("../../src/parallel/job-thread.node.js", () => ({ JobThread: FakeThread }));

const ensemble = { hash: { toJSON: () => ({}) }, worldOptions: {}, merge: "probability", prior: null, batchRows: 1 };
const model = { ensemble, parameters: new Map() } as unknown as Model;
const rows = (numRows: number) => ({
  numRows,
  numCols: 1,
  offsets: new Uint32Array(numRows + 1),
  columns: new Uint32Array(0),
  values: new Float32Array(0),
});
beforeEach(() => made.splice(0));

it("goes on with the threads that live", async () => {
  const pool = new PredictionPool(model, 2);
  made[1].die(new Error("out of memory"));
  for (let call = 0; call < 3; call++) expect((await pool.predict(rows(1), { k: 1 })).labels[0]).toBe(7);
});

it("does not take back a thread that dies in a job", async () => {
  const pool = new PredictionPool(model, 2);
  const first = pool.predict(rows(1), { k: 1 });
  made[1].die(new Error("out of memory"));
  await expect(first).rejects.toThrow("out of memory");
  for (let call = 0; call < 3; call++) expect((await pool.predict(rows(1), { k: 1 })).labels[0]).toBe(7);
});

it("rejects calls that wait and calls to come once no thread is left", async () => {
  const pool = new PredictionPool(model, 1);
  const calls = [pool.predict(rows(1), { k: 1 }), pool.predict(rows(1), { k: 1 })];
  const outcomes = Promise.allSettled(calls);
  made[0].die(new Error("out of memory"));
  expect((await outcomes).map(({ status }) => status)).toEqual(["rejected", "rejected"]);
  await expect(pool.predict(rows(1), { k: 1 })).rejects.toThrow("out of memory");
});

it.each([0, -1, 1.5, Number.NaN])("refuses %d threads", (numThreads) => {
  expect(() => new PredictionPool(model, numThreads)).toThrow(ConfigError);
});
