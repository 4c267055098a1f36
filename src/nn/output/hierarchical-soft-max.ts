/**
 * @file First the cluster, then the label in it: a softmax in two levels.
 *
 *   P(label | x) = softmax(Wc·x + bc)[cluster] · softmax(W[rows of cluster]·x + b)[label]        probabilities sum to 1
 *   loss = 1/N · Σᵢ Σ labels −t·ln P(label | xᵢ)
 *
 *   W [L, H] │ cluster 0 │ cluster 1 ········ │ … │      labels of a cluster are neighbours (label-clusters.ts), so no
 *                                                       weights are gathered
 *   step      level 1   [N, C] a gemm and the fused softmax loss
 *             level 2   pairs of (row, one of its labels' clusters), those of a cluster side by side: chosen products,
 *                       softmax over each pair's run, row-sparse gradients (cluster-targets.ts, chosen-dots.ts)
 *   top k     clusters best first, each scored whole, until the next cluster's probability is below the k-th label's:
 *             exact, since no label is likelier than its cluster
 *
 * For one row alone C = √L clusters are best, 2√L products instead of L. A batch shares level 1, whose gemm runs at the
 * processor's full rate, while level 2 and the optimiser touch every row of the clusters asked for. That favours more and smaller
 * clusters, and C = 4·√L is the default: at L = 75,000, N = 128 and two labels a row a step touches 6,000 of the rows, with
 * √L clusters 17,000 (bench/output-layers.mjs).
 *
 * Sources: Goodman, "Classes for Fast Maximum Entropy Training", ICASSP 2001; Morin, Bengio, "Hierarchical Probabilistic
 * Neural Network Language Model", AISTATS 2005; frequency bins: Mikolov, Kombrink, Burget, Černocký, Khudanpur,
 * "Extensions of Recurrent Neural Network Language Model", ICASSP 2011, §4.
 */
import { ConfigError } from "../../core/index.js";
import type { Csr, Kernels } from "../../kernels/contract.js";
import { SoftMaxCrossEntropyCriterion } from "../criteria/soft-max-cross-entropy-criterion.js";
import type { InitOptions, SeedSource } from "../init.js";
import { Linear } from "../layers/linear.js";
import type { SparseBatch, Tensor } from "../module.js";
import type { Parameter } from "../parameter.js";
import { atLeastF32 } from "../tensor-buffer.js";
import { ChosenDots } from "./chosen-dots.js";
import { ClusterTargets } from "./cluster-targets.js";
import { FullScores } from "./full-scores.js";
import { clustersByCount, type LabelClusters } from "./label-clusters.js";
import { OutputCriterion } from "./output-criterion.js";

/** How labels are put in clusters, and how weights start. */
export interface HierarchicalSoftMaxOptions extends InitOptions {
  /** C. Default `defaultNumClusters(L)`. Not together with `clusters`. */
  readonly numClusters: number;
  /** [L] how often each label occurs in the training data, for `clustersByCount`; null: all alike. Default null. */
  readonly counts: ArrayLike<number> | null;
  /** The clusters themselves, instead of numClusters and counts; null: made from those. Default null. */
  readonly clusters: LabelClusters | null;
}

/** 4·√L, at most L/2 (at least 1). */
export function defaultNumClusters(numLabels: number): number {
  return Math.max(1, Math.min(Math.round(4 * Math.sqrt(numLabels)), numLabels >> 1));
}

/** Two-level softmax: hidden [N, H] against target distributions [N, L]. */
export class HierarchicalSoftMax extends OutputCriterion {
  /** The labels' order: row p of `weight` belongs to label clusters.order[p]. */
  readonly clusters: LabelClusters;
  /** [C, H], dense gradient. */
  readonly clusterWeight: Parameter;
  /** [C], dense gradient. */
  readonly clusterBias: Parameter;
  /** [L, H] in the order of `clusters`, row-sparse gradient. */
  readonly weight: Parameter;
  /** [L] in the order of `clusters`, row-sparse gradient. */
  readonly bias: Parameter;

  private readonly linear: Linear;
  private readonly clusterCriterion: SoftMaxCrossEntropyCriterion;
  private readonly dots: ChosenDots;
  private readonly targets: ClusterTargets;
  private clusterLogits: Tensor | null;
  /** [P, H] the input row of each pair, and its gradient. */
  private pairInput: Float32Array;
  private pairGrad: Float32Array;
  private readonly order: Uint32Array;
  private readonly offsets: Uint32Array;
  private readonly gemmDims: { m: number; n: number; k: number; transposeB: true };
  private readonly dims: { rows: number; cols: number };
  private readonly fullScores: FullScores;
  private clusterScores: Float32Array;
  private labelLogits: Float32Array;
  private clusterScratch: Float32Array;

