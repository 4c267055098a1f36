/**
 * @file The cases of bench/kernels.mjs: shapes of real worlds, each with its check and what it moves or computes.
 *
 * `amount` is in operations (GFLOP/s) or in the bytes that must move at least (GB/s). Letters as in the kernels'
 * contract: N batch, D features, H hidden, B buckets, R worlds, L labels, U touched columns.
 */
import assert from "node:assert/strict";
import { Rng } from "../dist/src/core/rng.js";

const rng = new Rng(42);
const fill = (array) => {
  for (let i = 0; i < array.length; i++) array[i] = rng.nextFloat() - 0.5;
  return array;
};

function assertClose(actual, expected, bound, what) {
  assert.ok(Math.abs(actual - expected) <= bound, `${what}: expected ${expected} ± ${bound}, got ${actual}`);
}

/**
 * A product, or the products of one `a` with `numB` different b's in turn; 200 places of the last result are checked
 * against sums in f64.
 */
function gemmCase(label, m, n, k, form, numB = 1) {
  return {
    name: `gemm ${label}`,
    shape: `M=${m} N=${n} K=${k}${numB === 1 ? "" : ` × ${numB}`}`,
    cache: numB === 1 ? "warm" : "turns",
    unit: "GFLOP/s",
    amount: 2 * m * n * k * numB,
    prepare(kernels) {
      const [a, c] = [fill(kernels.f32(m * k)), kernels.f32(m * n)];
      const weights = Array.from({ length: numB }, () => fill(kernels.f32(k * n)));
      const b = weights[numB - 1];
      const dims = { m, n, k, ...form };
      return {
        run() {
          for (const weight of weights) kernels.gemm(dims, a, weight, c, "overwrite");
        },
        check() {
          for (let t = 0; t < 200; t++) {
            const [i, j] = [rng.nextBelow(m), rng.nextBelow(n)];
            let sum = 0;
            for (let p = 0; p < k; p++) {
              sum += a[form.transposeA ? p * m + i : i * k + p] * b[form.transposeB ? j * k + p : p * n + j];
            }
            assertClose(c[i * n + j], sum, k * 2 ** -24 * k * 0.25, `c[${i}, ${j}]`);
          }
        },
      };
    },
  };
}

/** The three products of an output layer: forward, gradient of its input, gradient of its weight. */
function worldCases([N, H, B]) {
  return [
    gemmCase("NT forward", N, B, H, { transposeB: true }),
    gemmCase("NN gradInput", N, H, B, {}),
    gemmCase("TN gradWeight", B, H, N, { transposeA: true }),
  ];
}

/** Sparse rows whose columns are uniform over D: every row of w is a miss. */
function sparseBatch(kernels, N, D, perRow) {
  const entries = N * perRow;
  const x = { offsets: kernels.u32(N + 1), columns: kernels.u32(entries), values: fill(kernels.f32(entries)) };
  for (let i = 0; i <= N; i++) x.offsets[i] = i * perRow;
  for (let e = 0; e < entries; e++) x.columns[e] = rng.nextBelow(D);
  return x;
}

const [N, D, H, PER_ROW] = [256, 300_000, 256, 60];
const ENTRIES = N * PER_ROW;

const csrGemm = {
  name: "csr_gemm",
  shape: `N=${N} D=${D} H=${H}, ${PER_ROW} entries a row`,
  cache: "cold",
  unit: "GB/s",
  amount: 4 * H * (ENTRIES + N) + 8 * ENTRIES,
  prepare(kernels, reference) {
    const w = fill(kernels.f32(D * H));
    const batches = Array.from({ length: 8 }, () => sparseBatch(kernels, N, D, PER_ROW));
    const [y, expected] = [kernels.f32(N * H), new Float32Array(N * H)];
    let turn = 0;
    return {
      run: () => kernels.csrGemm({ rows: N, cols: H }, batches[turn++ % 8], w, y, "overwrite"),
      check() {
        reference.csrGemm({ rows: N, cols: H }, batches[(turn - 1) % 8], w, expected, "overwrite");
        for (let i = 0; i < y.length; i++) assertClose(y[i], expected[i], PER_ROW ** 2 * 0.25 * 2 ** -24, `y[${i}]`);
      },
    };
  },
};

function transposed(kernels, x) {
  const out = {
    columns: kernels.u32(ENTRIES),
    offsets: kernels.u32(ENTRIES + 1),
    rows: kernels.u32(ENTRIES),
    values: kernels.f32(ENTRIES),
  };
  const slotOf = kernels.u32(D);
  return { out, slotOf, numColumns: kernels.csrCompactTranspose(N, x, slotOf, out) };
}

const compactTranspose = {
  name: "csr_compact_transpose",
  shape: `N=${N} D=${D}, ${PER_ROW} entries a row`,
  cache: "cold",
  unit: "GB/s",
  amount: 36 * ENTRIES,
  prepare(kernels, reference) {
    const x = sparseBatch(kernels, N, D, PER_ROW);
    const { out, slotOf, numColumns } = transposed(kernels, x);
    return {
      run: () => kernels.csrCompactTranspose(N, x, slotOf, out),
      check() {
        const judge = transposed(reference, x);
        assert.equal(numColumns, judge.numColumns);
        assert.deepEqual([...out.rows], [...judge.out.rows]);
      },
    };
  },
};

