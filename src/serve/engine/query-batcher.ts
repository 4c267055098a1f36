/**
 * @file Which queries are answered together? Those that wait when a thread becomes idle, and those that come within the
 * window after one that found a thread idle.
 *
 *   query ─▶ queue (bounded) ─▶ batch of at most maxBatch ─▶ run ─▶ answers
 *               │                   when a slot is free, and either maxBatch wait or the oldest waited windowMs
 *               └─ aborted: removed
 *
 * A batch costs little more than a query: the worlds' weights are read once for all of it, and sixteen queries are ranked
 * side by side (mach/label-ranker.ts). Under load batches form by themselves while the threads are busy; the window only
 * matters where they idle now and then. A request is admitted whole or not at all.
 *
 * Knows neither models nor threads: `run` answers, `concurrency` of them at a time.
 */
import { EngineClosedError, OverloadedError } from "./engine-errors.js";

export interface BatcherOptions {
  readonly concurrency: number;
  readonly maxBatch: number;
  readonly windowMs: number;
  readonly maxQueued: number;
}

/** Time, so that tests may hold it. */
export interface BatcherClock {
  /** Milliseconds. */
  now(): number;
  setTimeout(call: () => void, ms: number): unknown;
  clearTimeout(timer: unknown): void;
}

const SYSTEM_CLOCK: BatcherClock = {
  now: () => performance.now(),
  setTimeout: (call, ms) => setTimeout(call, ms),
  clearTimeout: (timer) => clearTimeout(timer as NodeJS.Timeout),
};

/** Queries that were asked together. */
interface Request<A> {
  readonly answers: A[];
  /** Answers to come. */
  left: number;
  resolve(answers: A[]): void;
  reject(error: unknown): void;
  settled: boolean;
}

interface Entry<Q, A> {
  readonly query: Q;
  readonly request: Request<A>;
  /** Place of its answer. */
  readonly index: number;
  readonly since: number;
}

/** How fast the estimate of a query's time follows what is measured. */
const SMOOTHING = 0.1;

export class QueryBatcher<Q, A> {
  /** Batches begun, and queries in them. */
  batches = 0;
  batchedQueries = 0;
  private readonly options: BatcherOptions;
  private readonly run: (queries: readonly Q[]) => Promise<readonly A[]>;
  private readonly clock: BatcherClock;
  /** In order of arrival. A set, so that an aborted query leaves at once. */
  private readonly queue = new Set<Entry<Q, A>>();
  private runningBatches = 0;
  private runningQueries = 0;
  private timer: unknown = null;
  private closed = false;
  private onDrained: (() => void) | null = null;
  /** Milliseconds between two answers under load, about; 0 before the first. */
  private msPerQuery = 0;

  constructor(
    options: BatcherOptions,
    run: (queries: readonly Q[]) => Promise<readonly A[]>,
    clock: BatcherClock = SYSTEM_CLOCK,
  ) {
    this.options = options;
    this.run = run;
    this.clock = clock;
  }

  /** Queries that wait. */
  get queued(): number {
    return this.queue.size;
  }

  /** Queries that are being answered. */
  get running(): number {
    return this.runningQueries;
  }

  /** What to refuse a request with before it is read: null while there is room, for as many as one batch. */
  get overload(): OverloadedError | null {
    const { maxBatch, maxQueued } = this.options;
    const room = Math.min(maxBatch, Math.ceil(maxQueued / 8));
    return this.queue.size + room > maxQueued ? this.refusal() : null;
  }

  /**
   * Answers in the order of `queries`. @throws {OverloadedError} if they do not fit the queue; what `signal` aborted
   * with, at once; what `run` rejected with. @throws {EngineClosedError} once drained.
   */
  submit(queries: readonly Q[], signal?: AbortSignal): Promise<A[]> {
    const { maxQueued } = this.options;
    if (signal?.aborted) return Promise.reject(signal.reason);
    if (this.closed) return Promise.reject(new EngineClosedError("search: the engine is closed"));
    if (this.queue.size + queries.length > maxQueued) return Promise.reject(this.refusal());
    if (queries.length === 0) return Promise.resolve([]);
    return new Promise((resolve, reject) => {
      const request: Request<A> = {
        answers: new Array(queries.length),
        left: queries.length,
        resolve,
        reject,
        settled: false,
      };
      const since = this.clock.now();
      const entries = queries.map((query, index) => ({ query, request, index, since }));
      for (const entry of entries) this.queue.add(entry);
      if (signal !== undefined) this.follow(signal, request, entries);
      this.pump();
    });
  }

