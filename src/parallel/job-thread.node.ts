/**
 * @file One worker thread and the job that it has: sends jobs, hears progress and outcomes, notices when it dies.
 *
 *   owner                          thread (job-server.node.ts)
 *   run(job)      ── job ──▶
 *   onProgress    ◀── { kind: "progress", progress }
 *   resolves      ◀── { kind: "done", result }
 *   rejects       ◀── { kind: "failed", error }, or the thread's own end
 */
import { Worker } from "node:worker_threads";
import { DivergenceError, ManyworldsError } from "../core/errors.js";
import { packLargeViews, unpackLargeViews } from "./large-views.js";

/** What a worker posts. `error` carries the fields of a ManyworldsError, since classes do not survive cloning. */
export type WorkerMessage<P, R> =
  | { readonly kind: "progress"; readonly progress: P }
  | { readonly kind: "done"; readonly result: R }
  | { readonly kind: "failed"; readonly error: ClonedError };

/** An error as plain data. */
export interface ClonedError {
  readonly name: string;
  readonly message: string;
  readonly stack: string | undefined;
  /** null: not an error we throw on purpose. */
  readonly exitCode: number | null;
  /** Of a DivergenceError, else null. */
  readonly step: number | null;
}

/** The error as data that `postMessage` can carry. */
export function cloneError(error: unknown): ClonedError {
  const e = error instanceof Error ? error : new Error(String(error));
  return {
    name: e.name,
    message: e.message,
    stack: e.stack,
    exitCode: e instanceof ManyworldsError ? e.exitCode : null,
    step: e instanceof DivergenceError ? e.step : null,
  };
}

/** An error that happened in a worker thread, as it was there: name, message, exit code. */
export class WorkerError extends ManyworldsError {
  readonly exitCode: number;
  readonly originalName: string;
  /** Of a DivergenceError, else null. */
  readonly step: number | null;

  constructor(error: ClonedError) {
    super(error.message, error.stack === undefined ? undefined : { cause: error.stack });
    this.exitCode = error.exitCode ?? 1;
    this.originalName = error.name;
    this.step = error.step;
  }
}

/** What `workerData` holds. */
export interface PoolWorkerData {
  readonly shared: unknown;
  /** [1] nonzero: stop at the next convenient point. RACE: written once by the owner, polled by workers. */
  readonly stop: Int32Array;
}

/** One thread and the job that it has. It is watched all its life: it may die between two jobs. */
export class JobThread<J, P, R> {
  private readonly worker: Worker;
  private job: { resolve(result: R): void; reject(error: unknown): void; onProgress(progress: P): void } | null = null;
  private death: Error | null = null;
  private readonly onDeath: (error: Error) => void;

  /** `onDeath` hears once why the thread ended, in a job or between two; after `terminate` too. */
  constructor(script: URL, workerData: PoolWorkerData, onDeath: (error: Error) => void = () => {}) {
    this.onDeath = onDeath;
    this.worker = new Worker(script, { workerData: packLargeViews(workerData) });
    this.worker.on("message", (message: WorkerMessage<P, R>) => this.receive(message));
    this.worker.on("messageerror", (error) => this.die(error));
    this.worker.on("error", (error) => this.die(error));
    this.worker.on("exit", (code) => this.die(new Error(`a worker thread exited with code ${code} before its time`)));
  }

  /** False once the thread has ended: it takes no more jobs. */
  get isAlive(): boolean {
    return this.death === null;
  }

  /** Runs one job; the thread must have none. @throws the job's error, or what the thread died of. */
  run(job: J, onProgress: (progress: P) => void): Promise<R> {
    return new Promise<R>((resolve, reject) => {
      if (this.death !== null) return reject(this.death);
      this.job = { resolve, reject, onProgress };
      this.worker.postMessage(packLargeViews(job));
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
    if (message.kind === "done") job.resolve(unpackLargeViews(message.result) as R);
    else job.reject(new WorkerError(message.error));
  }

  private die(error: unknown): void {
    const isFirst = this.death === null;
    this.death ??= error instanceof Error ? error : new Error(String(error));
    this.job?.reject(this.death);
    this.job = null;
    if (isFirst) this.onDeath(this.death);
  }
}
