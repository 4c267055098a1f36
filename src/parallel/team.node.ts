/**
 * @file How do threads work on one thing together? A team: N threads of one program, a barrier between them, and an
 * owner that computes nothing and so notices at once when one of them dies.
 *
 *   owner                           members 0 … N−1 (team-member.node.ts)
 *   starts all           ──▶
 *   collects, returns all ◀── exchange(value): every member gets the values of all, shared arrays as the same memory
 *   onProgress            ◀── progress
 *   resolves              ◀── done, from all of them
 *   abort flag, rejects   ◀── failed, or a thread's own end: sleepers at the barrier wake up and throw
 *
 * Unlike a pool (worker-pool.node.ts) no member can go on alone, so the first failure ends the run; its error is the
 * run's. Members get GRACE_MS to leave by themselves, since one may be writing a file, and are then terminated.
 */
import { Worker } from "node:worker_threads";
import { abortBarrier, createBarrierWords, requestStop } from "./barrier.js";
import { WorkerError } from "./job-thread.node.js";
import { packLargeViews, unpackLargeViews } from "./large-views.js";
import type { MemberMessage, OwnerMessage, TeamWorkerData } from "./team-messages.js";

/** Longer than a checkpoint takes to write, shorter than patience. */
const GRACE_MS = 5000;

/** Which program a team runs, on how many threads, and who hears of it. */
export interface TeamOptions<P> {
  /** Compiled module that calls `serveTeam`. */
  readonly script: URL;
  /** Threads. */
  readonly size: number;
  /** Given to every member: shared arrays arrive as the same memory. */
  readonly shared: unknown;
  /** Counters that members may advance and wait for. Default 0. */
  readonly numCounters?: number;
  readonly onProgress?: (index: number, progress: P) => void;
  /** Asks the members to stop; what they then return is the result. */
  readonly signal?: AbortSignal;
  /** The threads, once they are started: for tests that end one. */
  readonly onStart?: (workers: readonly Worker[]) => void;
}

/** Runs a team to its end. @returns the members' results. @throws the first failure, when no thread is left. */
export async function runTeam<P, R>(options: TeamOptions<P>): Promise<R[]> {
  const { script, size, shared, numCounters = 0, signal } = options;
  const words = createBarrierWords(numCounters);
  const workers: Worker[] = [];
  const onAbort = (): void => requestStop(words);
  if (signal?.aborted) onAbort();
  signal?.addEventListener("abort", onAbort, { once: true });
  try {
    for (let index = 0; index < size; index++) {
      const workerData: TeamWorkerData = { shared, index, size, words };
      workers.push(new Worker(script, { workerData: packLargeViews(workerData) }));
    }
    options.onStart?.(workers);
    return await new TeamRun<P, R>(workers, words, options.onProgress).ended;
  } finally {
    signal?.removeEventListener("abort", onAbort);
    await Promise.all(workers.map((worker) => worker.terminate()));
  }
}

/** The owner's view of running members. */
class TeamRun<P, R> {
  readonly ended: Promise<R[]>;
  private readonly workers: readonly Worker[];
  private readonly words: Int32Array;
  private readonly onProgress: ((index: number, progress: P) => void) | undefined;
  private readonly results: (R | undefined)[];
  private readonly left: Set<number>;
  private readonly exchanged: Map<number, unknown>;
  private failure: Error | null;
  private settle: { resolve(results: R[]): void; reject(error: unknown): void };

  constructor(workers: readonly Worker[], words: Int32Array, onProgress?: (index: number, progress: P) => void) {
    this.workers = workers;
    this.words = words;
    this.onProgress = onProgress;
    this.results = workers.map(() => undefined);
    this.left = new Set(workers.keys());
    this.exchanged = new Map();
    this.failure = null;
    this.settle = { resolve() {}, reject() {} };
    this.ended = new Promise((resolve, reject) => {
      this.settle = { resolve, reject };
    });
    workers.forEach((worker, index) => {
      worker.on("message", (message: MemberMessage<P, R>) => this.receive(index, message));
      worker.on("messageerror", (error) => this.fail(index, error));
      worker.on("error", (error) => this.fail(index, error as Error));
      worker.on("exit", (code) => {
        if (!this.left.has(index)) return;
        const where = `worker ${index} of ${workers.length}`;
        this.fail(
          index,
          new Error(`${where}: its thread exited with code ${code} before its time; the run was stopped`),
        );
      });
    });
  }

  private receive(index: number, message: MemberMessage<P, R>): void {
    switch (message.kind) {
      case "progress":
        try {
          this.onProgress?.(index, message.progress);
        } catch (error) {
          this.fail(null, error as Error);
        }
        break;
      case "exchange": {
        this.exchanged.set(index, message.value);
        // Its partner is gone: it waits for a message, not at the barrier, and has nothing to finish.
        if (this.failure !== null) this.leave(index);
        if (this.exchanged.size < this.workers.length) break;
        const all: OwnerMessage = this.workers.map((_, i) => this.exchanged.get(i));
        this.exchanged.clear();
        for (const worker of this.workers) worker.postMessage(all);
        break;
      }
      case "done":
        this.results[index] = unpackLargeViews(message.result) as R;
        this.leave(index);
        break;
      case "failed":
        // One that gave up for another's sake says nothing about what went wrong.
        if (message.aborted) this.leave(index);
        else this.fail(index, new WorkerError(message.error));
    }
  }

  /** `index` null: the fault is the owner's own. */
  private fail(index: number | null, error: Error): void {
    const isFirst = this.failure === null;
    this.failure ??= error;
    abortBarrier(this.words);
    if (isFirst) setTimeout(() => this.settle.reject(this.failure), GRACE_MS).unref();
    if (index !== null) this.leave(index);
    for (const waiting of this.exchanged.keys()) this.leave(waiting);
  }

  private leave(index: number): void {
    this.left.delete(index);
    if (this.left.size > 0) return;
    if (this.failure !== null) this.settle.reject(this.failure);
    else this.settle.resolve(this.results as R[]);
  }
}
