/** @file L-BFGS and conjugate gradients: known minima from many starts, Wolfe's conditions, speed, failures, resuming. */
import { describe, expect, it } from "vitest";
import { Rng } from "../../src/core/rng.js";
import { createReferenceKernels } from "../../src/kernels/index.js";
import { DenseGradient, flatten, Parameter } from "../../src/nn/index.js";
import {
  type BatchOptimizer,
  type BatchStep,
  CONJUGATE_GRADIENT_DEFAULTS,
  ConjugateGradient,
  LBFGS,
  LBFGS_DEFAULTS,
  type LineSearchOptions,
} from "../../src/optim/index.js";
import { describeBackends } from "../gradients/backends.js";
import { descentEvaluations, leastSquares, logistic, type Problem, problem, rosenbrock } from "./problems.js";

type Make = (kernels: ReturnType<typeof createReferenceKernels>) => BatchOptimizer;

const MAKES: [name: string, make: Make, search: LineSearchOptions][] = [
  ["LBFGS", (k) => new LBFGS(k), LBFGS_DEFAULTS],
  ["LBFGS with one pair", (k) => new LBFGS(k, { history: 1 }), LBFGS_DEFAULTS],
  ["ConjugateGradient", (k) => new ConjugateGradient(k), CONJUGATE_GRADIENT_DEFAULTS],
];

/** Starts of a grid or of random numbers within ±2. */
function starts(n: number, count: number): number[][] {
  const rng = Rng.derive(1, "starts", n);
  return Array.from({ length: count }, () => Array.from({ length: n }, () => 4 * rng.nextFloat() - 2));
}

/** Wolfe's conditions as the step claims them: the loss and slopes are those that the search compared. */
function expectWolfe({ from, to, outcome }: BatchStep, { decrease, curvature }: LineSearchOptions): void {
  if (outcome === "wolfe") expect(Math.abs(to.slope)).toBeLessThanOrEqual(curvature * Math.abs(from.slope));
  else expect(outcome).toBe("decrease");
  expect(from.slope).toBeLessThan(0);
  expect(to.loss).toBeLessThanOrEqual(from.loss + decrease * to.step * from.slope);
}

