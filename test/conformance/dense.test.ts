import { expect, it } from "vitest";
import { Rng } from "../../src/core/rng.js";
import type { Activation, GemmDims, WriteMode } from "../../src/kernels/index.js";
import { absolutes, EPSILON, expectClose, numbers, SIZES, unwritten } from "./arrays.js";
import { describeBackends, reference } from "./backends.js";

const FORMS = [{}, { transposeB: true }, { transposeA: true }];
const MODES: WriteMode[] = ["overwrite", "accumulate"];

interface GemmCase {
  readonly a: Float32Array;
  readonly b: Float32Array;
  readonly start: Float32Array;
  readonly expected: Float32Array;
  /** (K + 1)·2⁻²⁴·Σ|a||b|, and |c| if it is added to. */
  readonly bound: Float32Array;
}

/** Judged once for all backends: the reference takes longer than all of them. */
const gemmCases = new Map<string, GemmCase>();

function gemmCase(dims: GemmDims, mode: WriteMode): GemmCase {
  const key = JSON.stringify([dims, mode]);
  const known = gemmCases.get(key);
  if (known) return known;
  const { m, n, k } = dims;
  const rng = new Rng(m * 7 + n * 5 + k);
  const [a, b] = [numbers(rng, m * k), numbers(rng, k * n)];
  const start = mode === "overwrite" ? unwritten(m * n) : numbers(rng, m * n);
  const [expected, magnitude] = [start.slice(), absolutes(start)];
  reference.gemm(dims, a, b, expected, mode);
  reference.gemm(dims, absolutes(a), absolutes(b), magnitude, mode);
  const made = { a, b, start, expected, bound: magnitude.map((x) => (k + 1) * EPSILON * x) };
  gemmCases.set(key, made);
  return made;
}

