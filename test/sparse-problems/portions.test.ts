import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Rng } from "../../src/core/rng.js";
import { CellScheduler, type CellVisit, createSchedulerState } from "../../src/sparse-problems/cell-scheduler.js";
import { createLedgerCells, EpochLedger } from "../../src/sparse-problems/epoch-ledger.js";
import type { ThreadStrategy } from "../../src/sparse-problems/index.js";
import { createPortions, gridOf, type Portion, portionsOf } from "../../src/sparse-problems/portions.js";
import { checkDescentOptions } from "../../src/sparse-problems/strategy.js";
import { smallFactors, smallLinear } from "./small-problems.js";

const never = (): boolean => false;
const WAITING = { spinMs: 0.1, shouldStop: never };

/** The examples of a portion. */
function visited({ from, to, slice }: Portion): number[] {
  const all = Math.ceil((to - from) / slice.blockSize);
  return Array.from({ length: slice.numBlocks }, (_, i) => (slice.firstBlock + i * slice.blockStep) % all).flatMap(
    (block) => {
      const first = from + block * slice.blockSize;
      return Array.from({ length: Math.min(slice.blockSize, to - first) }, (_, j) => first + j);
    },
  );
}

describe("portions", () => {
  it("of all threads meet every example once an epoch, whatever the strategy, threads, groups, and who is fast", () => {
    const strategies: ThreadStrategy[] = ["hogwild", "locked", "locked-parts", "delayed", "round-robin", "averaging"];
    fc.assert(
      fc.property(
        fc.nat(300),
        fc.integer({ min: 1, max: 5 }),
        fc.integer({ min: 1, max: 6 }),
        fc.constantFrom(...strategies),
        fc.nat(99),
        (numExamples, numGroups, numThreads, strategy, seed) => {
          const epochs = 3;
          const problem = smallFactors(numExamples, { numGroups });
          const options = checkDescentOptions({ learningRate: 1, strategy, numThreads, epochs, seed });
          const grid = gridOf(problem, strategy, numThreads);
          const scheduler = grid === null ? null : createSchedulerState(grid.numGroups);
          const shared = { problem, options, numPortions: portionsOf(problem, 0), scheduler };
          const cells = createLedgerCells(epochs);
          const sources = Array.from({ length: numThreads }, (_, thread) =>
            createPortions(shared, new EpochLedger(cells, numThreads, WAITING), thread, never),
          );
          const rng = new Rng(seed);
          const seen = Array.from({ length: epochs }, (): number[] => []);
          const counts = new Array<number>(epochs).fill(0);
          const turns = Array.from({ length: numThreads }, () => 0);
          const working = sources.map((_, thread) => thread);
          while (working.length > 0) {
            const place = rng.nextBelow(working.length);
            const portion = sources[working[place]].next();
            if (portion === null) {
              working.splice(place, 1);
              continue;
            }
            counts[portion.epoch]++;
            seen[portion.epoch].push(...visited(portion));
            turns[working[place]] += portion.numTurns;
            expect(visited(portion).length).toBeLessThanOrEqual(portion.numTurns);
          }
          expect(counts).toEqual(new Array(epochs).fill(sources[0].anEpoch));
          for (const examples of seen) {
            expect(examples.sort((a, b) => a - b)).toEqual(Array.from({ length: numExamples }, (_, i) => i));
          }
          if (strategy === "round-robin") expect(new Set(turns).size).toBe(1);
        },
      ),
    );
  });

  it("are many where examples cost much, and depend on no thread", () => {
    const small = smallLinear();
    expect([portionsOf(small, 0), portionsOf(small, 1_000_000)]).toEqual([8, 64]);
  });
});

