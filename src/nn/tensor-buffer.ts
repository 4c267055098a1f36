/**
 * @file Where do outputs and gradients live? In buffers that a module owns, grows and reuses.
 *
 *   batch of 64 rows   │ 64·H ················│
 *   batch of 17 rows   │ 17·H ····│  (same array, `shape` says how much of it counts)
 *
 * A training step allocates nothing once the largest batch was seen: arrays double when they are too small and are
 * otherwise reused, and `shape` is changed in place. So a tensor given out is valid only until its module runs again.
 * Grown arrays start from scratch: earlier contents are not kept, since every user overwrites them.
 */
import type { Kernels } from "../kernels/contract.js";
import { checkKernels } from "./kernels-check.js";
import type { Tensor } from "./module.js";

/** An array of at least `length` numbers: `array` itself if it is long enough, else a zeroed one, at least doubled. */
export function atLeastF32(kernels: Pick<Kernels, "f32">, array: Float32Array, length: number): Float32Array {
  return length <= array.length ? array : kernels.f32(Math.max(length, 2 * array.length));
}

/** As `atLeastF32`, for integers. */
export function atLeastU32(kernels: Pick<Kernels, "u32">, array: Uint32Array, length: number): Uint32Array {
  return length <= array.length ? array : kernels.u32(Math.max(length, 2 * array.length));
}

/** A tensor whose array and shape are reused from batch to batch. */
export class TensorBuffer implements Tensor {
  /** [≥ product of `shape`]; another array once it had to grow, so read it anew after each resize. */
  data: Float32Array;
  readonly shape: number[];
  private readonly kernels: Pick<Kernels, "f32">;

  /** @throws {ConfigError} for what are no kernels: the first argument of nearly all modules comes here. */
  constructor(kernels: Pick<Kernels, "f32">) {
    checkKernels("TensorBuffer", kernels);
    this.kernels = kernels;
    this.data = new Float32Array(0);
    this.shape = [];
  }

  /** Becomes [rows, cols]; contents are undefined. */
  resize(rows: number, cols: number): void {
    this.shape.length = 2;
    this.shape[0] = rows;
    this.shape[1] = cols;
    this.data = atLeastF32(this.kernels, this.data, rows * cols);
  }

  /** Takes the shape of `tensor`; contents are undefined. @returns how many numbers that are. */
  resizeLike(tensor: Tensor): number {
    return this.resizeTo(tensor.shape);
  }

  /** Takes `shape`, of any number of dimensions; contents are undefined. @returns how many numbers that are. */
  resizeTo(shape: readonly number[]): number {
    let length = 1;
    this.shape.length = shape.length;
    for (let i = 0; i < shape.length; i++) {
      this.shape[i] = shape[i];
      length *= shape[i];
    }
    this.data = atLeastF32(this.kernels, this.data, length);
    return length;
  }
}