describeBackends("dense", (kernels) => {
  function checkGemm(dims: GemmDims, mode: WriteMode): void {
    const { a, b, start, expected, bound } = gemmCase(dims, mode);
    const c = start.slice();
    kernels.gemm(dims, a, b, c, mode);
    expectClose(c, expected, (i) => bound[i]);
  }

  for (const form of FORMS) {
    it(`gemm ${JSON.stringify(form)}: odd sizes`, () => {
      for (const m of SIZES) {
        for (const n of SIZES) for (const k of SIZES) for (const mode of MODES) checkGemm({ m, n, k, ...form }, mode);
      }
    });
    it(`gemm ${JSON.stringify(form)}: every tile height, several blocks`, () => {
      for (let m = 1; m <= 17; m++) checkGemm({ m, n: 65, k: 19, ...form }, "overwrite");
      for (let n = 1; n <= 50; n++) checkGemm({ m: 9, n, k: 5, ...form }, "accumulate");
      checkGemm({ m: 10, n: 1001, k: 520, ...form }, "overwrite");
      checkGemm({ m: 400, n: 49, k: 300, ...form }, "accumulate");
    });
    it(`gemm ${JSON.stringify(form)}: NaN and ∞ reach the result`, () => {
      for (const m of [1, 20]) {
        const [a, b] = [numbers(new Rng(1), m * 40).fill(1), numbers(new Rng(2), 40 * 20).fill(1)];
        b[7] = Number.NaN;
        b[8] = Number.POSITIVE_INFINITY;
        const [c, expected] = [unwritten(m * 20), unwritten(m * 20)];
        kernels.gemm({ m, n: 20, k: 40, ...form }, a, b, c, "overwrite");
        reference.gemm({ m, n: 20, k: 40, ...form }, a, b, expected, "overwrite");
        expect(c).toEqual(expected);
      }
    });
  }

  it("gemm with a bias: the bits of the product and addBias, at every tile, depth and form", () => {
    const shapes = [
      [1, 7, 5],
      [9, 65, 0],
      [20, 17, 3],
      [26, 1001, 520],
      [201, 49, 300],
      [8, 48, 256],
    ];
    for (const [m, n, k] of shapes) {
      for (const form of FORMS) {
        for (const mode of MODES) {
          const rng = new Rng(m + n + k);
          const [a, b, bias, start] = [m * k, k * n, n, m * n].map((length) => numbers(rng, length));
          const [actual, expected] = [start.slice(), start.slice()];
          kernels.gemm({ m, n, k, ...form }, a, b, actual, mode, bias);
          kernels.gemm({ m, n, k, ...form }, a, b, expected, mode);
          kernels.addBias({ rows: m, cols: n }, bias, expected);
          expect(actual).toEqual(expected);
        }
      }
    }
    const short = () =>
      kernels.gemm(
        { m: 1, n: 2, k: 1 },
        numbers(new Rng(1), 1),
        numbers(new Rng(2), 2),
        unwritten(2),
        "overwrite",
        unwritten(1),
      );
    if (kernels.info.backend !== "reference") expect(short).toThrow("gemm: bias");
  });

  it("addBias, addBiasRelu, sumRows", () => {
    for (const rows of SIZES) {
      for (const cols of SIZES) {
        const rng = new Rng(rows * 1000 + cols);
        const [x, bias, sums] = [numbers(rng, rows * cols), numbers(rng, cols), numbers(rng, cols)];
        if (x.length > 5) x[5] = Number.NaN;
        for (const name of ["addBias", "addBiasRelu"] as const) {
          const [actual, expected] = [x.slice(), x.slice()];
          kernels[name]({ rows, cols }, bias, actual);
          reference[name]({ rows, cols }, bias, expected);
          expectClose(actual, expected, () => 0);
        }
        for (const mode of MODES) {
          const actual = mode === "overwrite" ? unwritten(cols) : sums.slice();
          const expected = actual.slice();
          kernels.sumRows({ rows, cols }, x, actual, mode);
          reference.sumRows({ rows, cols }, x, expected, mode);
          expectClose(actual, expected, () => (rows + 1) ** 2 * EPSILON);
        }
      }
    }
  });

  it("relu and reluGrad, also in place; NaN stays", () => {
    for (const n of SIZES) {
      const rng = new Rng(n);
      const [x, dy] = [numbers(rng, n), numbers(rng, n)];
      if (n > 2) x[2] = Number.NaN;
      const expected = unwritten(n);
      reference.relu(n, x, expected);
      const [apart, inPlace] = [unwritten(n), x.slice()];
      kernels.relu(n, x, apart);
      kernels.relu(n, inPlace, inPlace);
      expectClose(apart, expected, () => 0);
      expectClose(inPlace, expected, () => 0);
      reference.reluGrad(n, x, dy, expected);
      const [gradient, gradientInPlace] = [unwritten(n), dy.slice()];
      kernels.reluGrad(n, x, dy, gradient);
      kernels.reluGrad(n, x, gradientInPlace, gradientInPlace);
      expectClose(gradient, expected, () => 0);
      expectClose(gradientInPlace, expected, () => 0);
    }
  });

  it("dropout and fillUniform draw the same numbers", () => {
    for (const n of SIZES) {
      const x = numbers(new Rng(n), n);
      for (const rate of [0, 0.1, 0.5, 1]) {
        const [actual, expected] = [unwritten(n), unwritten(n)];
        kernels.dropout(n, rate, 0xfedcba98, x, actual);
        reference.dropout(n, rate, 0xfedcba98, x, expected);
        expectClose(actual, expected, (i) => 2 * EPSILON * Math.abs(expected[i]));
      }
      const [actual, expected] = [unwritten(n), unwritten(n)];
      kernels.fillUniform(n, -0.3, 0.7, 123, actual);
      reference.fillUniform(n, -0.3, 0.7, 123, expected);
      expect(actual).toEqual(expected);
    }
  });

  it("axpby; beta = 0 does not read y", () => {
    for (const n of SIZES) {
      const rng = new Rng(n);
      const [x, y] = [numbers(rng, n), numbers(rng, n)];
      for (const beta of [0, 1, -0.5]) {
        const actual = beta === 0 ? unwritten(n) : y.slice();
        const expected = actual.slice();
        kernels.axpby(n, 0.3, x, beta, actual);
        reference.axpby(n, Math.fround(0.3), x, beta, expected);
        expectClose(actual, expected, () => 3 * EPSILON);
      }
    }
  });

  for (const kind of ["softmax", "logSoftmax", "sigmoid", "logSigmoid"] as Activation[]) {
    it(`activate ${kind}`, () => {
      // Contract: 4 ulp of 1 for probabilities, 2e-6·max(1, |value|) for logarithms.
      const bound = (v: number) => (kind.startsWith("log") ? 2e-6 * Math.max(1, Math.abs(v)) : 8 * EPSILON);
      for (const rows of [0, 1, 3]) {
        for (const cols of [...SIZES, 5000]) {
          for (const scale of [1, 30, 200]) {
            const actual = numbers(new Rng(cols + scale), rows * cols, scale);
            const expected = actual.slice();
            kernels.activate(kind, { rows, cols }, actual);
            reference.activate(kind, { rows, cols }, expected);
            expectClose(actual, expected, (i) => bound(expected[i]));
          }
        }
      }
    });
    it(`activate ${kind}: NaN, infinities, one number spoils only its row`, () => {
      for (const special of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
        for (const at of [0, 18]) {
          const actual = numbers(new Rng(1), 2 * 19, 3);
          actual[at] = special;
          const expected = actual.slice();
          kernels.activate(kind, { rows: 2, cols: 19 }, actual);
          reference.activate(kind, { rows: 2, cols: 19 }, expected);
          expectClose(actual, expected, () => 2e-5);
        }
      }
    });
  }
});
