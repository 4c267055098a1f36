/**
 * @file What are embeddings before they learn? Rows of uniform numbers, of norm about 1.
 *
 * A row's size follows from its own length, not from how many rows there are, which says nothing about what is summed:
 * each number is uniform in ±√(3/H), of variance 1/H.
 */
import { ConfigError } from "../../core/index.js";
import type { Kernels } from "../../kernels/contract.js";
import type { SeedSource } from "../init.js";
import type { InitialValues } from "../parameter.js";

/** How rows of embeddings start. */
export interface EmbeddingOptions {
  /** Half the width of the uniform distribution; 0 gives zeros. Default null: √(3/H), so that rows have norm about 1. */
  readonly spread: number | null;
}

/** What layers of embeddings take where an option is left out. */
export const EMBEDDING_DEFAULTS: EmbeddingOptions = { spread: null };

/** Weights [numRows, cols], not drawn yet. Draws exactly one number from `rng`. @throws {ConfigError} naming the layer. */
export function embeddingWeights(
  layer: string,
  kernels: Pick<Kernels, "fillUniform">,
  rng: SeedSource,
  numRows: number,
  cols: number,
  spread: number | null,
): InitialValues {
  for (const [name, n] of [
    ["rows", numRows],
    ["columns", cols],
  ] as const) {
    if (Number.isInteger(n) && n > 0) continue;
    throw new ConfigError(`${layer}: expected a positive whole number of ${name}, got ${n}; check the model's options`);
  }
  const bound = spread ?? Math.sqrt(3 / cols);
  if (!(bound >= 0 && bound < Infinity)) {
    throw new ConfigError(`${layer}: expected a finite spread of at least 0, got ${spread}; null chooses one`);
  }
  const [length, seed] = [numRows * cols, rng.nextUint32()];
  return { length, writeInto: (out) => kernels.fillUniform(length, -bound, bound, seed, out) };
}