describeBackends("batch optimisers", (kernels) => {
  it.each(MAKES)(
    "%s finds Rosenbrock's minimum from many starts, by steps that satisfy Wolfe",
    (_name, make, search) => {
      for (const [n, count] of [
        [2, 40],
        [10, 15],
      ]) {
        for (const start of [...starts(n, count), Array.from({ length: n }, (_, i) => (i % 2 === 0 ? -1.2 : 1))]) {
          const { parameters, evaluate } = rosenbrock(kernels, start);
          let wolfe = 0;
          let steps = 0;
          const result = make(kernels).minimize(parameters, evaluate, {
            maxSteps: 2000,
            maxEvaluations: 10_000,
            lossTolerance: 0,
            gradientTolerance: 2e-3,
            onStep: (step) => {
              expectWolfe(step, search);
              steps++;
              if (step.outcome === "wolfe") wolfe++;
            },
          });
          expect(result.reason).toBe("gradient");
          expect(result.steps).toBe(steps);
          // All but the last few steps, where f32 cannot show a smaller decrease.
          expect(wolfe).toBeGreaterThanOrEqual(0.9 * steps - 2);
          const { value } = parameters;
          // Ten numbers have a second minimum near (−1, 1, …, 1), of value 3.98 (Shang, Qiu, 2006).
          const local = n > 3 && value[0] < 0;
          expect(result.loss).toBeCloseTo(local ? 3.9866 : 0, 4);
          // |g| ≤ 2e-3 over the least curvature, 0.4 at the minimum of two numbers and no less of ten.
          if (!local) for (const x of value) expect(Math.abs(x - 1)).toBeLessThan(2e-3 / 0.39);
        }
      }
    },
  );

  it.each(MAKES)("%s finds the solution of least squares", (_name, make) => {
    for (const [n, rows, spread] of [
      [1, 3, 1],
      [3, 8, 1],
      [12, 40, 10],
    ]) {
      const { parameters, evaluate, solution } = leastSquares(kernels, n, rows, spread);
      const result = make(kernels).minimize(parameters, evaluate, { gradientTolerance: 1e-4, maxSteps: 400 });
      expect(result.loss).toBeLessThan(1e-6);
      solution.forEach((x, j) => {
        expect(parameters.value[j]).toBeCloseTo(x, 3);
      });
    }
  });

  it.each(MAKES)("%s finds the minimum of logistic regression", (_name, make) => {
    const { parameters, evaluate, evaluations } = logistic(kernels);
    const result = make(kernels).minimize(parameters, evaluate, { gradientTolerance: 1e-5, lossTolerance: 0 });
    expect(result.reason).toBe("gradient");
    expect(result.evaluations).toBe(evaluations());
    const descent = logistic(kernels);
    descentEvaluations(descent, 1, 1e-6);
    for (const [j, w] of descent.parameters.value.entries()) expect(parameters.value[j]).toBeCloseTo(w, 3);
    expect(result.evaluations).toBeLessThan(descent.evaluations() / 4);
  });

  it("L-BFGS converges faster than linearly; gradient descent does not", () => {
    const { parameters, evaluate } = leastSquares(kernels, 6, 20, 8);
    const norms: number[] = [];
    const result = new LBFGS(kernels).minimize(parameters, evaluate, {
      gradientTolerance: 1e-4,
      lossTolerance: 0,
      onStep: ({ gradientNorm }) => norms.push(gradientNorm),
    });
    expect(result.reason).toBe("gradient");
    // Its factor per step falls as it learns the Hessian; a linearly convergent method keeps one factor.
    const factor = (from: number, to: number): number => (norms[to] / norms[from]) ** (1 / (to - from));
    const half = norms.length >> 1;
    expect(factor(half, norms.length - 1)).toBeLessThan(0.8 * factor(0, half));
    const rates = [1e-3, 2e-3, 5e-3, 1e-2, 2e-2, 5e-2];
    const best = Math.min(...rates.map((rate) => descentEvaluations(leastSquares(kernels, 6, 20, 8), rate, 1e-4)));
    expect(best).toBeGreaterThan(30 * result.evaluations);
  });

  it("conjugate gradients need about n steps for a quadratic of n numbers", () => {
    const { parameters, evaluate } = leastSquares(kernels, 6, 20, 2);
    const options = { gradientTolerance: 1e-3, lossTolerance: 0 };
    const result = new ConjugateGradient(kernels, { curvature: 0.01 }).minimize(parameters, evaluate, options);
    expect(result.reason).toBe("gradient");
    expect(result.steps).toBeLessThanOrEqual(12);
  });

  it("L-BFGS with a fixed rate minimises a well-scaled quadratic", () => {
    const { parameters, evaluate, solution } = leastSquares(kernels, 4, 12, 1);
    const outcomes = new Set<string>();
    const result = new LBFGS(kernels, { lineSearch: "fixed", learningRate: 0.8 }).minimize(parameters, evaluate, {
      gradientTolerance: 1e-4,
      onStep: ({ outcome }) => outcomes.add(outcome),
    });
    expect([...outcomes]).toEqual(["fixed"]);
    expect(result.evaluations).toBe(result.steps + 1);
    solution.forEach((x, j) => {
      expect(parameters.value[j]).toBeCloseTo(x, 3);
    });
  });

  it.each(MAKES)("%s resumes from its state to the bit", (_name, make) => {
    const whole = rosenbrock(kernels, [-1.2, 1, 0.5, 2]);
    const first = make(kernels);
    for (let t = 0; t < 7; t++) first.step(whole.parameters, whole.evaluate);
    const resumed = rosenbrock(kernels, whole.parameters.value);
    const second = make(kernels);
    expect(second.state()).toEqual({});
    second.prepare(resumed.parameters);
    for (const [name, vector] of Object.entries(first.state())) second.state()[name].set(vector);
    for (let t = 0; t < 15; t++) {
      expect(second.step(resumed.parameters, resumed.evaluate)).toEqual(first.step(whole.parameters, whole.evaluate));
    }
    expect([...resumed.parameters.value]).toEqual([...whole.parameters.value]);
    expect(first.stepCount).toBe(22);
  });

  it.each(MAKES)("%s moves row-sparse parameters, and leaves alone what is not trained", (_name, make) => {
    // ½Σ(x − 1)²·(1 + row) over rows 0 and 2 of three; a running statistic changes with every evaluation.
    const rows = new Parameter("rows", [3, 2], new Float32Array(6), {
      kind: "rows",
      ids: kernels.u32(3),
      count: 0,
      values: kernels.f32(6),
    });
    const statistic = new Parameter("statistic", [2], Float32Array.of(5, 5), new DenseGradient(kernels.f32(2)));
    const dense = new Parameter("dense", [2], new Float32Array(2), new DenseGradient(kernels.f32(2)));
    statistic.trainable = false;
    const flat = flatten(kernels, [rows, statistic, dense]);
    let evaluations = 0;
    const evaluate = (): number => {
      evaluations++;
      statistic.value.fill(evaluations);
      statistic.grad.values.fill(1e6);
      if (rows.grad.kind !== "rows") throw new Error("expected a row-sparse gradient");
      rows.grad.count = 2;
      rows.grad.ids.set([2, 0]);
      let loss = 0;
      for (const [u, row] of [2, 0].entries()) {
        for (let j = 0; j < 2; j++) {
          const d = rows.value[2 * row + j] - 1;
          loss += (d * d * (1 + row)) / 2;
          rows.grad.values[2 * u + j] = d * (1 + row);
        }
      }
      for (let j = 0; j < 2; j++) {
        const d = dense.value[j] + 3;
        loss += (d * d) / 2;
        dense.grad.values[j] = d;
      }
      return loss;
    };
    const result = make(kernels).minimize(flat, evaluate, { gradientTolerance: 1e-4 });
    expect(result.gradientNorm).toBeLessThanOrEqual(1e-4);
    [1, 1, 0, 0, 1, 1, evaluations, evaluations, -3, -3].forEach((x, i) => {
      expect(flat.value[i]).toBeCloseTo(x, 3);
    });
  });

  it.each(MAKES)("%s draws back from NaN and infinity", (_name, make) => {
    // x − ln(x)/100: nearly straight until short of 0, beyond which it is NaN; a long step overshoots.
    const made = problem(kernels, [2, 3], (x, g) => {
      let loss = 0;
      for (let i = 0; i < 2; i++) {
        loss += x[i] - Math.log(x[i]) / 100;
        g[i] = 1 - 0.01 / x[i];
      }
      return loss;
    });
    let notFinite = 0;
    const result = make(kernels).minimize(made.parameters, made.evaluate, {
      gradientTolerance: 1e-3,
      onStep: (step) => {
        notFinite += step.notFinite;
        expect(made.parameters.value.every((x) => x > 0)).toBe(true);
      },
    });
    expect(result.reason).toBe("gradient");
    for (const x of made.parameters.value) expect(x).toBeCloseTo(0.01, 4);
    expect(notFinite).toBeGreaterThan(0);
  });
});

