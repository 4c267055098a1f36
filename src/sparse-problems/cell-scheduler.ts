/**
 * @file Which cell of a grid does a thread take next? One whose rows and columns no other thread has in hand.
 *
 *   state   │ lock │ least visits │ cells with these │ rows [P] threads in each │ columns [2P] │ visits [P·2P] begun │   i32
 *
 * Of the cells with free rows and columns, one with the fewest visits; of these one in the rows that the thread has just
 * had, which are in its cache; of these the first from a random place on. None may be two visits ahead of another. If no such
 * cell is free, which happens at the end of a run and with as many threads as groups, a thread takes one that is not: that
 * costs cache lines, which go to and fro, and nothing else, as anywhere in Hogwild!.
 *
 * Visit e of a cell belongs to epoch e, so that each example is met once an epoch, and a fast thread visits more cells.
 *
 * Source: Zhuang, Chin, Juan, Lin, "A fast parallel SGD for matrix factorization in shared memory systems", RecSys 2013
 * (FPSGD), whose scheduler this is, but for the preference for rows at hand, and that nobody waits.
 */
import type { Rng } from "../core/rng.js";

const LOCK = 0;
const LEAST = 1;
const AT_LEAST = 2;
const FIRST_ROW = 3;
/** Tries for the lock, held for microseconds, before a thread sleeps for a moment: its holder may have lost its core. */
const SPINS = 10_000;
const SLEEP_MS = 1;

/** A visit of a cell: its number, p·2P + q, and the epoch it belongs to. */
export interface CellVisit {
  readonly cell: number;
  readonly epoch: number;
}

/** Memory for the scheduler of a grid of P groups. */
export function createSchedulerState(numGroups: number): Int32Array {
  const numCells = 2 * numGroups * numGroups;
  const state = new Int32Array(new SharedArrayBuffer(4 * (FIRST_ROW + 3 * numGroups + numCells)));
  state[AT_LEAST] = numCells;
  return state;
}

/** One thread's handle. RACE, in all of it: state but for the lock is read and written by the lock's holder alone. */
export class CellScheduler {
  private readonly state: Int32Array;
  private readonly numSteps: number;
  private readonly epochs: number;
  private readonly rng: Rng;
  private readonly rows: Int32Array;
  private readonly columns: Int32Array;
  private readonly visits: Int32Array;
  /** Of this thread: the cell in hand, or the last one; −1 before the first. */
  private last: number;
  private isHolding: boolean;

  /** `state` of `createSchedulerState(numGroups)`, shared by all threads; each its own `rng`. */
  constructor(state: Int32Array, numGroups: number, epochs: number, rng: Rng) {
    this.state = state;
    this.numSteps = 2 * numGroups;
    this.epochs = epochs;
    this.rng = rng;
    const firstVisit = FIRST_ROW + 3 * numGroups;
    this.rows = state.subarray(FIRST_ROW, FIRST_ROW + numGroups);
    this.columns = state.subarray(FIRST_ROW + numGroups, firstVisit);
    this.visits = state.subarray(firstVisit);
    this.last = -1;
    this.isHolding = false;
  }

  /** Lets go of the cell in hand and takes the next. @returns null when all are taken as often as there are epochs, or on stop. */
  next(shouldStop: () => boolean): CellVisit | null {
    if (!this.lock(shouldStop)) return null;
    if (this.isHolding) this.hold(this.last, -1);
    const cell = this.choose();
    this.isHolding = cell >= 0;
    let epoch = 0;
    if (cell >= 0) {
      this.last = cell;
      this.hold(cell, 1);
      epoch = this.visits[cell]++;
      if (epoch === this.state[LEAST]) this.countLeast();
    }
    this.unlock();
    return cell < 0 ? null : { cell, epoch };
  }

  /** One cell less has the fewest visits: once an epoch, none has, and they are counted anew. */
  private countLeast(): void {
    const { state, visits } = this;
    if (--state[AT_LEAST] > 0) return;
    const least = ++state[LEAST];
    for (let cell = 0; cell < visits.length; cell++) if (visits[cell] === least) state[AT_LEAST]++;
  }

  /** −1: none is left. */
  private choose(): number {
    const { rows, columns, visits, numSteps, epochs } = this;
    const least = this.state[LEAST];
    if (least === epochs) return -1;
    const atHand = this.last < 0 ? -1 : this.chooseAtHand(least);
    if (atHand >= 0) return atHand;
    const most = Math.min(epochs - 1, least + 1);
    const lastRow = Math.floor(this.last / numSteps);
    let cell = this.rng.nextBelow(visits.length);
    let best = -1;
    let bestCost = Number.POSITIVE_INFINITY;
    // Cost 1: free, as seldom visited as any, in other rows; there is no better one.
    for (let i = 0; i < visits.length && bestCost > 1; i++) {
      if (++cell === visits.length) cell = 0;
      if (visits[cell] > most) continue;
      const row = Math.floor(cell / numSteps);
      const inHand = rows[row] + columns[cell - row * numSteps];
      const cost = 4 * inHand + 2 * (visits[cell] - least) + (row === lastRow ? 0 : 1);
      if (cost >= bestCost) continue;
      best = cell;
      bestCost = cost;
    }
    return best;
  }

  /** A free cell with `least` visits in the rows that were had last; −1 if there is none. */
  private chooseAtHand(least: number): number {
    const { columns, visits, numSteps } = this;
    const row = Math.floor(this.last / numSteps);
    if (this.rows[row] > 0) return -1;
    let column = this.rng.nextBelow(numSteps);
    for (let i = 0; i < numSteps; i++) {
      if (++column === numSteps) column = 0;
      if (columns[column] === 0 && visits[row * numSteps + column] === least) return row * numSteps + column;
    }
    return -1;
  }

  private hold(cell: number, change: number): void {
    this.rows[Math.floor(cell / this.numSteps)] += change;
    this.columns[cell % this.numSteps] += change;
  }

  private lock(shouldStop: () => boolean): boolean {
    for (let tries = 1; Atomics.compareExchange(this.state, LOCK, 0, 1) !== 0; tries++) {
      if (tries % SPINS) continue;
      if (shouldStop()) return false;
      Atomics.wait(this.state, LOCK, 1, SLEEP_MS);
    }
    return true;
  }

  private unlock(): void {
    Atomics.store(this.state, LOCK, 0);
    Atomics.notify(this.state, LOCK, 1);
  }
}
