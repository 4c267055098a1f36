/**
 * @file The compiled operations as TypeScript sees them: kernels/ops.h, argument for argument.
 *
 * A `Pointer` is what a backend passes for an array: the array itself (native) or its address (WASM). The conversion,
 * with the check that the array is long enough, is the `Bridge`'s; the rest of this folder builds the contract's
 * operations on both, once for all compiled backends.
 */
import type { Kernels } from "../contract.js";
import type { FlatBlockOperations } from "./blocks.js";
import type { FlatCollisionOperations } from "./collisions.js";
import type { FlatOutputOperations } from "./flat-output-operations.js";
import type { FlatGatingOperations } from "./gating.js";
import type { FlatGloveOperations } from "./glove.js";
import type { FlatLossOperations } from "./losses.js";
import type { FlatNormalizationOperations } from "./normalization.js";
import type { FlatPartOperations } from "./parts.js";
import type { FlatPassOperations } from "./passes.js";
import type { FlatPointwiseOperations } from "./pointwise.js";
import type { FlatQuantizedOperations } from "./quantized.js";
import type { FlatRowOperations } from "./rows.js";
import type { FlatSampledOperations } from "./sampled.js";
import type { FlatSpatialOperations } from "./spatial.js";
import type { FlatStepOperations } from "./steps.js";
import type { FlatWordOperations } from "./words.js";

export type AnyArray = Float32Array | Uint32Array | Uint8Array;
export type Pointer = AnyArray | number | null;

