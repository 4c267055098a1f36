/**
 * @file What every kernels backend computes: operations on flat arrays, with no idea of layers, models or labels' names.
 *
 *   reference/  plain TypeScript, sums in f64: the oracle, slow
 *   native/     Node-API addon from kernels/*.c
 *   wasm/       the same C as WebAssembly SIMD
 *
 * Letters: N rows of a batch, D input features, H hidden units, B buckets, R worlds, L labels, Q queries, k results;
 * gemm alone uses M, N, K. All matrices are dense, row-major f32 unless an argument says otherwise.
 *
 * Rules of the contract:
 * - Kernels trust their callers: shapes are checked by whoever owns the public edge, once.
 * - An argument is *read*, *written* (fully overwritten, earlier contents do not matter, NaN included) or *accumulated*.
 *   Arguments never overlap unless a line says that they may. Arrays may be longer than the shape needs.
 * - Arrays may stand on shared memory. Concurrent writers lose updates silently; that is the caller's choice.
 * - Integers (hashes, masks, counts, orders) are equal in all backends; floats agree with the reference to the bound
 *   stated, or to K·2⁻²⁴·Σ|a||b| for sums of K products.
 * - Any array works; those from `f32/u32/u8` are reached without a copy (WASM copies foreign ones in and out).
 */

/** Sparse rows: row i holds columns[offsets[i] … offsets[i+1]) with the values beside them. Columns may be unsorted. */
export interface Csr {
  /** [N + 1], offsets in elements; offsets[0] need not be 0. */
  readonly offsets: Uint32Array;
  readonly columns: Uint32Array;
  readonly values: Float32Array;
}

/** The transpose of a batch, holding only columns that occur: column i of the list is original column `columns[i]`. */
export interface CompactTranspose {
  /** [≥ U] the distinct columns, in the order of their first appearance. */
  readonly columns: Uint32Array;
  /** [≥ U + 1] where each column's entries start in `rows` and `values`; offsets[0] = 0. */
  readonly offsets: Uint32Array;
  /** [≥ nnz] batch row of each entry, ascending within a column. */
  readonly rows: Uint32Array;
  readonly values: Float32Array;
}

export interface GemmDims {
  readonly m: number;
  readonly n: number;
  readonly k: number;
  /** `a` is stored [K, M] instead of [M, K]. Default false. */
  readonly transposeA?: boolean;
  /** `b` is stored [N, K] instead of [K, N]. Default false. Not both transposed. */
  readonly transposeB?: boolean;
}

export interface MatrixDims {
  readonly rows: number;
  readonly cols: number;
}

export type WriteMode = "overwrite" | "accumulate";

/** softmax and sigmoid, as probabilities or as their logarithms. */
export type Activation = "softmax" | "logSoftmax" | "sigmoid" | "logSigmoid";

/** h(i) = ((a·i + c) mod p) mod numBuckets; a ∈ [1, p), c ∈ [0, p), p prime < 2³². Products are exact (64 bit). */
export interface HashParameters {
  readonly a: number;
  readonly c: number;
  readonly p: number;
  readonly numBuckets: number;
}

/** Rows of a parameter that a step updates: all (`null`), or `count` row numbers whose gradients are stored compactly. */
export interface RowList {
  /** [≥ count] row numbers of the parameter, distinct. */
  readonly ids: Uint32Array;
  readonly count: number;
}

/** Shape and extent of one optimiser step. */
export interface StepDims {
  /** Columns of a row; for a dense step of n numbers use rows = null and cols = n. */
  readonly cols: number;
  /** Gradient row i belongs to parameter row rows.ids[i]; null: parameter and gradient are dense, `cols` numbers. */
  readonly rows: RowList | null;
}

export interface SgdOptions {
  readonly learningRate: number;
  /** Velocity v ← momentum·v + g; ignored without a velocity array. */
  readonly momentum: number;
  /** Step along g + momentum·v instead of v. */
  readonly nesterov: boolean;
  /** L2: g ← g + weightDecay·w before anything else. */
  readonly weightDecay: number;
}

