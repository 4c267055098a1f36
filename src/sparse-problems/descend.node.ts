/**
 * @file Stochastic gradient descent on a sparse problem, on threads that share one vector.
 *
 * Time counts from when all threads stand ready until the last epoch ends (averaging: until the mean is taken); starting
 * threads and making the problem are not in it, as in the paper's experiments.
 */
import { availableParallelism } from "node:os";
import { ConfigError, DivergenceError } from "../core/errors.js";
import { createKernels, type PassLocks } from "../kernels/index.js";
import { runJobs } from "../parallel/index.js";
import { createSchedulerState } from "./cell-scheduler.js";
import { blocksBetweenExchanges, type DescentEnd, type DescentProgress, type DescentShared } from "./descent-thread.js";
import { createLedgerCells } from "./epoch-ledger.js";
import { blockSizeOf } from "./example-order.js";
import { gridOf, portionsOf } from "./portions.js";
import { initialiseVector, type SparseProblem, vectorLength } from "./problem.js";
import { checkDescentOptions, type DescentOptions, MODE_OF, type ThreadStrategy } from "./strategy.js";

/** How `descend` is to run, and who hears of it. */
export interface DescentRequest extends DescentOptions {
  /** Called now and then, at most ten times a second. */
  readonly onProgress?: (progress: DescentProgress) => void;
  /** Aborting it ends the run with an InterruptedError. */
  readonly signal?: AbortSignal;
}

/** The vector that `descend` found, and how the run went. */
export interface DescentReport {
  /** x. */
  readonly vector: Float32Array;
  /** As given, defaults filled in. */
  readonly options: Required<DescentOptions>;
  /** From when all threads stood ready to the end of the last epoch; averaging: until the mean is taken. */
  readonly seconds: number;
  /** Processor time over time: less than the threads if other programs had the cores, or threads slept. */
  readonly coresUsed: number;
  /**
   * Of each epoch: Σ of the losses met, each before its step, without the regulariser; and the seconds from the end of the
   * one before to its end: threads work on two at a time.
   */
  readonly epochs: readonly { readonly loss: number; readonly seconds: number }[];
}

const PROGRESS_MS = 100;

const shared = <T>(type: { new (buffer: SharedArrayBuffer): T; BYTES_PER_ELEMENT: number }, length: number): T =>
  new type(new SharedArrayBuffer(length * type.BYTES_PER_ELEMENT));

/** Of an epoch. Who steps on a copy exchanges it at a portion's end: no more portions than exchanges. */
function numPortions(problem: SparseProblem, options: Required<DescentOptions>): number {
  const chosen = portionsOf(problem, options.delay);
  if (options.strategy !== "delayed") return chosen;
  const numBlocks = Math.ceil(problem.numExamples / blockSizeOf(problem.numExamples));
  const numExchanges = Math.floor(numBlocks / blocksBetweenExchanges(problem, options));
  return Math.max(options.numThreads, Math.min(chosen, numExchanges));
}

function createLocks({ numParts, partLength }: SparseProblem, strategy: ThreadStrategy): PassLocks | null {
  if (MODE_OF[strategy] !== "locked") return null;
  const perPart = strategy === "locked" ? partLength : 1;
  return { words: shared(Uint32Array, numParts * perPart), perPart };
}

/**
 * Minimises the problem from its usual start.
 * @throws {ConfigError} for options, {DivergenceError} when the loss becomes NaN or infinite, {InterruptedError} on
 *   `signal`, and whatever a thread died of.
 */
export async function descend(problem: SparseProblem, request: DescentRequest): Promise<DescentReport> {
  const { onProgress, signal, ...given } = request;
  const options = checkDescentOptions(given);
  const { strategy, numThreads, epochs, seed, learningRate } = options;
  if (strategy === "delayed" && problem.kind === "cut") {
    throw new ConfigError(
      "descend: expected another strategy than delayed for a cut, whose rows stay on the simplex: sums of two threads' changes do not; use hogwild",
    );
  }
  const kernels = createKernels();
  if (kernels.info.backend === "wasm" && numThreads > 1 && strategy !== "averaging") {
    throw new ConfigError(
      `descend: expected native kernels for ${numThreads} threads on one vector, got WASM, which copies it; build the native ones, or use one thread`,
    );
  }
  const length = vectorLength(problem);
  const isAveraging = strategy === "averaging";
  const vectors = shared(Float32Array, length * (isAveraging ? numThreads : 1));
  initialiseVector(problem, seed, vectors.subarray(0, length));
  for (let t = 1; isAveraging && t < numThreads; t++) vectors.copyWithin(t * length, 0, length);
  const grid = gridOf(problem, strategy, numThreads);
  const threadsShared: DescentShared = {
    problem,
    options,
    numPortions: numPortions(problem, options),
    scheduler: grid === null ? null : createSchedulerState(grid.numGroups),
    vectors,
    locks: createLocks(problem, strategy),
    turn: shared(Uint32Array, 16),
    ledger: createLedgerCells(epochs),
    spinMs: numThreads <= availableParallelism() ? 2 : 0.05,
    losses: shared(Float64Array, epochs * numThreads),
    times: shared(Float64Array, epochs + 1),
    cpu: shared(Float64Array, 2),
  };
  // Each thread tells now and then, and one's news may overtake another's.
  let told = { epoch: 0, ms: performance.now() };
  const tell = (progress: DescentProgress): void => {
    if (progress.epoch <= told.epoch || performance.now() - told.ms < PROGRESS_MS) return;
    told = { epoch: progress.epoch, ms: performance.now() };
    onProgress?.(progress);
  };
  const ends: DescentEnd[] = [];
  await runJobs<number, DescentProgress, DescentEnd>(
    Array.from({ length: numThreads }, (_, thread) => thread),
    {
      script: new URL("./descent-worker.node.js", import.meta.url),
      numThreads,
      shared: threadsShared,
      ...(signal === undefined ? {} : { signal }),
      ...(onProgress === undefined ? {} : { onProgress: (_: number, progress: DescentProgress) => tell(progress) }),
    },
    (_, end) => {
      ends.push(end);
    },
  );
  const diverged = ends.find(({ status }) => status === "diverged");
  if (diverged !== undefined) {
    throw new DivergenceError(
      `descend: the loss became NaN or infinite in epoch ${diverged.epochs}; lower learningRate (${learningRate})`,
      diverged.epochs,
    );
  }
  const startMs = performance.now();
  const vector = vectors.subarray(0, length);
  for (let t = 1; isAveraging && t < numThreads; t++) {
    const other = vectors.subarray(t * length, (t + 1) * length);
    kernels.axpby(length, 1 / (t + 1), other, t / (t + 1), vector);
  }
  const averagingMs = isAveraging ? performance.now() - startMs : 0;
  const { losses, cpu } = threadsShared;
  // A thread may lose its core before it notes what it finished.
  const times = threadsShared.times.map((_, e, all) => Math.max(...all.subarray(0, e + 1)));
  return {
    vector,
    options,
    seconds: (times[epochs] - times[0] + averagingMs) / 1000,
    coresUsed: (cpu[1] - cpu[0]) / (times[epochs] - times[0]),
    epochs: Array.from({ length: epochs }, (_, e) => ({
      loss: losses.subarray(e * numThreads, (e + 1) * numThreads).reduce((sum, part) => sum + part, 0),
      seconds: (times[e + 1] - times[e]) / 1000,
    })),
  };
}
