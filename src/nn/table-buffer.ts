/**
 * @file Where do tables of outputs and gradients live? In tensors that a module owns, as many as its largest table had.
 *
 *   table of 5   │ t₀ │ t₁ │ t₂ │ t₃ │ t₄ │
 *   table of 2   │ t₀ │ t₁ │  (the others wait for the next table that needs them)
 *
 * As TensorBuffer for single tensors: WASM never frees its memory, so what a shorter table leaves unused is kept.
 */
import type { Kernels } from "../kernels/contract.js";
import { TensorBuffer } from "./tensor-buffer.js";

/** Tensors whose arrays, shapes and number are reused from batch to batch. */
export class TableBuffer {
  /** What a module gives out: as many tensors as the last `resize` said. */
  readonly tensors: TensorBuffer[];
  private readonly kept: TensorBuffer[];
  private readonly kernels: Pick<Kernels, "f32">;

  constructor(kernels: Pick<Kernels, "f32">) {
    this.kernels = kernels;
    this.tensors = [];
    this.kept = [];
  }

  /** Becomes a table of `length` tensors, whose shapes and contents are those of an earlier table. */
  resize(length: number): void {
    while (this.kept.length < length) this.kept.push(new TensorBuffer(this.kernels));
    this.tensors.length = length;
    for (let t = 0; t < length; t++) this.tensors[t] = this.kept[t];
  }
}
