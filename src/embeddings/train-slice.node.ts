/**
 * @file One thread of word2vec: its slice of the ids, iteration after iteration, ten thousand ids at a time.
 *
 * The learning rate falls with what all threads have done together. Where the thread stands is written down after each
 * chunk, so that a run which was stopped goes on from there.
 */
import { DivergenceError, InterruptedError } from "../core/errors.js";
import { Rng } from "../core/rng.js";
import { type Kernels, WORD_STATE_LENGTH } from "../kernels/contract.js";
import { EncodedCorpus } from "./encoded-corpus.node.js";
import { fractionDone, sliceOf, type Word2VecJob, type Word2VecJobProgress, type Word2VecRun } from "./word2vec-run.js";

/** As the C tool: the learning rate changes every 10,000 words. 3 ms of work, against 10 µs for reading them. */
const CHUNK_IDS = 10_000;
const REPORT_MS = 100;
/** The learning rate falls to this part of its first value. */
const LEAST_ALPHA = 1e-4;

export interface SliceHooks {
  shouldStop(): boolean;
  /** Every tenth of a second, and at the end of an iteration; awaited. */
  onProgress(progress: Word2VecJobProgress): void | Promise<void>;
}

/**
 * Trains a thread's slice from where it stands to the end of iteration `endIteration − 1`.
 * @throws {InterruptedError} when told to stop, between two chunks. @throws {DivergenceError} when the loss is NaN.
 */
export async function trainSlice(
  kernels: Kernels,
  run: Word2VecRun,
  { thread, endIteration }: Word2VecJob,
  hooks: SliceHooks,
): Promise<void> {
  const { model, iterations, positions, losses } = run;
  const { from, to } = sliceOf(run, thread);
  const state = run.states.subarray(thread * WORD_STATE_LENGTH, (thread + 1) * WORD_STATE_LENGTH);
  const corpus = new EncodedCorpus(run.corpus);
  const ids = kernels.u32(CHUNK_IDS);
  let reportedMs = performance.now();
  let reported = { sum: 0, count: 0 };
  let recent = { sum: 0, count: 0 };
  while (positions[2 * thread] < endIteration) {
    const iteration = positions[2 * thread];
    const seed = Rng.derive(run.seed, "word2vec", thread, iteration).nextUint32();
    const reader = corpus.open(from + positions[2 * thread + 1], to);
    try {
      let isLast = false;
      while (!isLast) {
        if (hooks.shouldStop()) throw new InterruptedError("word2vec: interrupted");
        const count = reader.readInto(ids);
        isLast = from + positions[2 * thread + 1] + count === to;
        const alpha = run.alpha * Math.max(LEAST_ALPHA, 1 - fractionDone(run));
        const measured = state[2];
        const sum = kernels.trainWords(model, { ids, count, seed, alpha, isLast }, state);
        const inputs = (state[2] - measured) >>> 0;
        if (Number.isNaN(sum)) {
          throw new DivergenceError(
            `word2vec: the loss became NaN in iteration ${iteration + 1}, at alpha ${alpha.toPrecision(3)}; lower alpha`,
            iteration + 1,
          );
        }
        const at = 2 * (thread * iterations + iteration);
        losses[at] += sum;
        losses[at + 1] += inputs;
        recent = { sum: recent.sum + sum, count: recent.count + inputs };
        positions[2 * thread + 1] += count;
        if (!isLast && performance.now() - reportedMs < REPORT_MS) continue;
        await hooks.onProgress({ alpha, loss: (recent.sum - reported.sum) / (recent.count - reported.count) });
        reported = recent;
        reportedMs = performance.now();
      }
    } finally {
      reader.close();
    }
    // The next iteration's numbers come of a seed of their own: its ids are counted from 0 again.
    state.fill(0);
    positions[2 * thread + 1] = 0;
    positions[2 * thread] = iteration + 1;
  }
}
