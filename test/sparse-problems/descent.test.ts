import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createKernels } from "../../src/kernels/create.node.js";
import { createSchedulerState } from "../../src/sparse-problems/cell-scheduler.js";
import { type DescentProgress, runDescentThread } from "../../src/sparse-problems/descent-thread.js";
import { createLedgerCells } from "../../src/sparse-problems/epoch-ledger.js";
import { blockSizeOf, epochOrder, sliceOf } from "../../src/sparse-problems/example-order.js";
import {
  objective,
  rootMeanSquaredError,
  roundCut,
  type SparseProblem,
  type ThreadStrategy,
  vectorLength,
} from "../../src/sparse-problems/index.js";
import { gridOf, portionsOf } from "../../src/sparse-problems/portions.js";
import { initialiseVector } from "../../src/sparse-problems/problem.js";
import { checkDescentOptions } from "../../src/sparse-problems/strategy.js";
import { smallCut, smallFactors, smallLinear } from "./small-problems.js";

const kernels = createKernels();

const HOOKS = { onEpoch: () => {}, nowMs: () => 0, cpuMs: () => 0 };

/** What a thread of a run alone is given. */
function sharedOf(problem: SparseProblem, learningRate: number, strategy: ThreadStrategy, epochs: number) {
  const vectors = new Float32Array(vectorLength(problem));
  initialiseVector(problem, 1, vectors);
  const grid = gridOf(problem, strategy, 1);
  return {
    problem,
    options: checkDescentOptions({ learningRate, strategy, numThreads: 1, epochs }),
    numPortions: portionsOf(problem, 0),
    scheduler: grid === null ? null : createSchedulerState(grid.numGroups),
    vectors,
    locks: { words: new Uint32Array(problem.numParts * problem.partLength), perPart: problem.partLength },
    turn: new Uint32Array(16),
    ledger: createLedgerCells(epochs),
    spinMs: 1,
    losses: new Float64Array(epochs),
    times: new Float64Array(epochs + 1),
    cpu: new Float64Array(2),
  };
}

/** One thread of a run, in this thread. */
function solve(problem: SparseProblem, learningRate: number, strategy: ThreadStrategy = "serial", epochs = 20) {
  const shared = sharedOf(problem, learningRate, strategy, epochs);
  const told: DescentProgress[] = [];
  const hooks = { ...HOOKS, onEpoch: (progress: DescentProgress) => told.push(progress) };
  const end = runDescentThread(kernels, shared, 0, new Uint32Array(1), hooks);
  return { x: shared.vectors, losses: shared.losses, end, told };
}

describe("the order of examples", () => {
  it("slices of all threads meet every block once an epoch, whatever their number", () => {
    fc.assert(
      fc.property(fc.nat(5000), fc.nat(99), fc.nat(20), fc.integer({ min: 1, max: 9 }), (n, seed, epoch, threads) => {
        const seen: number[] = [];
        const all = Math.ceil(n / blockSizeOf(n));
        for (let t = 0; t < threads; t++) {
          const slice = sliceOf(epochOrder(n, seed, epoch), t, threads);
          for (let i = 0; i < slice.numBlocks; i++) seen.push((slice.firstBlock + i * slice.blockStep) % all);
        }
        expect(seen.sort((a, b) => a - b)).toEqual(Array.from({ length: all }, (_, i) => i));
      }),
    );
  });

  it("differs between epochs and seeds", () => {
    const of = (seed: number, epoch: number): string => JSON.stringify(sliceOf(epochOrder(100_000, seed, epoch), 0, 1));
    expect(new Set([of(1, 0), of(1, 1), of(2, 0), of(2, 1)]).size).toBe(4);
  });
});

describe("descent on one thread", () => {
  it("learns: few mistakes, small errors, the groups of the graph", () => {
    const linear = smallLinear();
    const { x, losses } = solve(linear, 0.5);
    expect(losses[19]).toBeLessThan(losses[0] / 2);
    expect(objective(kernels, linear, x)).toBeLessThan(0.5 * objective(kernels, linear, new Float32Array(60)));
    const factors = smallFactors();
    expect(rootMeanSquaredError(kernels, factors, solve(factors, 0.1).x)).toBeLessThan(0.1);
    const cut = smallCut();
    const { terminals } = roundCut(cut, solve(cut, 0.05).x);
    expect(terminals.filter((terminal, v) => terminal === v % 3).length).toBeGreaterThan(55);
  });

  it("gives the same bytes again, and with locks and turns that nobody else wants", () => {
    for (const problem of [smallLinear(), smallLinear(400, { regularise: "epoch" }), smallFactors(), smallCut()]) {
      const once = solve(problem, 0.05, "serial", 3);
      for (const strategy of ["serial", "hogwild", "locked", "locked-parts", "round-robin", "averaging"] as const) {
        const again = solve(problem, 0.05, strategy, 3);
        expect(again.x).toEqual(once.x);
        expect(again.losses).toEqual(once.losses);
      }
    }
  });

  it("shrinks weights once an epoch by what the spread regulariser makes of them", () => {
    const [each, once] = [smallLinear(), smallLinear(400, { regularise: "epoch" })];
    expect(once.data.decay).toBeNull();
    const [a, b] = [solve(each, 0.1), solve(once, 0.1)];
    const of = (x: Float32Array): number => objective(kernels, each, x);
    expect(Math.abs(of(a.x) - of(b.x))).toBeLessThan(0.02 * of(a.x));
    // No loss, no step: what remains is Π e^(−2γλβᵉ).
    const idle = { ...once, numExamples: 0 };
    const vectors = new Float32Array(60).fill(1);
    const shared = { ...sharedOf(idle, 0.1, "serial", 3), vectors };
    runDescentThread(kernels, shared, 0, new Uint32Array(1), HOOKS);
    for (const value of vectors) expect(value).toBeCloseTo(Math.exp(-2 * 0.1 * 0.1 * (1 + 0.9 + 0.81)), 6);
  });

  it("tells of each epoch, in their order, with its loss", () => {
    for (const problem of [smallLinear(), smallFactors()]) {
      const { told, losses } = solve(problem, 0.05, "hogwild", 4);
      expect(told).toEqual([...losses].map((loss, epoch) => ({ epoch: epoch + 1, loss })));
    }
  });

  it("ends when the loss is no number any more", () => {
    expect(solve(smallFactors(), 50).end).toMatchObject({ status: "diverged" });
  });

  it("refuses options that make no sense", () => {
    const check = (options: object) => () => checkDescentOptions({ learningRate: 1, ...options });
    expect(check({ learningRate: 0 })).toThrow(/expected learningRate above 0, got 0/);
    expect(check({ backoff: 1.5 })).toThrow(/expected backoff above 0 and at most 1, got 1.5/);
    expect(check({ strategy: "serial", numThreads: 2 })).toThrow(/expected one thread for strategy serial, got 2/);
    expect(check({ strategy: "downpour" })).toThrow(/expected strategy to be one of serial, hogwild, /);
    expect(check({ epochs: 0.5 })).toThrow(/expected epochs of at least 1, got 0.5/);
  });
});
