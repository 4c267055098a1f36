/**
 * @file locked: gradients without locks; then everything that the step writes is locked, written, and released (AIG).
 *
 *   worker 0   gradient ─ lock rows 3 7 9, bias … ┤step├ release ─ gradient …
 *   worker 1   gradient ─ lock rows 4 ┈ 7 waits ┈┈┈┈┈┈┈┈┈┈┈ 7, bias … ┤step├ release …
 *
 * No update is lost: each is added whole to what the one before left. Gradients are as stale as hogwild's, since reading
 * takes no lock. The comparator shows what hogwild does without.
 *
 *   locks Int32Array   │ parameter 0: one, or one a row │ parameter 1 … │      lock-table.ts
 *
 * The paper locks each variable. A dense parameter has one lock for all of its numbers: every step writes every one of
 * them, so whoever held the first of them would hold all. A row-sparse parameter has a lock a row, whose numbers are
 * written together or not at all. Either way the same steps wait for each other as with a lock a number: it is equivalent,
 * not coarser. The optimiser's state of a number is under its lock. A model with a dense parameter therefore steps one
 * worker at a time; gradients overlap, and steps on row-sparse parameters alone do if they have no row in common.
 *
 * All locks are taken in one ascending order, parameter after parameter and row after row, before the first number is
 * written, and are released after the last: so nobody waits in a circle.
 *
 * Not the same bytes again: the order of steps is chance. For a save the lead takes every lock: each step is in the file
 * whole or not at all. Resuming goes on at the lead's round; batches that others had under way are taken again or left out.
 *
 * Source: Niu, Recht, Ré, Wright, "HOGWILD!", NIPS 2011, §7 (AIG: all variables of the edge locked around the loop of
 * Algorithm 1 that writes them). Differs from the paper: a gradient is that of a batch, not of one row; any optimiser, not
 * plain SGD alone.
 */
import type { Parameter } from "../../nn/parameter.js";
import { LockTable } from "../../parallel/lock-table.js";
import { type GateParts, joinOneVector } from "./one-vector.js";
import type { StepGate } from "./step-gate.js";
import type { Strategy } from "./strategy.js";

export const locked: Strategy = {
  join: (enrolment) =>
    joinOneVector(enrolment, {
      numWords: (parameters) => parameters.reduce((sum, parameter) => sum + locksOf(parameter), 0),
      create: (parts) => new LockGate(parts),
    }),
};

function locksOf({ grad, shape, trainable }: Parameter): number {
  if (!trainable) return 0;
  return grad.kind === "rows" ? shape[0] : 1;
}

/** One worker's way to the locks. */
class LockGate implements StepGate {
  private readonly locks: LockTable;
  private readonly parameters: readonly Parameter[];
  /** [≥ locks of a step], ascending, each once. */
  private wanted: Uint32Array;

  constructor({ words, barrier, parameters }: GateParts) {
    this.locks = new LockTable(words, barrier);
    this.parameters = parameters;
    this.wanted = new Uint32Array(0);
  }

  open(_batch: number): void {}

  pass(_batch: number, step: () => void): void {
    const { locks } = this;
    const count = this.listLocks();
    const { wanted } = this;
    for (let i = 0; i < count; i++) locks.take(wanted[i]);
    step();
    for (let i = 0; i < count; i++) locks.release(wanted[i]);
  }

  hold(act: () => void): void {
    const { locks } = this;
    for (let i = 0; i < locks.size; i++) locks.take(i);
    act();
    for (let i = 0; i < locks.size; i++) locks.release(i);
  }

  /** Whoever holds locks gives them back: nobody waits for one who left. */
  close(): void {}

  /** Lists in `wanted` the locks of what the gradients at hand will change. @returns how many they are. */
  private listLocks(): number {
    const { parameters } = this;
    const most = parameters.reduce((sum, { grad }) => sum + (grad.kind === "rows" ? grad.count : 1), 0);
    if (this.wanted.length < most) this.wanted = new Uint32Array(2 * most);
    const { wanted } = this;
    let first = 0;
    let count = 0;
    for (const parameter of parameters) {
      const { grad, trainable } = parameter;
      if (trainable && grad.kind === "rows") {
        const part = wanted.subarray(count, count + grad.count);
        for (let i = 0; i < part.length; i++) part[i] = first + grad.ids[i];
        count += ascending(part);
      } else if (trainable) wanted[count++] = first;
      first += locksOf(parameter);
    }
    return count;
  }
}

/** Sorts `ids` in place and drops those that occur twice, if they do not ascend already. @returns how many are left. */
function ascending(ids: Uint32Array): number {
  let sorted = 1;
  while (sorted < ids.length && ids[sorted - 1] < ids[sorted]) sorted++;
  if (sorted >= ids.length) return ids.length;
  ids.sort();
  let count = 0;
  for (let i = 0; i < ids.length; i++) if (i === 0 || ids[i] !== ids[i - 1]) ids[count++] = ids[i];
  return count;
}
