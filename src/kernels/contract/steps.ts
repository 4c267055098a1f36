/** @file One step of an optimiser, dense or on some rows. */

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

export interface StepKernels {
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
}