/** Flags and forms are numbers: `accumulate` 0 or 1, forms and kinds in the order of the enums in ops.h. */
export interface FlatOperations
  extends FlatBlockOperations,
    FlatCollisionOperations,
    FlatGatingOperations,
    FlatGloveOperations,
    FlatLossOperations,
    FlatNormalizationOperations,
    FlatOutputOperations,
    FlatPartOperations,
    FlatPassOperations,
    FlatPointwiseOperations,
    FlatQuantizedOperations,
    FlatRowOperations,
    FlatSampledOperations,
    FlatSpatialOperations,
    FlatStepOperations,
    FlatWordOperations {
  f32_gemm(
    form: number,
    m: number,
    n: number,
    k: number,
    a: Pointer,
    b: Pointer,
    bias: Pointer,
    c: Pointer,
    accumulate: number,
  ): void;
  f32_add_bias(rows: number, cols: number, bias: Pointer, x: Pointer): void;
  f32_add_bias_relu(rows: number, cols: number, bias: Pointer, x: Pointer): void;
  f32_sum_rows(rows: number, cols: number, x: Pointer, out: Pointer, accumulate: number): void;
  f32_relu(n: number, x: Pointer, out: Pointer): void;
  f32_relu_grad(n: number, y: Pointer, dy: Pointer, dx: Pointer): void;
  f32_axpby(n: number, alpha: number, x: Pointer, beta: number, y: Pointer): void;
  f32_dropout(n: number, threshold: number, scale: number, seed: number, first: number, x: Pointer, out: Pointer): void;
  f32_fill_uniform(n: number, low: number, high: number, seed: number, out: Pointer): void;
  f32_activate(kind: number, rows: number, cols: number, x: Pointer): void;
  csr_fault(rows: number, offsets: Pointer, columns: Pointer, available: number, numColumns: number): number;
  ids_fault(count: number, ids: Pointer, limit: number): number;
  csr_gather_rows(
    numRows: number,
    offsets: Pointer,
    columns: Pointer,
    values: Pointer,
    available: number,
    ids: Pointer,
    count: number,
    outOffsets: Pointer,
    outColumns: Pointer,
    outValues: Pointer,
    room: number,
  ): number;
  csr_gemm(
    rows: number,
    cols: number,
    offsets: Pointer,
    columns: Pointer,
    values: Pointer,
    w: Pointer,
    y: Pointer,
    accumulate: number,
  ): void;
  csr_compact_transpose(
    rows: number,
    offsets: Pointer,
    columns: Pointer,
    values: Pointer,
    slotOf: Pointer,
    outColumns: Pointer,
    outOffsets: Pointer,
    outRows: Pointer,
    outValues: Pointer,
  ): number;
  csr_grad_rows(
    numColumns: number,
    cols: number,
    offsets: Pointer,
    rows: Pointer,
    values: Pointer,
    dy: Pointer,
    dw: Pointer,
  ): void;
  f32_gather_rows(count: number, cols: number, ids: Pointer, src: Pointer, out: Pointer): void;
  f32_softmax_cross_entropy: CrossEntropy;
  f32_sigmoid_cross_entropy: CrossEntropy;
  f32_sgd_step(
    cols: number,
    count: number,
    ids: Pointer,
    w: Pointer,
    g: Pointer,
    velocity: Pointer,
    rate: number,
    momentum: number,
    nesterov: number,
    decay: number,
  ): void;
  f32_adagrad_step(
    cols: number,
    count: number,
    ids: Pointer,
    w: Pointer,
    g: Pointer,
    s: Pointer,
    rate: number,
    epsilon: number,
    decay: number,
  ): void;
  f32_adam_step(
    cols: number,
    count: number,
    ids: Pointer,
    w: Pointer,
    g: Pointer,
    m: Pointer,
    v: Pointer,
    stepSize: number,
    beta1: number,
    beta2: number,
    rootScale: number,
    epsilon: number,
    decay: number,
  ): void;
  csr_adam_step(
    count: number,
    cols: number,
    ids: Pointer,
    offsets: Pointer,
    rows: Pointer,
    values: Pointer,
    dy: Pointer,
    row: Pointer,
    w: Pointer,
    m: Pointer,
    v: Pointer,
    stepSize: number,
    beta1: number,
    beta2: number,
    rootScale: number,
    epsilon: number,
    decay: number,
  ): void;
  csr_row_rms_step(
    count: number,
    cols: number,
    ids: Pointer,
    offsets: Pointer,
    rows: Pointer,
    values: Pointer,
    dy: Pointer,
    row: Pointer,
    w: Pointer,
    v: Pointer,
    rate: number,
    beta2: number,
    rootScale: number,
    epsilon: number,
    decay: number,
  ): void;
  f32_row_rms_step(
    cols: number,
    count: number,
    ids: Pointer,
    w: Pointer,
    g: Pointer,
    v: Pointer,
    rate: number,
    beta2: number,
    rootScale: number,
    epsilon: number,
    decay: number,
  ): void;
  u32_hash_labels(
    a: number,
    c: number,
    p: number,
    numBuckets: number,
    count: number,
    labels: Pointer,
    out: Pointer,
  ): void;
  u32_hash_targets(
    a: number,
    c: number,
    p: number,
    numBuckets: number,
    rows: number,
    labelOffsets: Pointer,
    labelIds: Pointer,
    binary: number,
    outOffsets: Pointer,
    outColumns: Pointer,
    outValues: Pointer,
  ): number;
  f32_pack_scores(
    numQueries: number,
    numBuckets: number,
    firstRow: number,
    x: Pointer,
    worldOffset: number,
    out: Pointer,
  ): void;
  f32_top_labels(
    scores: Pointer,
    numQueries: number,
    numWorlds: number,
    hashes: Pointer,
    p: number,
    numBuckets: number,
    numLabels: number,
    merge: number,
    codes: Pointer,
    bias: Pointer,
    allowed: Pointer,
    k: number,
    outLabels: Pointer,
    outScores: Pointer,
    outCounts: Pointer,
  ): void;
  retrieve_labels_scratch(numWorlds: number, numBuckets: number): number;
  f32_retrieve_labels(
    dims: Pointer,
    scores: Pointer,
    hashes: Pointer,
    codes: Pointer,
    bias: Pointer,
    allowed: Pointer,
    scanCost: number,
    scratch: Pointer,
    outLabels: Pointer,
    outScores: Pointer,
    outStats: Pointer,
  ): void;
  /** For benches only: multiplies and adds `count` times; @returns floating-point operations done. */
  f32_probe(count: number): number;
}

type CrossEntropy = (
  rows: number,
  cols: number,
  x: Pointer,
  offsets: Pointer,
  columns: Pointer,
  values: Pointer,
  gradScale: number,
  grad: Pointer,
) => number;

/** Carries arrays to the flat operations of one backend, and results back. */
export interface Bridge {
  readonly flat: FlatOperations;
  /** Starts an operation: forgets what an earlier one left behind. */
  begin(): void;
  /** For an array that is read, [≥ length]. @throws {RangeError} if it is shorter; `what` names it. */
  read(what: string, array: AnyArray, length: number): Pointer;
  /** For an array whose first `length` elements are all written and never read. */
  write(what: string, array: AnyArray, length: number): Pointer;
  /** For an array that is read and written, or written in part. */
  update(what: string, array: AnyArray, length: number): Pointer;
  /** Ends an operation: what was written reaches its arrays. */
  end(): void;
}

/** The bridge's own check. */
export function checkExtent(what: string, array: AnyArray, length: number): void {
  if (!(array.length >= length)) {
    throw new RangeError(`${what}: expected at least ${length} elements, got ${array.length}`);
  }
}

/** The operations of the contract, less allocation and information. */
type MemoryNames = "info" | "f32" | "u32" | "u8" | "sharedF32" | "sharedU32" | "adopt" | "dispose";
export type Operations = Omit<Kernels, MemoryNames>;
