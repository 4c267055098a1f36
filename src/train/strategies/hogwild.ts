/**
 * @file hogwild: every worker steps the one shared vector whenever it has a gradient; no lock, no order, no waiting.
 *
 *   worker 0   read w ─ gradient ─ w ← w − γ·g, component by component
 *   worker 1       read w ─ gradient ─ w ← w − γ·g            between reading and writing w has moved on: that is all
 *
 * Where steps touch few components each, two workers seldom meet and it converges as one worker does, at N times the pace.
 * Where every step touches all (a dense layer), gradients are stale everywhere and cache lines travel: then measure.
 * The optimiser's state is shared like the parameters (one-vector.ts); a lost update of a moment matters as little as one
 * of a weight.
 *
 * Not the same bytes again: which update comes first, and which of two at once is lost, is chance. For a save all rest
 * between two steps, since a file whose numbers changed while it was written would not prove itself
 * (checkpoint/sealed-tensors.node.ts). Resuming goes on at the lead's round; batches that others had under way are taken
 * again or left out.
 *
 *   words Int32Array [16·(1 + N)]   │ 0 whether all are to rest │ … │ 16·(1 + w): whether worker w is within a step │ …
 *
 * Source: Niu, Recht, Ré, Wright, "HOGWILD!: A Lock-Free Approach to Parallelizing Stochastic Gradient Descent", NIPS
 * 2011, §2 and §5 (back-off). Differs from the paper: a gradient is that of a batch, not of one row; additions are
 * vectors of some components at once, so that what is lost is lost by vectors; any optimiser, not plain SGD alone.
 */
import { type GateParts, joinOneVector } from "./one-vector.js";
import type { StepGate } from "./step-gate.js";
import type { Strategy } from "./strategy.js";

/** A cache line: what one worker writes at every step the others should not have to fetch. */
const WORDS_APART = 16;

export const hogwild: Strategy = {
  join: (enrolment) =>
    joinOneVector(enrolment, {
      numWords: (_, size) => WORDS_APART * (1 + size),
      create: (parts) => new RestGate(parts),
    }),
};

/** Open to all at once, but while the lead saves. */
class RestGate implements StepGate {
  private readonly parts: GateParts;
  private readonly own: number;

  constructor(parts: GateParts) {
    this.parts = parts;
    this.own = WORDS_APART * (1 + parts.index);
  }

  open(_batch: number): void {}

  pass(_batch: number, step: () => void): void {
    const { words, barrier } = this.parts;
    const { own } = this;
    // RACE: this worker says that it is within and then looks whether to rest; the lead asks for rest and then looks who is
    // within. One of them sees the other.
    Atomics.store(words, own, 1);
    while (Atomics.load(words, 0) === 1) {
      this.leave();
      barrier.waitWhile(words, 0, (rests) => rests === 1);
      Atomics.store(words, own, 1);
    }
    step();
    this.leave();
  }

  hold(act: () => void): void {
    const { words, barrier, size } = this.parts;
    Atomics.store(words, 0, 1);
    for (let worker = 0; worker < size; worker++) {
      barrier.waitWhile(words, WORDS_APART * (1 + worker), (isWithin) => isWithin === 1);
    }
    act();
    Atomics.store(words, 0, 0);
    Atomics.notify(words, 0);
  }

  close(): void {}

  private leave(): void {
    const { words } = this.parts;
    Atomics.store(words, this.own, 0);
    if (Atomics.load(words, 0) === 1) Atomics.notify(words, this.own);
  }
}
