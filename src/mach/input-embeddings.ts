/**
 * @file How does a world start from what words mean? Rows of its input layer are word vectors, seen from a random side.
 *
 *   W[u, :] ← (s/√3)·√d·(e_u·G)      e_u [d]: the feature's vector, length 1; G [d, H]: N(0, 1/d), other in each world
 *
 * G keeps angles between words (nearly: the more so, the larger H), whatever d and H are, and shows each world another side
 * of them, so that worlds stay as different as random weights make them. Numbers have the spread that uniform ones in
 * ±s would have. Features without a vector keep their random row.
 *
 * Source: Johnson and Lindenstrauss, "Extensions of Lipschitz mappings into a Hilbert space", 1984, for G. Starting a
 * network's first layer from word vectors: Collobert et al., "Natural language processing (almost) from scratch", JMLR 2011.
 */
import type { Kernels } from "../kernels/contract.js";
import type { SeedSource } from "../nn/init.js";

/** Vectors of some of a model's features; plain data, to be shared by threads. */
export interface InputEmbeddings {
  /** [n] features, ascending. */
  readonly features: Uint32Array;
  /** [n, dimension], rows of length 1. */
  readonly vectors: Float32Array;
  readonly dimension: number;
}

/** Rows projected at once. */
const BLOCK_ROWS = 1024;

/** Overwrites rows of `weight` [D, width]. Takes one number of `rng`. `spread` is s. */
export function startFromEmbeddings(
  kernels: Kernels,
  { features, vectors, dimension }: InputEmbeddings,
  weight: Float32Array,
  width: number,
  { spread, rng }: { readonly spread: number; readonly rng: SeedSource },
): void {
  const projection = kernels.f32(dimension * width);
  kernels.fillNormal(projection.length, rng.nextUint32(), projection);
  kernels.axpby(projection.length, spread / Math.sqrt(3), projection, 0, projection);
  const rows = Math.min(BLOCK_ROWS, features.length);
  const [block, projected] = [kernels.f32(rows * dimension), kernels.f32(rows * width)];
  for (let first = 0; first < features.length; first += rows) {
    const count = Math.min(rows, features.length - first);
    block.set(vectors.subarray(first * dimension, (first + count) * dimension));
    kernels.gemm({ m: count, n: width, k: dimension }, block, projection, projected, "overwrite");
    for (let i = 0; i < count; i++) {
      weight.set(projected.subarray(i * width, (i + 1) * width), features[first + i] * width);
    }
  }
}
