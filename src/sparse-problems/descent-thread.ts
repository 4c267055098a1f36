/**
 * @file What does one thread of a run do? Its rounds of each epoch, a kernel call each; it waits for the others between epochs.
 *
 *   barrier │ passes over its rounds, loss → losses[epoch, thread] │ barrier │ rate·β │ pass …
 *
 * All that threads share, and who writes it:
 *   vectors   x, or one x a thread when averaging. RACE: written by all threads as the strategy allows; kernels/pass_*.c
 *   locks     [parts] for strategy locked. RACE: taken and given back in the kernel by atomic operations
 *   turn      [16], the first is the ticket whose turn it is, in a cache line of its own. RACE: stored by its holder
 *   cells     the barrier's
 *   losses    [epochs, threads] f64. RACE: each cell has one writer, and is read after a barrier
 *   times     [epochs + 1] ms: when thread 0 passed each barrier. RACE: one writer, read when all is over
 *   cpu       [2] ms of processor time that the process had used at the first and at the last barrier. RACE: as times
 */
import type { Kernels, Pass, PassExchange } from "../kernels/contract.js";
import { EpochBarrier } from "./epoch-barrier.js";
import { epochRounds, type Round } from "./epoch-rounds.js";
import { type ExampleSlice, exampleSlice } from "./example-order.js";
import {
  epochShrinkage,
  partOfProblem,
  runPass,
  type SparseProblem,
  touchedByExample,
  vectorLength,
} from "./problem.js";
import { type DescentOptions, MODE_OF } from "./strategy.js";

/** Given to every thread. */
export interface DescentShared {
  readonly problem: SparseProblem;
  readonly options: Required<DescentOptions>;
  readonly vectors: Float32Array;
  readonly locks: Uint32Array | null;
  readonly turn: Uint32Array;
  readonly cells: Int32Array;
  /** How long a thread spins at the barrier before it sleeps. */
  readonly spinMs: number;
  readonly losses: Float64Array;
  readonly times: Float64Array;
  readonly cpu: Float64Array;
}

export interface DescentProgress {
  /** Epochs done. */
  readonly epoch: number;
  /** Σ of the losses met in the last one, before each step. */
  readonly loss: number;
}

/** How a thread ended. `epochs` are those that all threads finished; diverged: their loss became NaN or infinite. */
export interface DescentEnd {
  readonly status: "done" | "stopped" | "diverged";
  readonly epochs: number;
}

/** What a thread may ask and tell. */
export interface DescentHooks {
  onEpoch(progress: DescentProgress): void;
  /** Processor time of the process so far. */
  cpuMs(): number;
}

/** Runs thread `thread` of a run to its end. `stop` [1] is the pool's flag. */
export function runDescentThread(
  kernels: Kernels,
  shared: DescentShared,
  thread: number,
  stop: Uint32Array,
  hooks: DescentHooks,
): DescentEnd {
  const { problem, options, vectors, locks, turn, losses, times } = shared;
  const { strategy, numThreads, epochs, backoff, seed, delay } = options;
  const barrier = new EpochBarrier(shared.cells, numThreads, shared.spinMs);
  const length = vectorLength(problem);
  const x = strategy === "averaging" ? vectors.subarray(thread * length, (thread + 1) * length) : vectors;
  const { numExamples } = problem;
  const shouldStop = (): boolean => Atomics.load(stop, 0) !== 0;
  // Threads that learn on copies have no lines to contend for, and should meet examples of all cells.
  const isApart = numThreads > 1 && (strategy === "averaging" || strategy === "delayed");
  const grid = isApart ? null : problem.grid;
  const first = exampleSlice(numExamples, seed, 0, 0, numThreads);
  let turnsTaken = 0;
  const roundsOf = (epoch: number): Round[] => epochRounds({ numExamples, grid }, seed, epoch, thread, numThreads);
  let rounds = roundsOf(0);
  const exchange = strategy === "delayed" ? createExchange(problem, options.exchangeEvery, first, x) : null;
  let rate = options.learningRate;
  for (let epoch = 0; ; epoch++, rate *= backoff) {
    if (!barrier.wait(shouldStop)) return { status: "stopped", epochs: epoch };
    if (thread === 0) times[epoch] = performance.now();
    if (thread === 0 && (epoch === 0 || epoch === epochs)) shared.cpu[epoch === 0 ? 0 : 1] = hooks.cpuMs();
    if (epoch > 0) {
      const loss = losses.subarray((epoch - 1) * numThreads, epoch * numThreads).reduce((sum, part) => sum + part, 0);
      // All threads see the same sum, and so all of them end here.
      if (!Number.isFinite(loss)) return { status: "diverged", epochs: epoch };
      if (thread === 0) hooks.onEpoch({ epoch, loss });
    }
    if (epoch === epochs) return { status: "done", epochs };
    let loss = 0;
    for (const { from, to, slice, numTurns } of rounds) {
      const firstTicket = (turnsTaken * numThreads + thread) % 2 ** 32;
      const pass: Pass = {
        mode: MODE_OF[strategy],
        numExamples: to - from,
        ...slice,
        rate,
        delay,
        locks,
        exchange,
        stop,
        order: { turn, firstTicket, ticketStep: numThreads, numTurns },
      };
      const part = problem.grid === null ? problem : partOfProblem(problem, from, to);
      loss += runPass(kernels, part, pass, x);
      turnsTaken += numTurns;
    }
    losses[epoch * numThreads + thread] = loss;
    rounds = epoch + 1 < epochs ? roundsOf(epoch + 1) : [];
    const shrinkage = epochShrinkage(problem, rate);
    if (shrinkage === 1) continue;
    // Nobody steps while weights shrink, so that locks and turns keep what they promise.
    if (!barrier.wait(shouldStop)) return { status: "stopped", epochs: epoch };
    const share = Math.ceil(length / numThreads);
    const mine = strategy === "averaging" ? x : x.subarray(thread * share, (thread + 1) * share);
    kernels.axpby(mine.length, shrinkage, mine, 0, mine);
  }
}

/** At least so many exchanges an epoch: a thread should see what the others learnt. */
const LEAST_EXCHANGES = 8;
/** Numbers that are touched for each that is exchanged; and examples between exchanges at least, where x is short. */
const TOUCHED_PER_EXCHANGED = 8;
const LEAST_EXAMPLES = 256;

/** A copy of x that nobody has changed yet. */
function createExchange(
  problem: SparseProblem,
  exchangeEvery: number,
  { blockSize, numBlocks }: ExampleSlice,
  x: Float32Array,
): PassExchange {
  const chosen = Math.max(LEAST_EXAMPLES, (TOUCHED_PER_EXCHANGED * x.length) / touchedByExample(problem));
  const wanted = exchangeEvery > 0 ? exchangeEvery : chosen;
  const most = exchangeEvery > 0 ? numBlocks : numBlocks / LEAST_EXCHANGES;
  const blocks = Math.max(1, Math.min(Math.ceil(wanted / blockSize), Math.floor(most)));
  // Zeros: the first exchange takes x over.
  return { numBlocks: blocks, own: new Float32Array(x.length), base: new Float32Array(x.length) };
}