const csrGradRows = {
  name: "csr_grad_rows",
  shape: `N=${N} D=${D} H=${H}, ${PER_ROW} entries a row`,
  cache: "warm",
  unit: "GB/s",
  amount: 4 * H * 2 * ENTRIES,
  prepare(kernels, reference) {
    const { out, numColumns } = transposed(kernels, sparseBatch(kernels, N, D, PER_ROW));
    const [dy, dw] = [fill(kernels.f32(N * H)), kernels.f32(ENTRIES * H)];
    return {
      run: () => kernels.csrGradRows(numColumns, H, out, dy, dw),
      check() {
        const expected = new Float32Array(ENTRIES * H);
        reference.csrGradRows(numColumns, H, out, dy, expected);
        for (let i = 0; i < numColumns * H; i++) assertClose(dw[i], expected[i], 1e-5, `dw[${i}]`);
      },
    };
  },
};

const adamRows = {
  name: "f32_adam_step rows",
  shape: `U=${ENTRIES} of D=${D}, H=${H}`,
  cache: "cold",
  unit: "GB/s",
  amount: 28 * ENTRIES * H,
  prepare(kernels, reference) {
    const ids = Uint32Array.from({ length: D }, (_, i) => i);
    rng.shuffle(ids);
    const dims = { cols: H, rows: { ids: kernels.adopt(ids.slice(0, ENTRIES)), count: ENTRIES } };
    const options = { learningRate: 0.001, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0, step: 3 };
    const [w, m, v] = [fill(kernels.f32(D * H)), kernels.f32(D * H), kernels.f32(D * H)];
    const g = fill(kernels.f32(ENTRIES * H));
    const [row] = dims.rows.ids;
    const before = w.slice(row * H, row * H + H);
    return {
      run: () => kernels.adamStep(dims, w, g, m, v, options),
      check() {
        const [m1, v1] = [new Float32Array(H), new Float32Array(H)];
        reference.adamStep({ cols: H, rows: null }, before, g, m1, v1, options);
        for (let j = 0; j < H; j++) assertClose(w[row * H + j], before[j], 1e-6, `w[${row}, ${j}]`);
      },
    };
  },
};

const softmax = {
  name: "f32_softmax_cross_entropy",
  shape: "N=256 B=2000, 3 targets a row",
  cache: "warm",
  unit: "GB/s",
  amount: 8 * 256 * 2000,
  prepare(kernels, reference) {
    const dims = { rows: 256, cols: 2000 };
    const targets = sparseBatch(kernels, 256, 600, 3);
    for (let e = 0; e < targets.columns.length; e++) targets.columns[e] += (e % 3) * 600;
    const [x, grad, expected] = [fill(kernels.f32(512000)), kernels.f32(512000), new Float32Array(512000)];
    return {
      run: () => kernels.softmaxCrossEntropy(dims, x, targets, 1, grad),
      check() {
        reference.softmaxCrossEntropy(dims, x, targets, 1, expected);
        for (let i = 0; i < grad.length; i++) assertClose(grad[i], expected[i], 2e-6, `grad[${i}]`);
      },
    };
  },
};

/** Bytes: one bucket score for each label, world and lane. */
function topLabelsCase(numQueries, merge) {
  const [L, R, B, k] = [88_747, 16, 2000, 10];
  const lanes = numQueries === 1 ? 1 : 16;
  return {
    name: `f32_top_labels ${merge}`,
    shape: `L=${L} R=${R} B=${B} k=${k} queries=${numQueries}`,
    cache: "warm",
    unit: "GB/s",
    amount: L * R * 4 * lanes,
    prepare(kernels, reference) {
      const p = 88_771;
      const hashes = Array.from({ length: R }, () => ({
        a: 1 + rng.nextBelow(p - 1),
        c: rng.nextBelow(p),
        p,
        numBuckets: B,
      }));
      const scores = fill(kernels.f32(R * B * lanes));
      const input = { scores, numQueries, hashes, numLabels: L, merge, prior: null, k };
      const [labels, best] = [kernels.u32(numQueries * k), kernels.f32(numQueries * k)];
      return {
        run: () => kernels.topLabels(input, labels, best),
        check() {
          const [expected, expectedBest] = [new Uint32Array(numQueries * k), new Float32Array(numQueries * k)];
          reference.topLabels(input, expected, expectedBest);
          assert.deepEqual([...labels], [...expected]);
          assert.deepEqual([...best], [...expectedBest]);
        },
      };
    },
  };
}

const WORLDS = [
  [64, 64, 2000],
  [64, 256, 10000],
  [256, 128, 2000],
  [256, 256, 200],
  [512, 512, 10000],
];

/** Queries of a batch that sixteen worlds answer, one after the other. */
const QUERIES = [1, 2, 4, 6, 8, 12, 16, 24, 32];

/** Rows of a small batch of gradients in a layer of 1024 units: rows of b are a page apart, in few sets of the L1. */
const FEW = [1, 2, 3, 4, 8, 24];

export const cases = [
  ...WORLDS.flatMap(worldCases),
  gemmCase("NT one query", 1, 2000, 256, { transposeB: true }),
  ...QUERIES.map((m) => gemmCase("NT queries", m, 1100, 256, { transposeB: true }, 16)),
  ...FEW.map((m) => gemmCase("NN few rows", m, 1024, 1024, {})),
  ...FEW.map((m) => gemmCase("TN few rows", m, 1024, 1024, { transposeA: true })),
  csrGemm,
  compactTranspose,
  csrGradRows,
  adamRows,
  softmax,
  topLabelsCase(16, "sum"),
  topLabelsCase(16, "median"),
  topLabelsCase(1, "sum"),
];