const kernels = createReferenceKernels();

describe("a batch optimiser stops", () => {
  it.each(MAKES)("%s: where no lower loss is found, the parameters stay as they were", (_name, make) => {
    const wrong = problem(kernels, [1, 2], (x, g) => {
      g[0] = -1;
      return x[0];
    });
    const result = make(kernels).minimize(wrong.parameters, wrong.evaluate);
    expect(result).toMatchObject({ reason: "noDescent", steps: 0, loss: 1, gradientNorm: 1 });
    expect([...wrong.parameters.value]).toEqual([1, 2]);
  });

  it.each(MAKES)("%s: at a start that is NaN, having moved nothing", (_name, make) => {
    for (const [loss, slope] of [
      [Number.NaN, 1],
      [1, Number.NaN],
      [Infinity, 1],
    ]) {
      const bad = problem(kernels, [1, 2], (_x, g) => {
        g.fill(slope);
        return loss;
      });
      const result = make(kernels).minimize(bad.parameters, bad.evaluate);
      expect(result).toMatchObject({ reason: "notFinite", steps: 0, evaluations: 1 });
      const { outcome, evaluations } = make(kernels).step(bad.parameters, bad.evaluate);
      expect([outcome, evaluations]).toEqual(["failed", 1]);
      expect([...bad.parameters.value]).toEqual([1, 2]);
    }
  });

  it("a fixed rate never steps to NaN either", () => {
    const wall = problem(kernels, [1], (x, g) => {
      g[0] = 1 - 0.5 / Math.sqrt(x[0]);
      return x[0] - Math.sqrt(x[0]);
    });
    const optimizer = new LBFGS(kernels, { lineSearch: "fixed", learningRate: 100 });
    const step = optimizer.step(wall.parameters, wall.evaluate);
    expect(step).toMatchObject({ outcome: "fixed", notFinite: 2 });
    expect(wall.parameters.value[0]).toBeGreaterThan(0);
    const nowhere = problem(kernels, [0], (x, g) => {
      g[0] = 1;
      return x[0] === 0 ? 0 : Number.NaN;
    });
    const failed = new LBFGS(kernels, { lineSearch: "fixed" }).step(nowhere.parameters, nowhere.evaluate);
    expect(failed).toMatchObject({ outcome: "failed", evaluations: 26 });
    expect(nowhere.parameters.value[0]).toBe(0);
  });

  it.each(MAKES)("%s: for each reason that was asked for", (_name, make) => {
    const fresh = (): Problem => rosenbrock(kernels, [-1.2, 1]);
    const run = (options: object): ReturnType<BatchOptimizer["minimize"]> => {
      const { parameters, evaluate } = fresh();
      return make(kernels).minimize(parameters, evaluate, options);
    };
    expect(run({ maxSteps: 3 })).toMatchObject({ reason: "steps", steps: 3 });
    expect(run({ maxSteps: 0 })).toMatchObject({ reason: "steps", steps: 0, evaluations: 1 });
    const limited = run({ maxEvaluations: 10 });
    expect(limited).toMatchObject({ reason: "evaluations", evaluations: 10 });
    expect(run({ gradientTolerance: 1e3 })).toMatchObject({ reason: "gradient", steps: 0 });
    expect(run({ lossTolerance: 0.5, maxSteps: 500 })).toMatchObject({ reason: "loss" });
    const { parameters, evaluate } = fresh();
    const start = evaluate();
    make(kernels).minimize(parameters, evaluate, { maxEvaluations: 10 });
    expect(evaluate()).toBeLessThan(start);
  });

  it("refuses options out of range and another model", () => {
    expect(() => new LBFGS(kernels, { history: 0 })).toThrow("LBFGS: expected history to be an integer of at least 1");
    expect(() => new LBFGS(kernels, { lineSearch: "exact" as "fixed" })).toThrow("expected lineSearch strongWolfe or");
    expect(() => new LBFGS(kernels, { curvature: 1e-5 })).toThrow("expected 0 < decrease < curvature < 1");
    expect(() => new ConjugateGradient(kernels, { maxTrials: 0 })).toThrow("expected maxTrials of at least 1, got 0");
    const { parameters, evaluate } = rosenbrock(kernels, [1, 2]);
    const optimizer = new LBFGS(kernels);
    expect(() => optimizer.minimize(parameters, evaluate, { maxSteps: Number.NaN })).toThrow(
      "LBFGS.minimize: expected maxSteps of at least 0, got NaN",
    );
    optimizer.step(parameters, evaluate);
    const other = rosenbrock(kernels, [1, 2, 3]);
    expect(() => optimizer.step(other.parameters, other.evaluate)).toThrow(
      "LBFGS.prepare: expected parameters of 2 numbers, got 3",
    );
  });
});
