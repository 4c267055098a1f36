/**
 * @file How do all cores answer? Threads with kernels of their own over one copy of the parameters, some rows at a time.
 *
 *   rows [N, D] ──chunks of some 512──▶ idle thread ──▶ Predictions of the chunk ──▶ put together in order
 *
 * Answers are those of the model's own ensemble, to the bit: chunks end where its batches end, since a product of up to
 * 24 rows (WASM: 4) adds in another order than one of more. Native kernels read the shared parameters in place; WASM
 * copies them into each thread's memory.
 */
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
  private readonly waiting: ((thread: PredictionThread) => void)[] = [];

  /** Starts the threads. Load `model` with `shared: true`, or each thread receives a copy of its parameters. */
  constructor(model: Model, numThreads: number) {
    const { hash, worldOptions, merge, prior, batchRows } = model.ensemble;
    this.chunkRows = batchRows * Math.max(1, Math.floor(CHUNK_ROWS / batchRows));
    const worlds = [...model.parameters].map(([world, parameters]) => ({ world, parameters }));
    // The prior's arrays may stand in WASM memory, and a message clones whole buffers, gigabytes to each thread.
    const ownPrior = prior && { codes: prior.codes.slice(), bias: prior.bias.slice() };
    const shared: PredictionShared = { hash: hash.toJSON(), worldOptions, merge, prior: ownPrior, worlds };
    const workerData: PoolWorkerData = { shared, stop: new Int32Array(new SharedArrayBuffer(4)) };
    const script = new URL("./prediction-worker.node.js", import.meta.url);
    this.threads = Array.from({ length: numThreads }, () => new JobThread(script, workerData));
    this.idle = [...this.threads];
  }

  /**
   * Ranked label ids of each row, as Model.predictRows. May be called again before it resolves.
   * @throws {WorkerError} whose `originalName` is ShapeError or ConfigError, as `Ensemble.predict`.
   * @throws {RangeError} for k below 0, and for more results than an array holds. @throws what a thread died of.
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
    const thread = this.idle.pop() ?? (await new Promise<PredictionThread>((resolve) => this.waiting.push(resolve)));
    try {
      return await thread.run(job, () => {});
    } finally {
      const next = this.waiting.shift();
      if (next === undefined) this.idle.push(thread);
      else next(thread);
    }
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
