/**
 * @file How do independent jobs run on a fixed number of threads? A pool of worker threads, one job each at a time.
 *
 *   jobs ──▶ queue ──▶ worker 0 │ worker 1 │ …     one thread a core, each with its own kernels
 *                         └─ messages: { kind: "progress" | "done" | "failed", … }
 *
 * A job is structured-cloned to the worker, so shared arrays arrive as the same memory. The stop flag is one shared
 * integer that workers poll between steps: a thread in a kernel cannot receive messages. A worker that dies (throws
 * outside a job, is terminated, exits) rejects its job and with it the run; nothing waits for it.
 *
 * Deliberately absent: learning, retries, priorities. The pool knows neither worlds nor models.
 */
import { Worker } from "node:worker_threads";
import { InterruptedError, ManyworldsError } from "../core/errors.js";

/** What a worker posts. `error` carries the fields of a ManyworldsError, since classes do not survive cloning. */
export type WorkerMessage<P, R> =
  | { readonly kind: "progress"; readonly progress: P }
  | { readonly kind: "done"; readonly result: R }
  | { readonly kind: "failed"; readonly error: ClonedError };

export interface ClonedError {
  readonly name: string;
  readonly message: string;
  readonly stack: string | undefined;
  /** null: not an error we throw on purpose. */
  readonly exitCode: number | null;
}

/** The error as data that `postMessage` can carry. */
export function cloneError(error: unknown): ClonedError {
  const e = error instanceof Error ? error : new Error(String(error));
  return {
    name: e.name,
    message: e.message,
    stack: e.stack,
    exitCode: e instanceof ManyworldsError ? e.exitCode : null,
  };
}

/** An error that happened in a worker thread, as it was there: name, message, exit code. */
export class WorkerError extends ManyworldsError {
  readonly exitCode: number;
  readonly originalName: string;

  constructor(error: ClonedError) {
    super(error.message, error.stack === undefined ? undefined : { cause: error.stack });
    this.exitCode = error.exitCode ?? 1;
    this.originalName = error.name;
  }
}

export interface PoolOptions<J, P> {
  /** Compiled module that calls `serveJobs`. */
  readonly script: URL;
  readonly numThreads: number;
  /** Given to every worker as `workerData.shared`: arrays that all of them read. */
  readonly shared: unknown;
  readonly onProgress?: (job: J, progress: P) => void;
  /** Called before a job is handed to a worker. */
  readonly onStart?: (job: J) => void;
  readonly signal?: AbortSignal;
}

/** What `workerData` holds. */
export interface PoolWorkerData {
  readonly shared: unknown;
  /** [1] nonzero: stop at the next convenient point. RACE: written once by the owner, polled by workers. */
  readonly stop: Int32Array;
}

/**
 * Runs `jobs` in order on `numThreads` threads and calls `onResult` as each ends (in the order of ending).
 * Resolves when all are done and every thread has exited.
 * @throws {InterruptedError} when `signal` aborts, after the running jobs have stopped.
 * @throws the first failing job's error, after the others were asked to stop.
 */
export async function runJobs<J, P, R>(
  jobs: readonly J[],
  options: PoolOptions<J, P>,
  onResult: (job: J, result: R) => void | Promise<void>,
): Promise<void> {
  if (jobs.length === 0) return;
  const stop = new Int32Array(new SharedArrayBuffer(4));
  const queue = [...jobs];
  let failure: unknown = null;
  const fail = (error: unknown): void => {
    failure ??= error;
    queue.length = 0;
    Atomics.store(stop, 0, 1);
  };
  const onAbort = (): void => fail(new InterruptedError("interrupted: what was finished is on disk"));
  if (options.signal?.aborted) onAbort();
  options.signal?.addEventListener("abort", onAbort, { once: true });

  const workerData: PoolWorkerData = { shared: options.shared, stop };
  const runThread = async (): Promise<void> => {
    if (queue.length === 0) return;
    const worker = new PoolWorker<J, P, R>(options.script, workerData);
    try {
      for (let job = queue.shift(); job !== undefined; job = queue.shift()) {
        options.onStart?.(job);
        const current = job;
        const result = await worker.run(job, (progress) => options.onProgress?.(current, progress));
        await onResult(job, result);
      }
    } catch (error) {
      fail(error);
    } finally {
      await worker.terminate();
    }
  };
  const numThreads = Math.max(1, Math.min(options.numThreads, jobs.length));
  try {
    await Promise.all(Array.from({ length: numThreads }, runThread));
  } finally {
    options.signal?.removeEventListener("abort", onAbort);
  }
  if (failure !== null) throw failure;
}

/** One thread and the job that it has. It is watched all its life: it may die between two jobs. */
class PoolWorker<J, P, R> {
  private readonly worker: Worker;
  private job: { resolve(result: R): void; reject(error: unknown): void; onProgress(progress: P): void } | null = null;
  private death: Error | null = null;

  constructor(script: URL, workerData: PoolWorkerData) {
    this.worker = new Worker(script, { workerData });
    this.worker.on("message", (message: WorkerMessage<P, R>) => this.receive(message));
    this.worker.on("messageerror", (error) => this.die(error));
    this.worker.on("error", (error) => this.die(error));
    this.worker.on("exit", (code) => this.die(new Error(`a worker thread exited with code ${code} before its time`)));
  }

  /** @throws the job's error, or what the thread died of. */
  run(job: J, onProgress: (progress: P) => void): Promise<R> {
    return new Promise<R>((resolve, reject) => {
      if (this.death !== null) return reject(this.death);
      this.job = { resolve, reject, onProgress };
      this.worker.postMessage(job);
    });
  }

  async terminate(): Promise<void> {
    await this.worker.terminate();
  }

  private receive(message: WorkerMessage<P, R>): void {
    const { job } = this;
    if (job === null) return;
    if (message.kind === "progress") {
      try {
        job.onProgress(message.progress);
      } catch (error) {
        this.die(error);
      }
      return;
    }
    this.job = null;
    if (message.kind === "done") job.resolve(message.result);
    else job.reject(new WorkerError(message.error));
  }

  private die(error: unknown): void {
    this.death ??= error instanceof Error ? error : new Error(String(error));
    this.job?.reject(this.death);
    this.job = null;
  }
}
