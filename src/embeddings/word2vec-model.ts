/**
 * @file A vocabulary and options become what the kernel trains: matrices, and tables to draw from.
 *
 *   input [V, stride]    uniform in (−½, ½)/dim         the vectors that training is for
 *   output [V, stride]   zeros                          negative sampling: what a centre word looks like from its window
 *   nodes [V − 1, stride] zeros                         hierarchical softmax: one logistic regression a node
 *   stride = dim rounded up to 16 numbers, so that rows are whole cache lines; the rest of a row is zero
 *
 *   keep[w] = (√(f/sample) + 1)·sample/f of 2³², f the word's share of the text     sub-sampling
 *   draws: alias table of counts^¾                                                  negatives
 *
 * Source: Mikolov et al., "Distributed Representations of Words and Phrases and their Compositionality", NIPS 2013, §2;
 * the keeping probability is the C tool's, not the paper's √(sample/f).
 */
import { ConfigError } from "../core/errors.js";
import { Rng } from "../core/rng.js";
import type { Kernels, WordModel } from "../kernels/contract.js";
import { MOST_WORD_TARGETS } from "../kernels/contract.js";
import { aliasTable } from "../nn/output/alias-table.js";
import { HuffmanCode } from "../nn/output/huffman-code.js";
import type { Vocabulary } from "./vocabulary.js";
import type { Word2VecOptions } from "./word2vec-options.js";

/** Where the model's arrays stand: one thread's memory, or memory that threads share. Zeroed. */
export interface WordMemory {
  f32(length: number): Float32Array;
  u32(length: number): Uint32Array;
}

/** Negatives are drawn by counts to this power. */
const DRAW_POWER = 0.75;
const CACHE_LINE_FLOATS = 16;

/** An untrained model. @throws {ConfigError} if the vocabulary has one word, or the tree is too deep. */
export function createWordModel(
  kernels: Kernels,
  memory: WordMemory,
  { counts, numTokens }: Pick<Vocabulary, "counts" | "numTokens">,
  options: Word2VecOptions,
): WordModel {
  const { dimension: dim, window, sample, negative, hierarchicalSoftmax } = options;
  const numWords = counts.length;
  if (numWords < 2) throw new ConfigError(`word2vec: expected a vocabulary of two words or more, got ${numWords}`);
  const stride = Math.ceil(dim / CACHE_LINE_FLOATS) * CACHE_LINE_FLOATS;
  const u32 = (values: Uint32Array): Uint32Array => {
    const array = memory.u32(values.length);
    array.set(values);
    return array;
  };
  const f32 = (values: Float32Array): Float32Array => {
    const array = memory.f32(values.length);
    array.set(values);
    return array;
  };
  const input = memory.f32(numWords * stride);
  kernels.fillUniform(input.length, -0.5 / dim, 0.5 / dim, Rng.derive(options.seed, "word2vec").nextUint32(), input);
  for (let row = dim; row < input.length; row += stride) input.fill(0, row, row + stride - dim);
  const draws = negative > 0 ? aliasTable(counts.map((count) => count ** DRAW_POWER)) : null;
  const paths = hierarchicalSoftmax ? pathsOf(counts, negative) : null;
  return {
    dim,
    stride,
    numWords,
    window,
    isCbow: options.architecture === "cbow",
    keep: u32(keepThresholds(counts, numTokens, sample)),
    input,
    negatives: draws && {
      count: negative,
      draws: { thresholds: u32(draws.thresholds), aliases: u32(draws.aliases) },
      output: memory.f32(numWords * stride),
    },
    tree: paths && {
      paths: { offsets: u32(paths.offsets), columns: u32(paths.columns), values: f32(paths.values) },
      nodes: memory.f32((numWords - 1) * stride),
    },
  };
}

function pathsOf(counts: Float64Array, negative: number): HuffmanCode["paths"] {
  const { paths, maxDepth } = new HuffmanCode(counts);
  const most = MOST_WORD_TARGETS - (negative > 0 ? 1 + negative : 0);
  if (maxDepth <= most) return paths;
  throw new ConfigError(
    `word2vec: expected paths of at most ${most} nodes in the tree, got ${maxDepth}; use fewer negatives or a greater minCount`,
  );
}

/** [V] a word is kept when a draw of 32 bits is at most this. */
export function keepThresholds(counts: ArrayLike<number>, numTokens: number, sample: number): Uint32Array {
  const all = 2 ** 32 - 1;
  return Uint32Array.from(counts, (count) => {
    const ratio = (sample * numTokens) / count;
    return sample === 0 || count === 0 ? all : Math.min(all, (Math.sqrt(1 / ratio) + 1) * ratio * 2 ** 32);
  });
}

/** The vectors without the rows' padding: [V, dim]. */
export function unpadVectors(kernels: Kernels, { input, numWords, dim, stride }: WordModel): Float32Array {
  const vectors = new Float32Array(numWords * dim);
  if (stride === dim) vectors.set(input.subarray(0, vectors.length));
  else
    kernels.copyBlock({ rows: numWords, cols: dim }, input, { offset: 0, stride }, vectors, { offset: 0, stride: dim });
  return vectors;
}
