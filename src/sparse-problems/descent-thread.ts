/**
 * @file What does one thread of a run do? Portions of epochs, a kernel call each, until none is left.
 *
 *   all ready │ portion, pass, loss → losses[epoch, thread] │ portion …      γ·βᵉ is the rate of a portion of epoch e
 *
 * Gates between epochs, where something must not happen at the same time: all threads' turns of round-robin, which the end
 * of a run that diverges would leave waiting; and the weights' shrinking once an epoch, by whoever finishes it.
 *
 * All that threads share, and who writes it:
 *   vectors   x, or one x a thread when averaging. RACE: written by all threads as the strategy allows; kernels/pass_*.c
 *   locks     for strategies locked and locked-parts. RACE: taken and given back in the kernel by atomic operations
 *   turn      [16], the first is the ticket whose turn it is, in a cache line of its own. RACE: stored by its holder
 *   ledger    which portions are taken and finished: epoch-ledger.ts
 *   scheduler which cells of a grid are in hand: cell-scheduler.ts
 *   losses    [epochs, threads] f64. RACE: each cell has one writer, and is read when the ledger says that all is written
 *   times     [epochs + 1] ms: when all stood ready, and when the last portion of each epoch was finished. RACE: one writer
 *             each, read when all is over
 *   cpu       [2] ms of processor time that the process had used at the first and at the last of these. RACE: as times
 */
import type { Kernels, Pass, PassExchange, PassLocks } from "../kernels/contract.js";
import { EpochLedger } from "./epoch-ledger.js";
import { blockSizeOf } from "./example-order.js";
import { createPortions, type PortionsShared } from "./portions.js";
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
export interface DescentShared extends PortionsShared {
  readonly vectors: Float32Array;
  readonly locks: PassLocks | null;
  readonly turn: Uint32Array;
  readonly ledger: Int32Array;
  /** How long a thread that waits spins before it sleeps. */
  readonly spinMs: number;
  readonly losses: Float64Array;
  readonly times: Float64Array;
  readonly cpu: Float64Array;
}

/** How far a run of `descend` has come. */
export interface DescentProgress {
  /** Epochs done. */
  readonly epoch: number;
  /** Σ of the losses met in the last one, before each step. */
  readonly loss: number;
}

/** How a thread ended. `epochs`: all of them; those finished when it stopped; the first whose loss was NaN or infinite. */
export interface DescentEnd {
  readonly status: "done" | "stopped" | "diverged";
  readonly epochs: number;
}

/** What a thread may ask and tell. */
export interface DescentHooks {
  onEpoch(progress: DescentProgress): void;
  /** Of one clock for all threads. */
  nowMs(): number;
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
  const { problem, options, vectors, locks, turn, losses, times, cpu } = shared;
  const { strategy, numThreads, epochs, backoff, delay, learningRate } = options;
  const shouldStop = (): boolean => Atomics.load(stop, 0) !== 0;
  const ledger = new EpochLedger(shared.ledger, numThreads, { spinMs: shared.spinMs, shouldStop });
  const portions = createPortions(shared, ledger, thread, shouldStop);
  const isAveraging = strategy === "averaging" && numThreads > 1;
  const length = vectorLength(problem);
  const x = isAveraging ? vectors.subarray(thread * length, (thread + 1) * length) : vectors;
  const rateOf = (epoch: number): number => learningRate * backoff ** epoch;
  const isGated = strategy === "round-robin" || (!isAveraging && epochShrinkage(problem, learningRate) !== 1);
  // Epochs that may be begun beside the one that is being finished.
  const lead = isGated ? 0 : 1;
  const exchange = strategy === "delayed" ? createExchange(shared, x) : null;
  const isFinished = (epoch: number): boolean => ledger.finished(epoch) === portions.anEpoch;
  const shrink = (epoch: number): void => {
    const shrinkage = epochShrinkage(problem, rateOf(epoch));
    if (shrinkage !== 1) kernels.axpby(length, shrinkage, x, 0, x);
  };
  const ended = (): DescentEnd => {
    if (ledger.failure > 0) return { status: "diverged", epochs: ledger.failure };
    if (!shouldStop()) return { status: "done", epochs };
    let finished = 0;
    while (finished < epochs && isFinished(finished)) finished++;
    return { status: "stopped", epochs: finished };
  };

