/**
 * @file How do all cores answer? Threads with kernels of their own over one copy of the parameters, some rows at a time.
 *
 *   rows [N, D] ──chunks of some 512──▶ idle thread ──▶ Predictions of the chunk ──▶ put together in order
 *
 * Answers are those of the model's own ensemble, to the bit: chunks end where its batches end, since a product of up to
 * 24 rows (WASM: 4) adds in another order than one of more. Native kernels read the shared parameters in place; WASM
 * copies them into each thread's memory.
 */
import { ConfigError } from "../core/errors.js";
import type { SparseBatch } from "../nn/module.js";
import { JobThread, type PoolWorkerData } from "../parallel/job-thread.node.js";
import type { Model } from "./model.node.js";
import type { PredictionJob, PredictionShared } from "./prediction-job.js";
import type { Predictions, PredictOptions } from "./predictions.js";

/** Rows of a job, about: enough to fill two of the ensemble's batches, few enough to share the last rows out. */
const CHUNK_ROWS = 512;

type PredictionThread = JobThread<PredictionJob, never, Predictions>;

/** Threads that answer with a loaded model's parameters, all at once; `close` them, or the process stays alive. */
export class PredictionPool {
  private readonly threads: readonly PredictionThread[];
  private readonly chunkRows: number;
  private readonly idle: PredictionThread[];
  private readonly waiting: { resolve(thread: PredictionThread): void; reject(error: Error): void }[] = [];
  private numAlive: number;
  /** What the last thread to die died of. */
  private death: Error | null = null;

  /**
   * Starts the threads. Load `model` with `shared: true`, or each thread receives a copy of its parameters.
   * @throws {ConfigError} for less than one thread.
   */
  constructor(model: Model, numThreads: number) {
    if (!Number.isSafeInteger(numThreads) || numThreads < 1) {
      throw new ConfigError(
        `PredictionPool: expected numThreads from 1, an integer, got ${numThreads}; one a core is best`,
      );
    }
    const { hash, worldOptions, merge, prior, batchRows } = model.ensemble;
    this.chunkRows = batchRows * Math.max(1, Math.floor(CHUNK_ROWS / batchRows));
    const worlds = [...model.parameters].map(([world, parameters]) => ({ world, parameters }));
    // The prior's arrays may stand in WASM memory, and a message clones whole buffers, gigabytes to each thread.
    const ownPrior = prior && { codes: prior.codes.slice(), bias: prior.bias.slice() };
    const shared: PredictionShared = { hash: hash.toJSON(), worldOptions, merge, prior: ownPrior, worlds };
    const workerData: PoolWorkerData = { shared, stop: new Int32Array(new SharedArrayBuffer(4)) };
    const script = new URL("./prediction-worker.node.js", import.meta.url);
    this.threads = Array.from({ length: numThreads }, () => {
      const thread: PredictionThread = new JobThread(script, workerData, (error) => this.leave(thread, error));
      return thread;
    });
    this.numAlive = numThreads;
    this.idle = [...this.threads];
  }

  /**
   * Ranked label ids of each row, as Model.predictRows. May be called again before it resolves.
   * @throws {WorkerError} whose `originalName` is ShapeError or ConfigError, as `Ensemble.predict`.
   * @throws {RangeError} for k below 0, and for more results than an array holds. @throws what a thread died of
   * while it had rows of this call, and what the last died of once none is left: make a new pool then.
   */
  async predict(rows: SparseBatch, options: PredictOptions): Promise<Predictions> {
    const { k } = options;
    const { chunkRows } = this;
    const { numRows } = rows;
    const out = {
      numQueries: numRows,
      k,
      labels: new Uint32Array(numRows * k),
      scores: new Float32Array(numRows * k),
      counts: new Uint32Array(numRows),
    };
    const chunks: Promise<void>[] = [];
    for (let first = 0; first < numRows; first += chunkRows) {
      const chunk = copyRows(rows, first, Math.min(chunkRows, numRows - first));
      chunks.push(
        this.run({ rows: chunk, options }).then(({ labels, scores, counts }) => {
          out.labels.set(labels, first * k);
          out.scores.set(scores, first * k);
          out.counts.set(counts, first);
        }),
      );
    }
    await Promise.all(chunks);
    return out;
  }

  /** Ends the threads; running predictions are rejected. */
  async close(): Promise<void> {
    await Promise.all(this.threads.map((thread) => thread.terminate()));
  }

  private async run(job: PredictionJob): Promise<Predictions> {
    if (this.death !== null && this.numAlive === 0) throw this.death;
    const thread = this.idle.pop() ?? (await this.nextIdle());
    try {
      return await thread.run(job, () => {});
    } finally {
      if (thread.isAlive) {
        const next = this.waiting.shift();
        if (next === undefined) this.idle.push(thread);
        else next.resolve(thread);
      }
    }
  }

  private nextIdle(): Promise<PredictionThread> {
    return new Promise((resolve, reject) => this.waiting.push({ resolve, reject }));
  }

  /** A dead thread takes no more jobs; without any left nobody would come to those that wait. */
  private leave(thread: PredictionThread, error: Error): void {
    this.numAlive--;
    this.death = error;
    const at = this.idle.indexOf(thread);
    if (at >= 0) this.idle.splice(at, 1);
    if (this.numAlive > 0) return;
    for (const { reject } of this.waiting.splice(0)) reject(error);
  }
}

/** Rows [first, first + count) in arrays of their own: a message clones whole buffers, not views. */
function copyRows(rows: SparseBatch, first: number, count: number): SparseBatch {
  const [begin, end] = [rows.offsets[first], rows.offsets[first + count]];
  return {
    numRows: count,
    numCols: rows.numCols,
    offsets: rows.offsets.slice(first, first + count + 1).map((offset) => offset - begin),
    columns: rows.columns.slice(begin, end),
    values: rows.values.slice(begin, end),
  };
}
