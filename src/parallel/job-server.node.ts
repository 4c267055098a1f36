/**
 * @file The worker's side of the pool: receives jobs one at a time, runs them, posts progress and the outcome.
 */
import { parentPort, workerData } from "node:worker_threads";
import { ProtocolError } from "../core/errors.js";
import { cloneError, type PoolWorkerData, type WorkerMessage } from "./job-thread.node.js";
import { packLargeViews, unpackLargeViews } from "./large-views.js";

/** What a job may ask of its thread while it runs. */
export interface JobContext<P> {
  postProgress(progress: P): void;
  /** True once the owner wants the thread to stop. */
  shouldStop(): boolean;
  /** [1] the same as a flag that kernels can look at: nonzero once the thread should stop. RACE: as `stop` below. */
  readonly stopFlag: Uint32Array;
}

/**
 * Serves jobs until the owner terminates the thread. `run` may throw; the error reaches the owner with name, message
 * and exit code. Call once, at the top of a worker's module.
 */
export function serveJobs<S, J, P, R>(run: (shared: S, job: J, context: JobContext<P>) => R | Promise<R>): void {
  const port = parentPort;
  if (port === null) throw new ProtocolError("serveJobs: expected to run in a worker thread; start it with runJobs");
  const { shared, stop } = unpackLargeViews(workerData) as PoolWorkerData;
  const post = (message: WorkerMessage<P, R>): void => port.postMessage(message);
  const context: JobContext<P> = {
    postProgress: (progress) => post({ kind: "progress", progress }),
    // RACE: the owner stores 1 once; a late read costs one more step.
    shouldStop: () => Atomics.load(stop, 0) !== 0,
    stopFlag: new Uint32Array(stop.buffer, stop.byteOffset, 1),
  };
  port.on("message", async (packed: unknown) => {
    try {
      const result = await run(shared as S, unpackLargeViews(packed) as J, context);
      post({ kind: "done", result: packLargeViews(result) as R });
    } catch (error) {
      post({ kind: "failed", error: cloneError(error) });
    }
  });
}
