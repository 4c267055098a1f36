/** @file Which queries does the batcher put together, keep waiting, refuse? With a clock and answers held by the test. */
import { describe, expect, it } from "vitest";
import { EngineClosedError, OverloadedError } from "../../../src/serve/engine/engine-errors.js";
import { type BatcherOptions, QueryBatcher } from "../../../src/serve/engine/query-batcher.js";

/** A batch that has begun. */
interface Begun {
  readonly queries: readonly string[];
  /** Answers each query with itself, doubled. */
  finish(): Promise<void>;
  fail(error: Error): Promise<void>;
}

class Bench {
  readonly begun: Begun[] = [];
  readonly batcher: QueryBatcher<string, string>;
  now = 0;
  private timers: { at: number; call: () => void }[] = [];

  constructor(over: Partial<BatcherOptions> = {}) {
    const options = { concurrency: 1, maxBatch: 4, windowMs: 2, maxQueued: 10, ...over };
    const clock = {
      now: () => this.now,
      setTimeout: (call: () => void, ms: number) => {
        const timer = { at: this.now + ms, call };
        this.timers.push(timer);
        return timer;
      },
      clearTimeout: (timer: unknown) => {
        this.timers = this.timers.filter((other) => other !== timer);
      },
    };
    const run = (queries: readonly string[]): Promise<string[]> =>
      new Promise((resolve, reject) => {
        this.begun.push({
          queries,
          finish: () => settled(() => resolve(queries.map((query) => query + query))),
          fail: (error) => settled(() => reject(error)),
        });
      });
    this.batcher = new QueryBatcher(options, run, clock);
  }

  get batches(): string[] {
    return this.begun.map(({ queries }) => queries.join(""));
  }

  get numTimers(): number {
    return this.timers.length;
  }

  /** Time passes; timers that are due ring. */
  pass(ms: number): void {
    this.now += ms;
    const due = this.timers.filter(({ at }) => at <= this.now);
    this.timers = this.timers.filter(({ at }) => at > this.now);
    for (const { call } of due) call();
  }
}

/** Does something and lets what follows from it happen. */
async function settled(act: () => void): Promise<void> {
  act();
  await new Promise((resolve) => setImmediate(resolve));
}

