import { expect, it } from "vitest";
import { Rng } from "../../src/core/rng.js";
import type { FactorPassProblem, Kernels, Pass, PassExchange } from "../../src/kernels/index.js";
import { EPSILON, expectClose, integers, numbers, SIZES } from "./arrays.js";
import { describeBackends, reference } from "./backends.js";

const RANK = 3;
const ROWS = 18;
const LENGTH = ROWS * RANK;

function factors(rng: Rng, numExamples: number): FactorPassProblem {
  const [lefts, rights] = [integers(rng, numExamples, 11), integers(rng, numExamples, 7)];
  return { numLeft: 11, rank: RANK, lefts, rights, values: numbers(rng, numExamples), decay: null };
}

/** A slice of every second block, from block `first` on. */
function half(numExamples: number, first: number, exchange: PassExchange | null): Pass {
  const blockSize = 4;
  const allBlocks = Math.ceil(numExamples / blockSize);
  return {
    mode: "free",
    numExamples,
    blockSize,
    firstBlock: Math.min(first, Math.max(0, allBlocks - 1)),
    blockStep: allBlocks > 2 ? 2 : 0,
    numBlocks: Math.max(0, Math.ceil((allBlocks - first) / 2)),
    rate: 0.05,
    delay: 0,
    locks: null,
    order: null,
    exchange,
    stop: null,
  };
}

const copies = (numBlocks: number, x: Float32Array): PassExchange => ({ numBlocks, own: x.slice(), base: x.slice() });

describeBackends("passes on a copy", (kernels) => {
  it("two threads' changes add up in x, as in the reference; copies end equal to x or to what it was", () => {
    for (const numExamples of SIZES) {
      for (const numBlocks of [1, 2, 100]) {
        const rng = new Rng(numExamples + numBlocks);
        const problem = factors(rng, numExamples);
        const start = numbers(rng, LENGTH, 0.4);
        const run = (by: Kernels) => {
          const x = start.slice();
          const [one, two] = [copies(numBlocks, x), copies(numBlocks, x)];
          const sums = [one, two, one].map((exchange, i) =>
            by.factorPass(half(numExamples, i % 2, exchange), problem, x),
          );
          return { x, one, two, sums };
        };
        const [actual, expected] = [run(kernels), run(reference)];
        const bound = (): number => 200 * (numExamples + 10) * EPSILON;
        expectClose(actual.x, expected.x, bound);
        expectClose(actual.two.own, expected.two.own, bound);
        expectClose(
          Float32Array.from(actual.sums),
          Float32Array.from(expected.sums),
          () => bound() * (1 + numExamples),
        );
        expect(actual.one.own).toEqual(actual.one.base);
        expect(actual.two.own).toEqual(actual.two.base);
        if (numExamples > 0) expect(actual.one.own).toEqual(actual.x);
        if (numExamples > 30) expect(actual.x).not.toEqual(start);
      }
    }
  });

  it("alone, gives what a pass without a copy gives, to rounding", () => {
    const problem = factors(new Rng(5), 33);
    const start = numbers(new Rng(6), LENGTH, 0.4);
    const [plain, copied] = [start.slice(), start.slice()];
    kernels.factorPass(half(33, 0, null), problem, plain);
    kernels.factorPass(half(33, 0, copies(2, copied)), problem, copied);
    expectClose(copied, plain, () => 40 * EPSILON);
    expect(copied).not.toEqual(start);
  });

  it("refuses copies that are too short, no blocks, and other modes", () => {
    const problem = factors(new Rng(5), 8);
    const x = numbers(new Rng(6), LENGTH);
    const short = { ...copies(1, x), own: new Float32Array(LENGTH - 1) };
    expect(() => kernels.factorPass(half(8, 0, short), problem, x)).toThrow(/exchange.own/);
    if (kernels.info.backend === "reference") return;
    expect(() => kernels.factorPass(half(8, 0, copies(0, x)), problem, x)).toThrow(/every 1 or more blocks, got 0/);
    const loss = { ...half(8, 0, copies(1, x)), mode: "loss" as const };
    expect(() => kernels.factorPass(loss, problem, x)).toThrow(/expected mode free to exchange in, got loss/);
  });
});