export interface AdagradOptions {
  readonly learningRate: number;
  readonly epsilon: number;
  readonly weightDecay: number;
}

export interface AdamOptions {
  readonly learningRate: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  /** Decoupled (AdamW): w ← w − learningRate·weightDecay·w. */
  readonly weightDecay: number;
  /** 1 for the first step; used for bias correction. */
  readonly step: number;
}

export interface RowRmsOptions {
  readonly learningRate: number;
  readonly beta2: number;
  readonly epsilon: number;
  /** Decoupled, on the rows of the step. */
  readonly weightDecay: number;
  /** 1 for the first step; used for bias correction. */
  readonly step: number;
}

/** Per-label additive score, one byte a label: bias[codes[l]]. A bias of −Infinity excludes the label. */
export interface LabelPrior {
  /** [L] */
  readonly codes: Uint8Array;
  /** [256] */
  readonly bias: Float32Array;
}

export type MergeMode = "sum" | "min" | "median";

export interface TopLabelsInput {
  /**
   * Bucket scores of one block of queries, [R, B, lanes]: query innermost. lanes is 1 when numQueries is 1, else
   * `QUERY_LANES`; unused lanes must be finite.
   */
  readonly scores: Float32Array;
  /** 1 … QUERY_LANES. */
  readonly numQueries: number;
  /** One per world, equal `p` and `numBuckets`. */
  readonly hashes: readonly HashParameters[];
  readonly numLabels: number;
  readonly merge: MergeMode;
  /** Added to the merged score of each label; null for none. */
  readonly prior: LabelPrior | null;
  readonly k: number;
}

/** How many queries one block of packed scores holds: one AVX-512 register of f32. */
export const QUERY_LANES = 16;

/** Worlds that one scan can merge: its state must fit a thread's workspace (kernels/top_labels.c). */
export const MAX_WORLDS = 1024;

export interface KernelInfo {
  readonly backend: "native" | "wasm" | "reference";
  /** Instruction set in use: avx512, avx2, x86_64, arm64, simd128, f64. */
  readonly isa: string;
  /** Name of the gemm inner kernel, as benches and profiles print it. */
  readonly gemm: string;
  /** Why the backend is not the native one, when nobody chose it. */
  readonly fallbackReason?: string;
}

export interface Kernels {
  readonly info: KernelInfo;

  /** Zeroed memory that this backend reaches without a copy. @throws {RangeError} when the backend's memory is exhausted. */
  f32(length: number): Float32Array;
  u32(length: number): Uint32Array;
  u8(length: number): Uint8Array;
  /**
   * The same numbers in memory that this backend reaches without a copy: `array` itself where that holds already, else a
   * copy made once (WASM). For read-only inputs that are used again and again, such as a training set.
   */
  adopt<T extends Float32Array | Uint32Array | Uint8Array>(array: T): T;
  /**
   * Gives back the memory of all arrays that `f32`, `u32` and `u8` made, at once instead of at some garbage collection;
   * use none of them afterwards (native: they have length 0). For a thread that works on one model after another. WASM
   * memory goes as a whole when nothing refers to these kernels any more.
   */
  dispose(): void;

