/**
 * @file round-robin: gradients at any time, updates in turn; batch 0's, batch 1's, batch 2's … (RR).
 *
 *   worker 0   gradient 0 ┤step 0├ gradient 2 ┈┈┈┈┤step 2├ gradient 4 …       turn   0 → 1 → 2 → 3 → …: the batch whose
 *   worker 1   gradient 1 ┈┈┈┈┈┈┈┈┤step 1├ gradient 3 ┈┈┈┈┤step 3├ …                 step is next, counted through all epochs
 *
 * Updates come in the order of the batches and never two at once: none is lost. A gradient is N − 1 updates old at most,
 * as a worker takes its next batch after its last step, and each of the others steps once before its turn comes again.
 * The pace is that of the slowest worker, and of all steps one behind another.
 *
 * Not the same bytes again: while one worker steps others read, so how much of that update a gradient saw is chance.
 * For a save the lead waits for its turn and keeps it: every batch before it has been stepped and none after. So a training
 * that is resumed takes each batch once, also where hogwild would take some twice or not at all.
 *
 *   words Int32Array [16]   │ 0 turn │ nothing: a cache line of its own │
 *
 * Source: Langford, Smola, Zinkevich, "Slow Learners are Fast", NIPS 2009, Algorithm 2, as Niu, Recht, Ré, Wright,
 * "HOGWILD!", NIPS 2011, §7, compare with it. Differs from them: a gradient is that of a batch, not of one row; any
 * optimiser, not plain SGD alone.
 */
import { type GateParts, joinOneVector } from "./one-vector.js";
import type { StepGate } from "./step-gate.js";
import type { Strategy } from "./strategy.js";

const NUM_WORDS = 16;
/** Later than any batch: nobody waits any more, nobody steps. */
const CLOSED = 2 ** 31 - 1;

export const roundRobin: Strategy = {
  join: (enrolment) => joinOneVector(enrolment, { numWords: () => NUM_WORDS, create: (parts) => new TurnGate(parts) }),
};

/** One worker's view of whose turn it is. */
class TurnGate implements StepGate {
  private readonly parts: GateParts;
  private lastBatch: number;

  constructor(parts: GateParts) {
    this.parts = parts;
    this.lastBatch = 0;
  }

  open(batch: number): void {
    Atomics.store(this.parts.words, 0, batch);
  }

  pass(batch: number, step: () => void): void {
    const { words } = this.parts;
    this.waitForTurn(batch);
    if (Atomics.load(words, 0) === CLOSED) return;
    step();
    this.lastBatch = batch;
    // RACE: the holder of the turn alone passes it on, unless the lead has closed the gate meanwhile: then it stays closed.
    Atomics.compareExchange(words, 0, batch, batch + 1);
    Atomics.notify(words, 0);
  }

  hold(act: () => void): void {
    // In an epoch that has not ended the lead has a batch in the next round: its turn comes.
    this.waitForTurn(this.lastBatch + this.parts.size);
    act();
  }

  close(): void {
    const { words } = this.parts;
    Atomics.store(words, 0, CLOSED);
    Atomics.notify(words, 0);
  }

  private waitForTurn(batch: number): void {
    const { barrier, words } = this.parts;
    barrier.waitWhile(words, 0, (turn) => turn < batch);
  }
}