  /** Takes no more queries; resolves when all that were taken are answered. */
  drain(): Promise<void> {
    this.closed = true;
    return new Promise((resolve) => {
      this.onDrained = resolve;
      this.pump();
    });
  }

  private refusal(): OverloadedError {
    // Until what waits now is answered.
    const seconds = Math.max(1, Math.ceil((this.queue.size * this.msPerQuery) / 1000));
    const problem = `search: ${this.queue.size} queries wait, of at most ${this.options.maxQueued}; ask again in ${seconds} s`;
    return new OverloadedError(problem, seconds);
  }

  private follow(signal: AbortSignal, request: Request<A>, entries: readonly Entry<Q, A>[]): void {
    const onAbort = (): void => {
      for (const entry of entries) this.queue.delete(entry);
      settle(request, () => request.reject(signal.reason));
      this.pump();
    };
    signal.addEventListener("abort", onAbort, { once: true });
    const { resolve, reject } = request;
    const stop = (): void => signal.removeEventListener("abort", onAbort);
    request.resolve = (answers) => {
      stop();
      resolve(answers);
    };
    request.reject = (error) => {
      stop();
      reject(error);
    };
  }

  /** Starts what may start, and sets the timer for what must wait. */
  private pump(): void {
    const { concurrency, maxBatch, windowMs } = this.options;
    if (this.timer !== null) {
      this.clock.clearTimeout(this.timer);
      this.timer = null;
    }
    while (this.runningBatches < concurrency && this.queue.size > 0) {
      if (this.queue.size < maxBatch && !this.closed) {
        const [oldest] = this.queue;
        const waitMs = oldest.since + windowMs - this.clock.now();
        if (waitMs > 0) {
          this.timer = this.clock.setTimeout(() => {
            this.timer = null;
            this.pump();
          }, waitMs);
          return;
        }
      }
      this.start();
    }
    if (this.runningBatches === 0 && this.queue.size === 0) this.onDrained?.();
  }

  private start(): void {
    const batch: Entry<Q, A>[] = [];
    for (const entry of this.queue) {
      if (batch.length === this.options.maxBatch) break;
      this.queue.delete(entry);
      batch.push(entry);
    }
    this.batches++;
    this.batchedQueries += batch.length;
    this.runningBatches++;
    this.runningQueries += batch.length;
    const begin = this.clock.now();
    this.run(batch.map(({ query }) => query))
      .then(
        (answers) =>
          batch.forEach((entry, i) => {
            answer(entry, answers[i]);
          }),
        (error) => {
          for (const { request } of batch) this.fail(request, error);
        },
      )
      .finally(() => {
        this.runningBatches--;
        this.runningQueries -= batch.length;
        const ms = (this.clock.now() - begin) / batch.length / this.options.concurrency;
        this.msPerQuery = this.msPerQuery === 0 ? ms : this.msPerQuery + SMOOTHING * (ms - this.msPerQuery);
        this.pump();
      });
  }

  /** Rejects a request; those of its queries that wait need no answer any more. */
  private fail(request: Request<A>, error: unknown): void {
    if (request.settled) return;
    settle(request, () => request.reject(error));
    for (const entry of this.queue) if (entry.request === request) this.queue.delete(entry);
  }
}

function answer<Q, A>({ request, index }: Entry<Q, A>, given: A): void {
  request.answers[index] = given;
  if (--request.left === 0) settle(request, () => request.resolve(request.answers));
}

function settle<A>(request: Request<A>, call: () => void): void {
  if (request.settled) return;
  request.settled = true;
  call();
}
