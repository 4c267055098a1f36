/**
 * @file When may a worker take its step? A gate that steps on shared parameters pass, so that they do not meet.
 *
 *   worker 0   gradient ── pass ┤ step ├ gradient ── pass …      gradients at any time, outside of the gate;
 *   worker 1      gradient ── pass ┈┈┈┈┈┤ step ├ gradient …      who is in whose way, and for how long, the gate decides
 *
 * Gates are those of hogwild.ts, which lets all pass but for saves, locked.ts and round-robin.ts. Waiting at one counts as
 * waiting at the barrier, so that it shows in what the strategy reports; a worker that waits there for one that died learns
 * of it and gives up.
 */

/** Batches are counted through all epochs: batch b of epoch e, of n each, is e·n + b. */
export interface StepGate {
  /** For the lead, while all stand still: the next step to be taken is that of `batch`. */
  open(batch: number): void;
  /**
   * Takes the step of `batch` when nobody is in its way. Once the gate is closed it may return without.
   * @throws {BarrierAborted} if another worker has failed.
   */
  pass(batch: number, step: () => void): void;
  /** For the lead, between two of its steps of an epoch: acts while nobody steps. @throws {BarrierAborted} */
  hold(act: () => void): void;
  /** For the lead, in the middle of an epoch that is not to be finished: lets go whoever waits. */
  close(): void;
}