describe("QueryBatcher", () => {
  it("waits for company as long as the window, then begins", async () => {
    const bench = new Bench();
    const first = bench.batcher.submit(["a"]);
    bench.pass(1);
    const second = bench.batcher.submit(["b"]);
    expect([bench.batches, bench.batcher.queued]).toEqual([[], 2]);
    bench.pass(1);
    expect([bench.batches, bench.batcher.queued, bench.batcher.running]).toEqual([["ab"], 0, 2]);
    await bench.begun[0].finish();
    expect([await first, await second]).toEqual([["aa"], ["bb"]]);
    expect([bench.batcher.batches, bench.batcher.batchedQueries, bench.batcher.running]).toEqual([1, 2, 0]);
    expect(bench.numTimers).toBe(0);
  });

  it("begins at once without a window, and when a batch is full", () => {
    const eager = new Bench({ windowMs: 0 });
    void eager.batcher.submit(["a", "b"]);
    expect(eager.batches).toEqual(["ab"]);
    const full = new Bench();
    void full.batcher.submit(["a", "b", "c"]);
    void full.batcher.submit(["d", "e"]);
    expect([full.batches, full.batcher.queued]).toEqual([["abcd"], 1]);
    expect(full.numTimers).toBe(0);
  });

  it("gathers what comes while all slots are taken, and wastes no window on it", async () => {
    const bench = new Bench({ concurrency: 2, windowMs: 2 });
    void bench.batcher.submit(["a"]);
    bench.pass(2);
    void bench.batcher.submit(["b"]);
    bench.pass(2);
    for (const query of "cdefg") void bench.batcher.submit([query]);
    bench.pass(5);
    expect([bench.batches, bench.batcher.queued]).toEqual([["a", "b"], 5]);
    await bench.begun[1].finish();
    expect([bench.batches, bench.batcher.queued]).toEqual([["a", "b", "cdef"], 1]);
    await bench.begun[0].finish();
    expect(bench.batches).toEqual(["a", "b", "cdef", "g"]);
  });

  it("answers a request that spans batches in its own order", async () => {
    const bench = new Bench({ windowMs: 0 });
    const answers = bench.batcher.submit([..."abcdef"]);
    await bench.begun[0].finish();
    await bench.begun[1].finish();
    expect(await answers).toEqual(["aa", "bb", "cc", "dd", "ee", "ff"]);
    expect(await bench.batcher.submit([])).toEqual([]);
  });

  it("refuses a request that does not fit the queue, whole, and says when to come again", async () => {
    const bench = new Bench({ windowMs: 0, maxBatch: 1, maxQueued: 3 });
    void bench.batcher.submit(["a"]);
    bench.pass(4000);
    await bench.begun[0].finish();
    void bench.batcher.submit(["b"]);
    void bench.batcher.submit(["c", "d"]);
    const refused = bench.batcher.submit(["e", "f"]);
    await expect(refused).rejects.toBeInstanceOf(OverloadedError);
    // Two wait, four seconds each.
    await expect(refused).rejects.toMatchObject({ retryAfterSeconds: 8 });
    expect(bench.batcher.queued).toBe(2);
    void bench.batcher.submit(["g"]);
    expect(bench.batcher.queued).toBe(3);
  });

  it("says before a request comes that there is no room for a batch", () => {
    const bench = new Bench({ windowMs: 0, maxBatch: 2, maxQueued: 16 });
    const fill = (n: number) => bench.batcher.submit(Array.from({ length: n }, () => "a")).catch(() => {});
    void fill(2);
    expect([bench.batcher.queued, bench.batcher.overload]).toEqual([0, null]);
    void fill(14);
    expect(bench.batcher.overload).toBe(null);
    void fill(1);
    expect(bench.batcher.overload).toBeInstanceOf(OverloadedError);
    // Small queues: an eighth of them is room enough.
    expect(new Bench({ maxBatch: 64, maxQueued: 20 }).batcher.overload).toBe(null);
  });

  it("takes an aborted request out of the queue, and drops its answers where it has begun", async () => {
    const bench = new Bench({ windowMs: 0, maxBatch: 2 });
    const abort = new AbortController();
    const begun = bench.batcher.submit(["a"], abort.signal);
    const waiting = bench.batcher.submit(["b", "c"], abort.signal);
    const other = bench.batcher.submit(["d"]);
    expect(bench.batcher.queued).toBe(3);
    abort.abort(new Error("the client went away"));
    expect(bench.batcher.queued).toBe(1);
    await expect(begun).rejects.toThrow("the client went away");
    await expect(waiting).rejects.toThrow("the client went away");
    await expect(bench.batcher.submit(["e"], abort.signal)).rejects.toThrow("the client went away");
    await bench.begun[0].finish();
    expect(bench.batches).toEqual(["a", "d"]);
    await bench.begun[1].finish();
    expect(await other).toEqual(["dd"]);
  });

  it("sets no timer for what was aborted, and keeps no listener of what was answered", async () => {
    const bench = new Bench();
    const abort = new AbortController();
    const aborted = bench.batcher.submit(["a"], abort.signal);
    abort.abort(new Error("no"));
    await expect(aborted).rejects.toThrow("no");
    expect(bench.numTimers).toBe(0);
    const long = new AbortController();
    let listeners = 0;
    const add = long.signal.addEventListener.bind(long.signal);
    const remove = long.signal.removeEventListener.bind(long.signal);
    long.signal.addEventListener = (...args: Parameters<typeof add>) => {
      listeners++;
      add(...args);
    };
    long.signal.removeEventListener = (...args: Parameters<typeof remove>) => {
      listeners--;
      remove(...args);
    };
    const answered = bench.batcher.submit(["b"], long.signal);
    expect(listeners).toBe(1);
    bench.pass(2);
    await bench.begun[0].finish();
    await answered;
    expect(listeners).toBe(0);
  });

  it("rejects the requests of a batch that failed, and asks no more for them", async () => {
    const bench = new Bench({ windowMs: 0, maxBatch: 2 });
    const failing = bench.batcher.submit(["a", "b", "c", "d"]);
    const after = bench.batcher.submit(["e"]);
    const failed = expect(failing).rejects.toThrow("no memory");
    await bench.begun[0].fail(new Error("no memory"));
    await failed;
    expect(bench.batches).toEqual(["ab", "e"]);
    await bench.begun[1].finish();
    expect(await after).toEqual(["ee"]);
  });

  it("answers what it took when it is drained, and takes no more", async () => {
    const bench = new Bench({ windowMs: 1000 });
    const answer = bench.batcher.submit(["a"]);
    let drained = false;
    const end = bench.batcher.drain().then(() => {
      drained = true;
    });
    await expect(bench.batcher.submit(["b"])).rejects.toBeInstanceOf(EngineClosedError);
    // No window: nobody else will come.
    expect([bench.batches, drained]).toEqual([["a"], false]);
    await bench.begun[0].finish();
    expect(await answer).toEqual(["aa"]);
    await end;
    await new Bench().batcher.drain();
  });
});
