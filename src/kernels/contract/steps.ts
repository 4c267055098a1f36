/** @file One step of an optimiser, dense or on some rows. */
import type { CompactTranspose } from "./arrays.js";

/** Rows of a parameter that a step updates: all (`null`), or `count` row numbers whose gradients are stored compactly. */
export interface RowList {
  /** [≥ count] row numbers of the parameter, distinct. */
  readonly ids: Uint32Array;
  /** Rows of the step: how many of `ids` are used. */
  readonly count: number;
}

/** Shape and extent of one optimiser step. */
export interface StepDims {
  /** Columns of a row; for a dense step of n numbers use rows = null and cols = n. */
  readonly cols: number;
  /** Gradient row i belongs to parameter row rows.ids[i]; null: parameter and gradient are dense, `cols` numbers. */
  readonly rows: RowList | null;
}

/** Options of `sgdStep`. */
export interface SgdOptions {
  readonly learningRate: number;
  /** Velocity v ← momentum·v + g; ignored without a velocity array. */
  readonly momentum: number;
  /** Step along g + momentum·v instead of v. */
  readonly nesterov: boolean;
  /** L2: g ← g + weightDecay·w before anything else. */
  readonly weightDecay: number;
}

/** Options of `adagradStep`. */
export interface AdagradOptions {
  readonly learningRate: number;
  /** ε, added to the root, so that a gradient of 0 is no 0/0. */
  readonly epsilon: number;
  /** L2: g ← g + weightDecay·w before anything else. */
  readonly weightDecay: number;
}

/** Options of `adamStep` and `csrAdamStep`. */
export interface AdamOptions {
  readonly learningRate: number;
  /** β₁, how much of the first moment m a step keeps: m ← β₁m + (1 − β₁)g. */
  readonly beta1: number;
  /** β₂, how much of the second moment v a step keeps: v ← β₂v + (1 − β₂)g². */
  readonly beta2: number;
  /** ε, added to the root of the corrected second moment. */
  readonly epsilon: number;
  /** Decoupled (AdamW): w ← w − learningRate·weightDecay·w. */
  readonly weightDecay: number;
  /** 1 for the first step; used for bias correction. */
  readonly step: number;
}

/** Options of `rowRmsStep` and `csrRowRmsStep`. */
export interface RowRmsOptions {
  readonly learningRate: number;
  /** β₂, how much of the second moment a step keeps. */
  readonly beta2: number;
  /** ε, added to the root of the corrected second moment. */
  readonly epsilon: number;
  /** Decoupled, on the rows of the step. */
  readonly weightDecay: number;
  /** 1 for the first step; used for bias correction. */
  readonly step: number;
}

/** Options of `asgdStep`. */
export interface AsgdOptions {
  /** Of this step. */
  readonly learningRate: number;
  /** L2: g ← g + weightDecay·w before anything else. */
  readonly weightDecay: number;
  /** 1 for the first step. */
  readonly step: number;
  /** Steps before the average begins; until then it is the parameter. */
  readonly averagingStart: number;
}

/** Options of `adadeltaStep`. */
export interface AdadeltaOptions {
  /** Factor of the move. The paper (Zeiler, 2012) has none, that is 1. */
  readonly learningRate: number;
  /** ρ, how much of the means s and u a step keeps. */
  readonly rho: number;
  /** ε, added to both means before their roots; without it nothing would ever move. */
  readonly epsilon: number;
  /** L2: g ← g + weightDecay·w before anything else. */
  readonly weightDecay: number;
}

/** Options of `rmspropStep`. */
export interface RmspropOptions {
  readonly learningRate: number;
  /** α, how much of the means a step keeps. */
  readonly alpha: number;
  /** v ← momentum·v + …; ignored without a velocity array. */
  readonly momentum: number;
  /** ε, added to the root. */
  readonly epsilon: number;
  /** L2: g ← g + weightDecay·w before anything else. */
  readonly weightDecay: number;
}

/**
 * Steps of optimisers. `w` and state arrays are whole parameters and updated, `g` is read: dense or compact, as
 * dims.rows says. Untouched rows do not move: with rows, momentum, weight decay and moments of absent rows wait
 * ("lazy") until the row occurs again.
 */
export interface StepKernels {
  /**
   * v ← momentum·v + g; w ← w − lr·v, or with Nesterov w ← w − lr·(g + momentum·v). Without `velocity` (null)
   * w ← w − lr·g.
   */
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
   * The bits of csrGradRows and of adamStep on rows `x.columns[0 … count)` of w, m and v [D, H], in one pass: a row of the
   * gradient is written to `row` [≥ H], used, and forgotten.
   */
  csrAdamStep(
    count: number,
    cols: number,
    x: CompactTranspose,
    dy: Float32Array,
    row: Float32Array,
    w: Float32Array,
    m: Float32Array,
    v: Float32Array,
    options: AdamOptions,
  ): void;
  /**
   * One second moment a row, v [rows of w], and no first: v ← β₂v + (1 − β₂)·mean of g² over the row's columns;
   * w ← w − lr·weightDecay·w − lr·g / (√(v/(1 − β₂ᵗ)) + ε). State of a [D, H] layer: D numbers.
   */
  rowRmsStep(dims: StepDims, w: Float32Array, g: Float32Array, v: Float32Array, options: RowRmsOptions): void;
  /**
   * The bits of csrGradRows and of rowRmsStep on rows `x.columns[0 … count)` of w [D, H], in one pass: a row of the
   * gradient is written to `row` [≥ H], used, and forgotten. Half the memory traffic of the two.
   */
  csrRowRmsStep(
    count: number,
    cols: number,
    x: CompactTranspose,
    dy: Float32Array,
    row: Float32Array,
    w: Float32Array,
    v: Float32Array,
    options: RowRmsOptions,
  ): void;
  /**
   * w ← w − lr·g; average ← average + (w − average)/max(1, step − averagingStart). With rows, `last` [rows of w] is the
   * step that each row's average is of (0 at first): the steps in which it stood still are made up for first. Dense: null.
   */
  asgdStep(
    dims: StepDims,
    w: Float32Array,
    g: Float32Array,
    average: Float32Array,
    last: Float32Array | null,
    options: AsgdOptions,
  ): void;
  /** s ← ρs + (1 − ρ)g²; Δ = √((u + ε)/(s + ε))·g; u ← ρu + (1 − ρ)Δ²; w ← w − lr·Δ. */
  adadeltaStep(
    dims: StepDims,
    w: Float32Array,
    g: Float32Array,
    s: Float32Array,
    u: Float32Array,
    options: AdadeltaOptions,
  ): void;
  /**
   * s ← αs + (1 − α)g²; mean ← α·mean + (1 − α)g; v ← momentum·v + g/(√max(0, s − mean²) + ε); w ← w − lr·v. Without
   * `mean` (null) nothing is subtracted from s; without `velocity` (null) there is no momentum.
   */
  rmspropStep(
    dims: StepDims,
    w: Float32Array,
    g: Float32Array,
    s: Float32Array,
    mean: Float32Array | null,
    velocity: Float32Array | null,
    options: RmspropOptions,
  ): void;
  /** x ← min(limit, max(−limit, x)), `length` numbers; limit ≥ 0. NaN stays NaN. */
  clampValues(length: number, limit: number, x: Float32Array): void;
}