describe("CellScheduler", () => {
  it("visits every cell once an epoch, none two visits ahead; threads have rows or columns in common only where none is free", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 6 }),
        fc.integer({ min: 1, max: 6 }),
        fc.integer({ min: 1, max: 4 }),
        fc.nat(999),
        (numGroups, numThreads, epochs, seed) => {
          fc.pre(numThreads <= numGroups);
          const numSteps = 2 * numGroups;
          const state = createSchedulerState(numGroups);
          const threads = Array.from(
            { length: numThreads },
            (_, t) => new CellScheduler(state, numGroups, epochs, new Rng(seed + t)),
          );
          const visits = new Array<number>(numGroups * numSteps).fill(0);
          const inHand = new Array<CellVisit | null>(numThreads).fill(null);
          const rng = new Rng(seed);
          const rowOf = (cell: number): number => Math.floor(cell / numSteps);
          const working = threads.map((_, t) => t);
          while (working.length > 0) {
            const place = rng.nextBelow(working.length);
            const t = working[place];
            const before = inHand[t];
            inHand[t] = null;
            const meets = (cell: number): boolean =>
              inHand.some(
                (v) => v !== null && (rowOf(v.cell) === rowOf(cell) || v.cell % numSteps === cell % numSteps),
              );
            const least = Math.min(...visits);
            const eligible = visits.flatMap((count, cell) => (count < epochs && count <= least + 1 ? [cell] : []));
            const free = eligible.filter((cell) => !meets(cell));
            const visit = threads[t].next(never);
            if (visit === null) {
              expect(least).toBe(epochs);
              working.splice(place, 1);
              continue;
            }
            const { cell, epoch } = visit;
            expect(eligible).toContain(cell);
            expect(epoch).toBe(visits[cell]);
            if (free.length > 0) {
              const fewest = free.filter((other) => visits[other] === Math.min(...free.map((c) => visits[c])));
              const atHand = before === null ? [] : fewest.filter((other) => rowOf(other) === rowOf(before.cell));
              expect(atHand.length > 0 ? atHand : fewest).toContain(cell);
            }
            visits[cell]++;
            inHand[t] = visit;
          }
          expect(visits).toEqual(new Array(visits.length).fill(epochs));
        },
      ),
    );
  });

  it("takes cells in another order each epoch and with each seed, and the same again with the same", () => {
    const orderOf = (seed: number, epoch: number): string => {
      const scheduler = new CellScheduler(createSchedulerState(3), 3, 2, new Rng(seed));
      const cells = Array.from({ length: 36 }, () => scheduler.next(never)?.cell);
      return cells.slice(18 * epoch, 18 * (epoch + 1)).join();
    };
    expect(new Set([orderOf(1, 0), orderOf(1, 1), orderOf(2, 0), orderOf(1, 0)]).size).toBe(3);
  });

  it("gives up waiting for a lock that a dead thread holds", () => {
    const state = createSchedulerState(2);
    state[0] = 1;
    let looks = 0;
    expect(new CellScheduler(state, 2, 1, new Rng(1)).next(() => ++looks > 2)).toBeNull();
    expect(looks).toBe(3);
  });
});

describe("EpochLedger", () => {
  it("knows when all are ready, hands out each portion once, and keeps the first epoch that failed", () => {
    const cells = createLedgerCells(2);
    const [a, b] = [0, 1].map(() => new EpochLedger(cells, 2, WAITING));
    expect([a.arrive(), b.arrive()]).toEqual([false, true]);
    expect([a.take(1), b.take(1), a.take(0), a.take(1)]).toEqual([0, 1, 0, 2]);
    expect([a.finish(1), b.finish(1), b.finished(1), b.finished(0)]).toEqual([1, 2, 2, 0]);
    expect(a.failure).toBe(0);
    b.fail(2);
    expect(a.failure).toBe(2);
    a.fail(1);
    b.fail(2);
    expect([a.failure, b.failure]).toEqual([1, 1]);
  });

  it("lets threads into open epochs, and does not wait for ever for those that nobody opens", () => {
    let looks = 0;
    const ledger = new EpochLedger(createLedgerCells(3), 2, {
      spinMs: 0.1,
      shouldStop: () => looks > 0 && ++looks > 3,
    });
    expect([ledger.open(2), ledger.open(1), ledger.open(2)]).toEqual([true, false, false]);
    expect([ledger.waitOpen(0), ledger.waitOpen(1)]).toEqual([true, true]);
    looks = 1;
    expect(ledger.waitOpen(2)).toBe(false);
    looks = 0;
    ledger.fail(1);
    expect([ledger.waitOpen(2), ledger.waitOpen(0)]).toEqual([false, false]);
  });
});
