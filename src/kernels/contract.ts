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
import type { BlockKernels } from "./contract/blocks.js";
import type { CollisionKernels } from "./contract/collisions.js";
import type { DenseKernels } from "./contract/dense.js";
import type { GatingKernels } from "./contract/gating.js";
import type { GloveKernels } from "./contract/glove.js";
import type { LabelKernels } from "./contract/labels.js";
import type { LossKernels } from "./contract/losses.js";
import type { NormalizationKernels } from "./contract/normalization.js";
import type { OutputKernels } from "./contract/output.js";
import type { PartKernels } from "./contract/parts.js";
import type { PassKernels } from "./contract/passes.js";
import type { PointwiseKernels } from "./contract/pointwise.js";
import type { QuantizedKernels } from "./contract/quantized.js";
import type { RowKernels } from "./contract/rows.js";
import type { SampledKernels } from "./contract/sampled.js";
import type { SparseKernels } from "./contract/sparse.js";
import type { SpatialKernels } from "./contract/spatial.js";
import type { StepKernels } from "./contract/steps.js";
import type { WordKernels } from "./contract/words.js";

export * from "./contract/arrays.js";
export * from "./contract/blocks.js";
export * from "./contract/collisions.js";
export * from "./contract/dense.js";
export * from "./contract/gating.js";
export * from "./contract/glove.js";
export * from "./contract/labels.js";
export * from "./contract/losses.js";
export * from "./contract/normalization.js";
export * from "./contract/output.js";
export * from "./contract/parts.js";
export * from "./contract/passes.js";
export * from "./contract/pointwise.js";
export * from "./contract/quantized.js";
export * from "./contract/rows.js";
export * from "./contract/sampled.js";
export * from "./contract/sparse.js";
export * from "./contract/spatial.js";
export * from "./contract/steps.js";
export * from "./contract/words.js";

/** What computes: backend, instruction set, inner kernel. */
export interface KernelInfo {
  readonly backend: "native" | "wasm" | "reference";
  /** Instruction set in use: avx512, avx2, x86_64, arm64, simd128, f64. */
  readonly isa: string;
  /** Name of the gemm inner kernel, as benches and profiles print it. */
  readonly gemm: string;
  /** Why the backend is not the native one, when nobody chose it. */
  readonly fallbackReason?: string;
}

/** All operations of one backend, and the memory that it reaches. Each thread has its own. */
export interface Kernels
  extends BlockKernels,
    CollisionKernels,
    DenseKernels,
    GatingKernels,
    GloveKernels,
    LabelKernels,
    LossKernels,
    NormalizationKernels,
    OutputKernels,
    PartKernels,
    PassKernels,
    PointwiseKernels,
    QuantizedKernels,
    RowKernels,
    SampledKernels,
    SparseKernels,
    SpatialKernels,
    StepKernels,
    WordKernels {
  readonly info: KernelInfo;

  /** Zeroed memory that this backend reaches without a copy. @throws {RangeError} when the backend's memory is exhausted. */
  f32(length: number): Float32Array;
  /** As `f32`. */
  u32(length: number): Uint32Array;
  /** As `f32`. */
  u8(length: number): Uint8Array;
  /**
   * As `f32`, on memory that other threads reach too when they are given the array; `dispose` leaves it alone. Pages
   * that nothing touches take no memory. @throws {ConfigError} from WASM kernels: each thread's have their own.
   */
  sharedF32(length: number): Float32Array;
  /** As `sharedF32`. */
  sharedU32(length: number): Uint32Array;
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
}

/**
 * The counter-based generator behind dropout, fillUniform and sampleColumns, equal in all backends:
 * counterHash(seed, index) = mix32(mix32(index) ^ mix32(seed)), unsigned; mix32 is in core/rng.ts.
 */
export type CounterHash = (seed: number, index: number) => number;
