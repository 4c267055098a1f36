/** @file The strong Wolfe search on functions of one variable: easy, steep, flat, with walls of NaN, without bottom. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type LinePoint, type LineSearchOptions, type LineSearchResult, searchLine } from "../../src/optim/index.js";

const OPTIONS: LineSearchOptions = { decrease: 1e-4, curvature: 0.1, maxTrials: 30 };

interface Run extends LineSearchResult {
  readonly start: LinePoint;
  /** Every step tried, in order. */
  readonly tried: number[];
  /** The last point kept. */
  readonly kept: LinePoint | null;
  readonly last: LinePoint;
}

function run(f: (x: number) => [loss: number, slope: number], first: number, options = OPTIONS): Run {
  const point = (step: number): LinePoint => {
    const [loss, slope] = f(step);
    return { step, loss, slope };
  };
  const start = point(0);
  const tried: number[] = [];
  let last = start;
  let kept: LinePoint | null = null;
  const line = {
    at(step: number): LinePoint {
      tried.push(step);
      last = point(step);
      return last;
    },
    keep(): void {
      kept = last;
    },
  };
  return { ...searchLine(line, start, first, options), start, tried, kept, last };
}

function expectWolfe({ outcome, point, start, last }: Run, { decrease, curvature } = OPTIONS): void {
  expect(outcome).toBe("wolfe");
  expect(point).toBe(last);
  expect(point.loss).toBeLessThanOrEqual(start.loss + decrease * point.step * start.slope);
  expect(Math.abs(point.slope)).toBeLessThanOrEqual(curvature * Math.abs(start.slope));
}

/** Those of Moré and Thuente, "Line Search Algorithms with Guaranteed Sufficient Decrease", ACM TOMS 20, 1994, §5. */
const HARD: Record<string, (a: number) => [number, number]> = {
  "concave, then convex (5.1)": (a) => [-a / (a * a + 2), (a * a - 2) / (a * a + 2) ** 2],
  "flat, then steep (5.2)": (a) => [(a + 0.004) ** 5 - 2 * (a + 0.004) ** 4, (a + 0.004) ** 3 * (5 * a - 7.98)],
  "two bends, far apart (5.4)": (a) => {
    const g = (b: number): number => Math.sqrt(1 + b * b) - b;
    const part = (t: number, b: number): number => Math.sqrt(t * t + b * b);
    const [b1, b2] = [0.01, 0.001];
    return [
      g(b1) * part(1 - a, b2) + g(b2) * part(a, b1),
      (-g(b1) * (1 - a)) / part(1 - a, b2) + (g(b2) * a) / part(a, b1),
    ];
  },
};

describe("searchLine", () => {
  it.each(Object.entries(HARD))("%s: from first steps over six orders of magnitude", (_name, f) => {
    for (const first of [1e-3, 1e-1, 10, 1e3]) expectWolfe(run(f, first));
  });

  it("accepts a first step that is good, with one trial", () => {
    const result = run((x) => [(x - 1) ** 2, 2 * (x - 1)], 1);
    expectWolfe(result);
    expect(result.trials).toBe(1);
    expect(result.kept).toBeNull();
  });

  it("finds the minimum of a cubic's piece with its third trial", () => {
    // x³/3 − x falls to x = 1: once there are two points the cubic through them is the function.
    const result = run((x) => [x ** 3 / 3 - x, x * x - 1], 3, { ...OPTIONS, curvature: 1e-3 });
    expectWolfe(result, { ...OPTIONS, curvature: 1e-3 });
    expect(result.point.step).toBeCloseTo(1, 6);
    expect(result.trials).toBe(2);
  });

  it("holds the conditions on random quartics, for any first step", () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0.5, max: 10, noNaN: true }),
        fc.double({ min: -5, max: 5, noNaN: true }),
        fc.double({ min: 0.1, max: 10, noNaN: true }),
        fc.double({ min: -4, max: 4, noNaN: true }),
        fc.constantFrom(0.1, 0.5, 0.9),
        (a, b, slope, logFirst, curvature) => {
          // a·x⁴ + b·x³ − slope·x, bounded below; the slope at 0 is −slope.
          const f = (x: number): [number, number] => [
            a * x ** 4 + b * x ** 3 - slope * x,
            4 * a * x ** 3 + 3 * b * x * x - slope,
          ];
          const options = { ...OPTIONS, curvature, maxTrials: 60 };
          expectWolfe(run(f, 10 ** logFirst, options), options);
        },
      ),
    );
  });

  it("draws back from walls of NaN and infinity, and says so", () => {
    for (const beyond of [Number.NaN, Infinity, -Infinity]) {
      const f = (x: number): [number, number] => (x > 0.7 ? [beyond, beyond] : [(x - 0.5) ** 2, 2 * (x - 0.5)]);
      const result = run(f, 1000);
      expectWolfe(result);
      expect(result.notFinite).toBeGreaterThan(0);
    }
    const slopeOnly = run((x) => [(x - 0.5) ** 2, x > 0.7 ? Number.NaN : 2 * (x - 0.5)], 1000);
    expectWolfe(slopeOnly);
  });

  it("returns the best point that it kept when the trials are used up", () => {
    // Without bottom the slope never flattens; every trial decreases.
    const result = run((x) => [-x, -1], 1, { ...OPTIONS, maxTrials: 5 });
    expect(result.outcome).toBe("decrease");
    expect(result.trials).toBe(5);
    expect(result.point).toBe(result.kept);
    expect(result.point.step).toBe(10 ** 4);
    // A kink has no flat point: the search closes in on it from the left.
    const kink = run((x) => [Math.abs(x - 0.3), x < 0.3 ? -1 : 1], 1);
    expect(kink.outcome).toBe("decrease");
    expect(kink.point).toBe(kink.kept);
    expect(kink.point.step).toBeCloseTo(0.3, 3);
  });

  it("fails where nothing is lower: the slope lies", () => {
    const result = run((x) => [x, -1], 1);
    expect(result.outcome).toBe("failed");
    expect(result.point).toBe(result.start);
    expect(run((x) => (x > 0 ? [Number.NaN, Number.NaN] : [0, -1]), 1).outcome).toBe("failed");
  });

  it("ends early when the interval has shrunk to nothing", () => {
    // Steps below 2⁻¹⁰⁷⁴ do not exist.
    const result = run((x) => [x, -1], 2 ** -1070, { ...OPTIONS, maxTrials: 100 });
    expect(result.outcome).toBe("failed");
    expect(result.tried.length).toBeLessThan(20);
  });
});