  // ---- dense ---------------------------------------------------------------------------------------------------
  /** c ← op(a)·op(b), or c ← c + … Read a, b; c [M, N] written or accumulated. */
  gemm(dims: GemmDims, a: Float32Array, b: Float32Array, c: Float32Array, mode: WriteMode): void;
  /** x[i, j] ← x[i, j] + bias[j]. x [rows, cols] accumulated. */
  addBias(dims: MatrixDims, bias: Float32Array, x: Float32Array): void;
  /** x ← max(0, x + bias). x accumulated. NaN stays NaN, so that divergence is seen. */
  addBiasRelu(dims: MatrixDims, bias: Float32Array, x: Float32Array): void;
  /** out[j] ← (out[j] +) Σᵢ x[i, j]. */
  sumRows(dims: MatrixDims, x: Float32Array, out: Float32Array, mode: WriteMode): void;
  /** out ← max(0, x), `length` numbers. out may be x. NaN stays NaN. */
  relu(length: number, x: Float32Array, out: Float32Array): void;
  /** dx ← dy where y > 0, else 0. dx may be dy. */
  reluGrad(length: number, y: Float32Array, dy: Float32Array, dx: Float32Array): void;
  /**
   * Inverted dropout: out[i] ← 0 with chance `rate`, else x[i] / (1 − rate). out may be x. The mask is a pure function
   * of (seed, i): counterHash(seed, i) < round(rate·2³²), so that the backward pass calls this again on the gradient.
   */
  dropout(length: number, rate: number, seed: number, x: Float32Array, out: Float32Array): void;
  /** out[i] ← low + (high − low)·(counterHash(seed, i) >>> 8)·2⁻²⁴, computed in f32. Written. */
  fillUniform(length: number, low: number, high: number, seed: number, out: Float32Array): void;
  /** y ← alpha·x + beta·y, `length` numbers; beta = 0 overwrites. */
  axpby(length: number, alpha: number, x: Float32Array, beta: number, y: Float32Array): void;
  /** In place, row by row: x [rows, cols]. Softmax subtracts the row's maximum first. Within 4 ulp of 1 (absolute 2e-6 for logs, relative to max(1, |value|)). */
  activate(kind: Activation, dims: MatrixDims, x: Float32Array): void;

  // ---- sparse --------------------------------------------------------------------------------------------------
  /** Copies rows `ids[0 … count)` of `source` to `out`, whose offsets start at 0. @returns entries copied. */
  csrGatherRows(source: Csr, ids: Uint32Array, count: number, out: Csr): number;
  /** y ← (y +) x·w. x sparse [N, D], w [D, H], y [N, H]; dims are those of y. */
  csrGemm(dims: MatrixDims, x: Csr, w: Float32Array, y: Float32Array, mode: WriteMode): void;
  /**
   * Transposes a batch and drops the columns that do not occur. `slotOf` [≥ D] is scratch: all zero before, all zero
   * after. `out` must have room for min(nnz, D) columns. @returns U, the number of distinct columns.
   */
  csrCompactTranspose(numRows: number, x: Csr, slotOf: Uint32Array, out: CompactTranspose): number;
  /** dw[u, :] ← Σ over entries of column u: value·dy[row, :]. dw [U, H] written; the scatter-add of xᵀ·dy, compact. */
  csrGradRows(numColumns: number, cols: number, x: CompactTranspose, dy: Float32Array, dw: Float32Array): void;
  /** out[i, :] ← src[ids[i], :], i < count. */
  gatherRows(count: number, cols: number, ids: Uint32Array, src: Float32Array, out: Float32Array): void;

  // ---- losses --------------------------------------------------------------------------------------------------
  /**
   * Softmax cross-entropy against sparse target distributions: loss = Σᵢ Σⱼ −t[i, j]·log softmax(x[i])[j].
   * grad[i, j] ← gradScale·(softmax(x[i])[j]·Σⱼt[i, j] − t[i, j]). grad [rows, cols] may be x. Target columns are
   * distinct within a row. @returns the loss summed over rows (f64). NaN logits give a NaN loss.
   */
  softmaxCrossEntropy(dims: MatrixDims, x: Float32Array, targets: Csr, gradScale: number, grad: Float32Array): number;
  /** Sigmoid binary cross-entropy on sparse targets (absent = 0), summed over all columns; else as above. */
  sigmoidCrossEntropy(dims: MatrixDims, x: Float32Array, targets: Csr, gradScale: number, grad: Float32Array): number;

