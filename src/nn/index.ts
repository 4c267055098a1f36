/** @file What can a model be built of? Layers, criteria and flat parameters. */

export { ReLU } from "./activations/relu.js";
export { Sequential } from "./containers/sequential.js";
export { AbsCriterion } from "./criteria/abs-criterion.js";
export { BCE_CRITERION_DEFAULTS, BCECriterion, type BCECriterionOptions } from "./criteria/bce-criterion.js";
export { ClassNLLCriterion } from "./criteria/class-nll-criterion.js";
export { CLASS_WEIGHTS_DEFAULTS, ClassTargetCriterion, type ClassWeights } from "./criteria/class-target-criterion.js";
export {
  COSINE_EMBEDDING_CRITERION_DEFAULTS,
  CosineEmbeddingCriterion,
  type CosineEmbeddingCriterionOptions,
} from "./criteria/cosine-embedding-criterion.js";
export { CrossEntropyCriterion } from "./criteria/cross-entropy-criterion.js";
export {
  ELEMENT_CRITERION_DEFAULTS,
  ElementCriterion,
  type ElementCriterionOptions,
} from "./criteria/element-criterion.js";
export { KLDivergenceCriterion } from "./criteria/kl-divergence-criterion.js";
export {
  MARGIN_RANKING_CRITERION_DEFAULTS,
  MarginRankingCriterion,
  type MarginRankingCriterionOptions,
} from "./criteria/margin-ranking-criterion.js";
export { MSECriterion } from "./criteria/mse-criterion.js";
export { MultiLabelSoftMarginCriterion } from "./criteria/multi-label-soft-margin-criterion.js";
export {
  MULTI_MARGIN_CRITERION_DEFAULTS,
  MultiMarginCriterion,
  type MultiMarginCriterionOptions,
} from "./criteria/multi-margin-criterion.js";
export { PairCriterion } from "./criteria/pair-criterion.js";
export { SigmoidCrossEntropyCriterion } from "./criteria/sigmoid-cross-entropy-criterion.js";
export {
  SMOOTH_L1_CRITERION_DEFAULTS,
  SmoothL1Criterion,
  type SmoothL1CriterionOptions,
} from "./criteria/smooth-l1-criterion.js";
export { SoftmaxCrossEntropyCriterion } from "./criteria/softmax-cross-entropy-criterion.js";
export { SparseTargetCriterion } from "./criteria/sparse-target-criterion.js";
export { INIT_DEFAULTS, type InitOptions, initBound, type SeedSource } from "./init.js";
export { Dropout } from "./layers/dropout.js";
export { LINEAR_DEFAULTS, Linear, type LinearOptions } from "./layers/linear.js";
export { SampledLinear } from "./layers/sampled-linear.js";
export { SparseLinear } from "./layers/sparse-linear.js";
export {
  Criterion,
  type IdTensor,
  type Mode,
  Module,
  type SparseBatch,
  type Table,
  type Tensor,
} from "./module.js";
export { FullSoftMax } from "./output/full-soft-max.js";
export {
  defaultNumClusters,
  HierarchicalSoftMax,
  type HierarchicalSoftMaxOptions,
} from "./output/hierarchical-soft-max.js";
export { HuffmanCode } from "./output/huffman-code.js";
export { HuffmanSoftMax, type HuffmanSoftMaxOptions } from "./output/huffman-soft-max.js";
export { clustersByCount, clustersOfAssignment, type LabelClusters } from "./output/label-clusters.js";
export { LinearOutput } from "./output/linear-output.js";
export { OneVsAll } from "./output/one-vs-all.js";
export { OutputCriterion } from "./output/output-criterion.js";
export { DenseGradient, type FlatParameters, flatten, Parameter, type RowSparseGradient } from "./parameter.js";
export { TensorBuffer } from "./tensor-buffer.js";
