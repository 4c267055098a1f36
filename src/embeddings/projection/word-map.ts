/** @file From word vectors to a flat picture of some of them, as SVG. */
import { ConfigError } from "../../core/errors.js";
import type { Kernels } from "../../kernels/contract.js";
import { scatterChart } from "../../plot/scatter-chart.js";
import type { WordVectors } from "../word-vectors.js";
import { projectOnComponents } from "./principal-components.js";
import { type TsneOptions, tsne } from "./tsne.js";

/** `tsne` keeps neighbours together; `pca` keeps the two directions in which the words differ most. */
export const PROJECTION_METHODS = ["tsne", "pca"] as const;
/** How vectors become points on a plane. */
export type ProjectionMethod = (typeof PROJECTION_METHODS)[number];

/** Words as points on a plane: what `wordMap` draws. */
export interface WordProjection {
  /** [N] in the order of the indices that were asked for. */
  readonly words: readonly string[];
  /** [N, 2] */
  readonly points: Float64Array;
  readonly method: ProjectionMethod;
  /** Principal components: the shares of the variance that they hold. */
  readonly shares: readonly [number, number] | null;
}

/**
 * Places the words of the rows `indices` on a plane, by t-SNE unless told otherwise. Works on directions: rows scaled
 * to length 1. @throws {ConfigError} for fewer than 2 words, and with t-SNE for more than MAX_TSNE_POINTS.
 */
export function projectWords(
  vectors: WordVectors,
  indices: readonly number[],
  kernels: Kernels,
  method: ProjectionMethod = "tsne",
  options: TsneOptions = {},
): WordProjection {
  if (indices.length < 2) throw new ConfigError(`projectWords: expected at least 2 words, got ${indices.length}`);
  const { normalized, dimension } = vectors;
  const n = indices.length;
  const rows = new Float32Array(n * dimension);
  for (const [i, index] of indices.entries()) {
    rows.set(normalized.subarray(index * dimension, (index + 1) * dimension), i * dimension);
  }
  const words = indices.map((index) => vectors.words[index]);
  const components = projectOnComponents(rows, n, dimension, kernels);
  if (method === "pca") return { words, method, points: components.points, shares: components.shares };
  const squares = new Float32Array(n * n);
  kernels.gemm({ m: n, n, k: dimension, transposeB: true }, rows, rows, squares, "overwrite");
  for (let k = 0; k < squares.length; k++) squares[k] = Math.max(0, 2 - 2 * squares[k]);
  return { words, method, points: tsne(squares, components.points, options), shares: null };
}

/** The projection as the text of an SVG file; words that come first get their labels first. */
export function wordMap({ words, points, method, shares }: WordProjection, title: string): string {
  const percent = (share: number): string => `${(100 * share).toFixed(1)} % of the variance`;
  const size = words.length > 150 ? { width: 1200, height: 900 } : { width: 900, height: 680 };
  return scatterChart({
    title,
    points: words.map((label, i) => ({ x: points[2 * i], y: points[2 * i + 1], label })),
    caption:
      shares === null
        ? `${method === "tsne" ? "t-SNE" : method}: near words are neighbours, distances between groups mean little`
        : `principal components: ${percent(shares[0])} across, ${percent(shares[1])} up`,
    ...size,
  });
}