  if (ledger.arrive()) {
    times[0] = hooks.nowMs();
    cpu[0] = hooks.cpuMs();
    ledger.open(1 + lead);
  }
  if (!ledger.waitOpen(0)) return ended();
  let turnsTaken = 0;
  for (let portion = portions.next(); portion !== null; portion = portions.next()) {
    const { epoch, from, to, slice, numTurns } = portion;
    if (!ledger.waitOpen(epoch)) return ended();
    const firstTicket = (turnsTaken * numThreads + thread) % 2 ** 32;
    turnsTaken += numTurns;
    const pass: Pass = {
      mode: MODE_OF[strategy],
      numExamples: to - from,
      ...slice,
      rate: rateOf(epoch),
      delay,
      locks,
      exchange,
      stop,
      order: { turn, firstTicket, ticketStep: numThreads, numTurns },
    };
    const part = problem.kind === "factors" ? partOfProblem(problem, from, to) : problem;
    const loss = runPass(kernels, part, pass, x);
    losses[epoch * numThreads + thread] += loss;
    if (!Number.isFinite(loss)) ledger.fail(epoch + 1);
    if (isAveraging) shrink(epoch);
    if (ledger.finish(epoch) < portions.anEpoch) continue;
    // Nobody steps while weights shrink, so that locks and turns keep what they promise.
    if (!isAveraging) shrink(epoch);
    // An epoch's last portion may be finished after the next one's: whoever closes the gap speaks for both.
    if (epoch > 0 && !isFinished(epoch - 1)) continue;
    const last = epoch + 1 < epochs && isFinished(epoch + 1) ? epoch + 1 : epoch;
    times.fill(hooks.nowMs(), epoch + 1, last + 2);
    if (last + 1 === epochs) cpu[1] = hooks.cpuMs();
    if (!ledger.open(last + 2 + lead)) continue;
    const lossOf = losses.subarray(last * numThreads, (last + 1) * numThreads).reduce((sum, of) => sum + of, 0);
    hooks.onEpoch({ epoch: last + 1, loss: lossOf });
  }
  return ended();
}

/** At least so many exchanges an epoch: a thread should see what the others learnt. */
const LEAST_EXCHANGES = 8;
/** Numbers that are touched for each that is exchanged; and examples between exchanges at least, where x is short. */
const TOUCHED_PER_EXCHANGED = 8;
const LEAST_EXAMPLES = 256;

/** How many blocks a thread of strategy delayed takes between two exchanges. */
export function blocksBetweenExchanges(problem: SparseProblem, options: Required<DescentOptions>): number {
  const { exchangeEvery, numThreads } = options;
  const blockSize = blockSizeOf(problem.numExamples);
  const numBlocks = Math.ceil(Math.ceil(problem.numExamples / blockSize) / numThreads);
  const chosen = Math.max(LEAST_EXAMPLES, (TOUCHED_PER_EXCHANGED * vectorLength(problem)) / touchedByExample(problem));
  const wanted = exchangeEvery > 0 ? exchangeEvery : chosen;
  const most = exchangeEvery > 0 ? numBlocks : numBlocks / LEAST_EXCHANGES;
  return Math.max(1, Math.min(Math.ceil(wanted / blockSize), Math.floor(most)));
}

/** A copy of x, as it is before anybody begins. */
function createExchange({ problem, options }: PortionsShared, x: Float32Array): PassExchange {
  return { numBlocks: blocksBetweenExchanges(problem, options), own: x.slice(), base: x.slice() };
}
