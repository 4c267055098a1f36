/**
 * @file Which threads answer, and what if one dies? A fixed number of them; a dead one is replaced, its job done again
 * once by another.
 *
 *   start ─▶ warm-up job (kernels, vectorizer) ─▶ idle ⇄ job        a thread is counted in only when it is warm
 *                                                  └─ death ─▶ a new thread; after a failed start it waits, twice as long
 */
import { JobThread, type PoolWorkerData } from "../../parallel/index.js";
import { EngineClosedError, PredictionThreadError } from "./engine-errors.js";

/** Wait before a thread is started again whose start failed: doubled each time up to the second. */
const FIRST_DELAY_MS = 100;
const LAST_DELAY_MS = 10_000;

export interface QueryThreadsOptions<J> {
  /** Compiled module that calls `serveJobs`. */
  readonly script: URL;
  readonly numThreads: number;
  /** Given to each thread. */
  readonly shared: unknown;
  /** First job of each thread. */
  readonly warmUp: J;
  /** Hears why a thread died. */
  readonly onDeath: (error: Error) => void;
}

export class QueryThreads<J, R> {
  private readonly options: QueryThreadsOptions<J>;
  private readonly workerData: PoolWorkerData;
  private readonly threads = new Set<JobThread<J, never, R>>();
  /** Those that are warm and alive. */
  private readonly warm = new Set<JobThread<J, never, R>>();
  private readonly idle: JobThread<J, never, R>[] = [];
  private readonly waiting: { resolve(thread: JobThread<J, never, R>): void; reject(error: Error): void }[] = [];
  private readonly delays = new Map<NodeJS.Timeout, () => void>();
  private closed = false;

  private constructor(options: QueryThreadsOptions<J>) {
    this.options = options;
    this.workerData = { shared: options.shared, stop: new Int32Array(new SharedArrayBuffer(4)) };
  }

  /** Threads that are warm, and what the first said to the warm-up. @throws what a warm-up failed with; none is left then. */
  static async start<J, R>(options: QueryThreadsOptions<J>): Promise<{ threads: QueryThreads<J, R>; said: R }> {
    const threads = new QueryThreads<J, R>(options);
    try {
      const [said] = await Promise.all(Array.from({ length: options.numThreads }, () => threads.spawn()));
      return { threads, said };
    } catch (error) {
      await threads.close();
      throw error;
    }
  }

  /** Threads that take jobs. */
  get numAlive(): number {
    return this.warm.size;
  }

  /** @throws what the job threw in its thread. @throws {PredictionThreadError} if two threads died of it. */
  async run(job: J): Promise<R> {
    for (let attempt = 0; ; attempt++) {
      const thread = await this.take();
      try {
        return await thread.run(job, () => {});
      } catch (error) {
        if (thread.isAlive) throw error;
        if (this.closed) throw new EngineClosedError("search: the engine is closed");
        if (attempt === 0) continue;
        const reason = error instanceof Error ? error.message : String(error);
        throw new PredictionThreadError(`search: two prediction threads died of it, the last because: ${reason}`, {
          cause: error,
        });
      } finally {
        this.give(thread);
      }
    }
  }

  /** Ends the threads; what they do is rejected. */
  async close(): Promise<void> {
    this.closed = true;
    for (const [timer, wake] of this.delays) {
      clearTimeout(timer);
      wake();
    }
    for (const { reject } of this.waiting.splice(0)) reject(new EngineClosedError("search: the engine is closed"));
    await Promise.all([...this.threads].map((thread) => thread.terminate()));
  }

  private async spawn(): Promise<R> {
    const { script, warmUp } = this.options;
    const thread: JobThread<J, never, R> = new JobThread(script, this.workerData, (error) =>
      this.onDeath(thread, error),
    );
    this.threads.add(thread);
    try {
      const said = await thread.run(warmUp, () => {});
      this.warm.add(thread);
      this.give(thread);
      return said;
    } catch (error) {
      this.threads.delete(thread);
      await thread.terminate();
      throw error;
    }
  }

  private onDeath(thread: JobThread<J, never, R>, error: Error): void {
    this.threads.delete(thread);
    // One that never was warm is the business of who started it.
    if (!this.warm.delete(thread) || this.closed) return;
    const at = this.idle.indexOf(thread);
    if (at >= 0) this.idle.splice(at, 1);
    this.options.onDeath(error);
    void this.replace();
  }

  private async replace(): Promise<void> {
    for (let delayMs = 0; !this.closed; delayMs = Math.min(LAST_DELAY_MS, Math.max(FIRST_DELAY_MS, 2 * delayMs))) {
      await this.pause(delayMs);
      if (this.closed) return;
      try {
        await this.spawn();
        return;
      } catch (error) {
        if (!this.closed) this.options.onDeath(error instanceof Error ? error : new Error(String(error)));
      }
    }
  }

  private pause(ms: number): Promise<void> {
    if (ms === 0) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        this.delays.delete(timer);
        resolve();
      }, ms);
      this.delays.set(timer, resolve);
    });
  }

  private take(): Promise<JobThread<J, never, R>> {
    if (this.closed) return Promise.reject(new EngineClosedError("search: the engine is closed"));
    const thread = this.idle.pop();
    if (thread !== undefined) return Promise.resolve(thread);
    return new Promise((resolve, reject) => this.waiting.push({ resolve, reject }));
  }

  private give(thread: JobThread<J, never, R>): void {
    if (!thread.isAlive) return;
    const next = this.waiting.shift();
    if (next === undefined) this.idle.push(thread);
    else next.resolve(thread);
  }
}