  /** Draws one seed from `rng` for each level. @throws {ConfigError} for clusters that do not fit the labels. */
  constructor(
    kernels: Kernels,
    numInputs: number,
    numLabels: number,
    rng: SeedSource,
    options: Partial<HierarchicalSoftMaxOptions> = {},
  ) {
    super("HierarchicalSoftMax", kernels, numInputs, numLabels);
    const { numClusters, counts = null, clusters = null, ...init } = options;
    if (clusters !== null && (numClusters !== undefined || counts !== null)) {
      throw new ConfigError(
        "HierarchicalSoftMax: expected clusters, or numClusters and counts, got both; leave out one",
      );
    }
    if (counts !== null && counts.length !== numLabels) {
      throw new ConfigError(`HierarchicalSoftMax: expected counts of ${numLabels} labels, got ${counts.length}`);
    }
    this.clusters =
      clusters ??
      clustersByCount(counts ?? new Float64Array(numLabels).fill(1), numClusters ?? defaultNumClusters(numLabels));
    checkPartition(this.clusters, numLabels);
    const { order, offsets } = this.clusters;
    this.linear = new Linear(kernels, numInputs, offsets.length - 1, rng, init);
    this.clusterWeight = this.linear.weight;
    this.clusterBias = this.linear.bias;
    this.clusterWeight.name = "clusterWeight";
    this.clusterBias.name = "clusterBias";
    this.clusterCriterion = new SoftMaxCrossEntropyCriterion(kernels);
    this.dots = new ChosenDots("HierarchicalSoftMax", kernels, numInputs, numLabels, rng, init);
    this.weight = this.dots.weight;
    this.bias = this.dots.bias;
    this.targets = new ClusterTargets(kernels, this.clusters);
    this.clusterLogits = null;
    this.pairInput = new Float32Array(0);
    this.pairGrad = new Float32Array(0);
    this.order = kernels.adopt(order);
    this.offsets = kernels.adopt(offsets);
    this.gemmDims = { m: 0, n: numLabels, k: numInputs, transposeB: true };
    this.dims = { rows: 0, cols: 0 };
    this.fullScores = new FullScores(kernels, this.clusterWeight, this.clusterBias, "logSoftmax");
    this.clusterScores = new Float32Array(0);
    this.labelLogits = new Float32Array(0);
    this.clusterScratch = new Float32Array(0);
  }

  protected loss(input: Tensor, target: SparseBatch): number {
    const { kernels, targets, numInputs } = this;
    const rows = target.numRows;
    targets.prepare(target);
    this.clusterLogits = this.linear.forward(input);
    const clusterLoss = this.clusterCriterion.forward(this.clusterLogits, targets.clusters);

    const { numPairs, pattern, labels } = targets;
    this.pairInput = atLeastF32(kernels, this.pairInput, numPairs * numInputs);
    kernels.gatherRows(numPairs, numInputs, targets.pairRows.ids, input.data, this.pairInput);
    const z = this.dots.forward(numPairs, this.pairInput, pattern);
    const sum = kernels.raggedSoftmaxCrossEntropy(numPairs, pattern.offsets, z, labels as Csr, 1 / rows, z);
    return clusterLoss + sum / rows;
  }

  protected gradients(input: Tensor, gradInput: Float32Array): void {
    const { kernels, targets, numInputs } = this;
    const gradLogits = this.clusterCriterion.backward(this.clusterLogits as Tensor, targets.clusters);
    const gradient = this.linear.backward(input, gradLogits) as Tensor;
    kernels.axpby(input.shape[0] * numInputs, 1, gradient.data, 0, gradInput);

    const { numPairs, pattern, pairRows } = targets;
    this.pairGrad = atLeastF32(kernels, this.pairGrad, numPairs * numInputs);
    this.dots.backward(numPairs, this.pairInput, pattern, this.pairGrad);
    kernels.scatterAddRows(numPairs, numInputs, pairRows.ids, null, this.pairGrad, gradInput);
  }

  protected score(input: Tensor, out: Float32Array): void {
    const { kernels, dims, numLabels } = this;
    const rows = input.shape[0];
    const clusterScores = this.scoreClusters(input);
    this.labelLogits = atLeastF32(kernels, this.labelLogits, rows * numLabels);
    this.gemmDims.m = rows;
    kernels.gemm(this.gemmDims, input.data, this.weight.value, this.labelLogits, "overwrite", this.bias.value);
    dims.rows = rows;
    dims.cols = numLabels;
    const { offsets, order, labelLogits } = this;
    kernels.groupedLogSoftmax(dims, offsets.length - 1, offsets, clusterScores, order, labelLogits, out);
  }

  protected search(
    input: Tensor,
    k: number,
    outLabels: Uint32Array,
    outScores: Float32Array,
    outCounts: Uint32Array,
  ): void {
    const { kernels, offsets, order } = this;
    if (this.clusterScratch.length === 0) {
      let largest = 0;
      for (let c = 0; c + 1 < offsets.length; c++) largest = Math.max(largest, offsets[c + 1] - offsets[c]);
      this.clusterScratch = kernels.f32(largest);
    }
    const search = {
      dims: { rows: input.shape[0], cols: this.numInputs },
      numClusters: offsets.length - 1,
      k,
      x: input.data,
      clusterScores: this.scoreClusters(input),
      offsets,
      order,
      weight: this.weight.value,
      bias: this.bias.value,
      scratch: this.clusterScratch,
    };
    kernels.clusterTopLabels(search, outLabels, outScores, outCounts);
  }

  override parameters(): Parameter[] {
    return [this.clusterWeight, this.clusterBias, this.weight, this.bias];
  }

  /** Log-probabilities of the clusters, [N, C]. */
  private scoreClusters(input: Tensor): Float32Array {
    const rows = input.shape[0];
    this.clusterScores = atLeastF32(this.kernels, this.clusterScores, rows * (this.offsets.length - 1));
    this.fullScores.scoresInto(rows, input.data, this.clusterScores);
    return this.clusterScores;
  }
}

/** @throws {ConfigError} unless the clusters are runs of a permutation of the labels, none empty. */
function checkPartition({ offsets, order }: LabelClusters, numLabels: number): void {
  const seen = new Uint8Array(numLabels);
  for (const label of order) if (label < numLabels) seen[label] = 1;
  let sound = order.length === numLabels && !seen.includes(0) && offsets[0] === 0 && offsets.at(-1) === numLabels;
  for (let c = 0; c + 1 < offsets.length; c++) sound &&= offsets[c] < offsets[c + 1];
  if (sound) return;
  throw new ConfigError(
    `HierarchicalSoftMax: expected clusters that hold each of ${numLabels} labels once, none empty; ` +
      "make them with clustersByCount or clustersOfAssignment",
  );
}