  // ---- optimiser steps -----------------------------------------------------------------------------------------
  // `w` and state arrays are whole parameters; `g` is dense or compact as dims.rows says. Untouched rows do not move:
  // with rows, momentum, weight decay and moments of absent rows wait ("lazy") until the row occurs again.
  sgdStep(dims: StepDims, w: Float32Array, g: Float32Array, velocity: Float32Array | null, options: SgdOptions): void;
  /** s ← s + g²; w ← w − lr·g / (√s + ε). */
  adagradStep(dims: StepDims, w: Float32Array, g: Float32Array, s: Float32Array, options: AdagradOptions): void;
  /** Kingma and Ba 2015 with decoupled weight decay; step size lr/(1 − β₁ᵗ), denominator √(v/(1 − β₂ᵗ)) + ε. */
  adamStep(
    dims: StepDims,
    w: Float32Array,
    g: Float32Array,
    m: Float32Array,
    v: Float32Array,
    options: AdamOptions,
  ): void;
  /**
   * One second moment a row, v [rows of w], and no first: v ← β₂v + (1 − β₂)·mean of g² over the row's columns;
   * w ← w − lr·weightDecay·w − lr·g / (√(v/(1 − β₂ᵗ)) + ε). State of a [D, H] layer: D numbers.
   */
  rowRmsStep(dims: StepDims, w: Float32Array, g: Float32Array, v: Float32Array, options: RowRmsOptions): void;

  // ---- labels, buckets and merging -----------------------------------------------------------------------------
  /** out[i] ← h(labels[i]), i < count. */
  hashLabels(hash: HashParameters, count: number, labels: Uint32Array, out: Uint32Array): void;
  /**
   * Turns rows of label ids into rows of distinct buckets, ascending. values: "distribution" – 1/(number of distinct
   * buckets in the row); "binary" – 1. @returns entries written. Rows may be empty.
   */
  hashTargets(
    hash: HashParameters,
    numRows: number,
    labelOffsets: Uint32Array,
    labelIds: Uint32Array,
    values: "distribution" | "binary",
    out: Csr,
  ): number;
  /**
   * Chooses the output columns of a sampled step: the union of all target columns (ascending), then distinct others
   * drawn uniformly, floor(counterHash(seed, 0 …)·B / 2³²), by rejection until there are min(B, union + numNegatives);
   * if that is B, nothing is drawn and the others follow in ascending order. Rewrites targets.columns to positions in
   * `out`. `scratch` [≥ B] all zero before and after.
   * @returns [columns chosen, how many of them are positives].
   */
  sampleColumns(
    numRows: number,
    targets: Csr,
    numColumns: number,
    numNegatives: number,
    seed: number,
    scratch: Uint32Array,
    out: Uint32Array,
  ): [numChosen: number, numPositives: number];
  /**
   * Interleaves scores of one world for topLabels: out[worldOffset + b·lanes + q] ← x[firstRow + q, b] for
   * q < numQueries, 0 for the lanes above. lanes = 1 if numQueries is 1, else QUERY_LANES. x [≥ firstRow + numQueries, B].
   */
  packScores(
    numQueries: number,
    numBuckets: number,
    firstRow: number,
    x: Float32Array,
    worldOffset: number,
    out: Float32Array,
  ): void;
  /**
   * Exact top k labels by a scan over all L, hashing on the fly (no table): score(l) = merge over worlds r, in order of
   * r and in f32, of scores[r, h_r(l), q], plus the prior. "median" of an even number is the mean of the middle two.
   * Best first, ties by smaller label id; labels with score −Infinity or NaN are left out. At most MAX_WORLDS worlds.
   * Writes outLabels and outScores [numQueries, k]; @returns how many results each query has [numQueries] (≤ k).
   */
  topLabels(input: TopLabelsInput, outLabels: Uint32Array, outScores: Float32Array): Uint32Array;
}

/**
 * The counter-based generator behind dropout, fillUniform and sampleColumns, equal in all backends:
 * counterHash(seed, index) = mix32(mix32(index) ^ mix32(seed)), unsigned; mix32 is in core/rng.ts.
 */
export type CounterHash = (seed: number, index: number) => number;
