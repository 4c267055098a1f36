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
import { InterruptedError } from "../core/errors.js";
import { JobThread, type PoolWorkerData } from "./job-thread.node.js";

/** On which threads jobs run, what they share, and who hears of them. */
export interface PoolOptions<J, P> {
  /** Compiled module that calls `serveJobs`. */
  readonly script: URL;
  readonly numThreads: number;
  /** Given to every worker as `workerData.shared`: arrays that all of them read. */
  readonly shared: unknown;
  readonly onProgress?: (job: J, progress: P) => void;
  /** Called before a job is handed to a worker. */
  readonly onStart?: (job: J) => void;
  /** Aborting it raises the stop flag; jobs that have not begun never do. */
  readonly signal?: AbortSignal;
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
  const onAbort = (): void => fail(new InterruptedError("interrupted: what was finished before stays"));
  if (options.signal?.aborted) onAbort();
  options.signal?.addEventListener("abort", onAbort, { once: true });

  const workerData: PoolWorkerData = { shared: options.shared, stop };
  const runThread = async (): Promise<void> => {
    if (queue.length === 0) return;
    const worker = new JobThread<J, P, R>(options.script, workerData);
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
