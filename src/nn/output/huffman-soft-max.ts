/**
 * @file Which of L labels, in log L yes-or-no questions? A Huffman tree with a logistic regression at each node.
 *
 *   P(label | x) = Π over the nodes v of its path of σ(±(W[v]·x + b[v]))      + for code 1, − for code 0
 *   loss = 1/N · Σᵢ Σ labels t·Σ nodes −ln σ(±z)                              probabilities of all labels sum to 1
 *
 *   step      the batch's paths, one sparse matrix [N, L − 1] → csrDots → logistic loss → row-sparse gradients
 *   top k     best-first search from the root: probabilities only fall on the way down, so the first k leaves that
 *             leave the queue are the answer, exactly
 *
 * Frequent labels stand near the root, so that a step costs N·(entropy of the labels)·H products, whatever L is. What is
 * lost: a label's probability is a chain of decisions made for unlike labels together, and quality suffers against a
 * full softmax.
 *
 * Sources: Morin, Bengio, "Hierarchical Probabilistic Neural Network Language Model", AISTATS 2005; with Huffman's tree:
 * Mikolov, Sutskever, Chen, Corrado, Dean, "Distributed Representations of Words and Phrases and their
 * Compositionality", NIPS 2013, §2.1.
 * Differs from the papers: nodes have a bias, so that a tree without inputs can hold the labels' frequencies.
 */
import { ConfigError } from "../../core/index.js";
import type { Csr, Kernels } from "../../kernels/contract.js";
import type { InitOptions, SeedSource } from "../init.js";
import type { SparseBatch, Tensor } from "../module.js";
import type { Parameter } from "../parameter.js";
import { atLeastF32, atLeastU32 } from "../tensor-buffer.js";
import { ChosenDots } from "./chosen-dots.js";
import { HuffmanCode } from "./huffman-code.js";
import { OutputCriterion } from "./output-criterion.js";

/** What shapes the tree, and how weights start. */
export interface HuffmanSoftMaxOptions extends InitOptions {
  /** [L] how often each label occurs in the training data; null: all alike, a balanced tree. Default null. */
  readonly counts: ArrayLike<number> | null;
}

/** word2vec's hierarchical softmax: hidden [N, H] against target distributions [N, L], L ≥ 2. */
export class HuffmanSoftMax extends OutputCriterion {
  /** The tree: each label's path of nodes and its code. */
  readonly code: HuffmanCode;
  /** [L − 1, H] one row a node, row-sparse gradient. */
  readonly weight: Parameter;
  /** [L − 1], row-sparse gradient. */
  readonly bias: Parameter;

  private readonly dots: ChosenDots;
  /** The tree in the kernels' memory. */
  private readonly children: Uint32Array;
  private readonly paths: Csr;
  private readonly batch: { offsets: Uint32Array; columns: Uint32Array; values: Float32Array; codes: Float32Array };
  private readonly gemmDims: { m: number; n: number; k: number; transposeB: true };
  private logits: Float32Array;
  private searchScratch: Uint32Array;
  private scoreScratch: Float32Array;

  /**
   * Draws one seed from `rng`.
   * @throws {ConfigError} for fewer than two labels, or counts of another number of labels.
   */
  constructor(
    kernels: Kernels,
    numInputs: number,
    numLabels: number,
    rng: SeedSource,
    options: Partial<HuffmanSoftMaxOptions> = {},
  ) {
    super("HuffmanSoftMax", kernels, numInputs, numLabels);
    const { counts = null, ...init } = options;
    if (numLabels < 2) throw new ConfigError(`HuffmanSoftMax: expected two labels or more, got ${numLabels}`);
    if (counts !== null && counts.length !== numLabels) {
      throw new ConfigError(`HuffmanSoftMax: expected counts of ${numLabels} labels, got ${counts.length}`);
    }
    this.code = new HuffmanCode(counts ?? new Float64Array(numLabels).fill(1));
    const { paths, children } = this.code;
    this.children = kernels.adopt(children);
    this.paths = {
      offsets: kernels.adopt(paths.offsets),
      columns: kernels.adopt(paths.columns),
      values: kernels.adopt(paths.values),
    };
    this.dots = new ChosenDots("HuffmanSoftMax", kernels, numInputs, numLabels - 1, rng, init);
    this.weight = this.dots.weight;
    this.bias = this.dots.bias;
    this.batch = {
      offsets: new Uint32Array(0),
      columns: new Uint32Array(0),
      values: new Float32Array(0),
      codes: new Float32Array(0),
    };
    this.gemmDims = { m: 0, n: numLabels - 1, k: numInputs, transposeB: true };
    this.logits = new Float32Array(0);
    this.searchScratch = new Uint32Array(0);
    this.scoreScratch = new Float32Array(0);
  }

  protected loss(input: Tensor, target: SparseBatch): number {
    const { kernels, batch } = this;
    const rows = target.numRows;
    const room = (target.offsets[rows] - target.offsets[0]) * this.code.maxDepth;
    batch.offsets = atLeastU32(kernels, batch.offsets, rows + 1);
    batch.columns = atLeastU32(kernels, batch.columns, room);
    batch.values = atLeastF32(kernels, batch.values, room);
    batch.codes = atLeastF32(kernels, batch.codes, room);
    const length = kernels.csrGatherPaths(rows, target, this.paths, batch);
    const z = this.dots.forward(rows, input.data, batch);
    return kernels.logisticCrossEntropy(length, z, batch.codes, batch.values, 1 / rows, z) / rows;
  }

  protected gradients(input: Tensor, gradInput: Float32Array): void {
    this.dots.backward(input.shape[0], input.data, this.batch, gradInput);
  }

  protected score(input: Tensor, out: Float32Array): void {
    const { kernels, numLabels } = this;
    const inner = numLabels - 1;
    const rows = input.shape[0];
    this.logits = atLeastF32(kernels, this.logits, rows * inner);
    this.scoreScratch = atLeastF32(kernels, this.scoreScratch, inner);
    this.gemmDims.m = rows;
    kernels.gemm(this.gemmDims, input.data, this.weight.value, this.logits, "overwrite", this.bias.value);
    kernels.treeLogProbabilities(rows, numLabels, this.children, this.logits, this.scoreScratch, out);
  }

  protected search(
    input: Tensor,
    k: number,
    outLabels: Uint32Array,
    outScores: Float32Array,
    outCounts: Uint32Array,
  ): void {
    const { kernels, numLabels, numInputs, children } = this;
    this.searchScratch = atLeastU32(kernels, this.searchScratch, 2 * numLabels);
    const dims = { rows: input.shape[0], cols: numInputs };
    const [weight, bias, scratch] = [this.weight.value, this.bias.value, this.searchScratch];
    const search = { dims, numLabels, k, x: input.data, children, weight, bias, scratch };
    kernels.treeTopLabels(search, outLabels, outScores, outCounts);
  }

  override parameters(): Parameter[] {
    return [this.weight, this.bias];
  }
}
