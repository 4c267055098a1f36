/** @file What can a model be built of? Layers, criteria and flat parameters. */

export { ELU, ELU_DEFAULTS, type ELUOptions } from "./activations/elu.js";
export { HARD_TANH_DEFAULTS, HardTanh, type HardTanhOptions } from "./activations/hard-tanh.js";
export { LEAKY_RELU_DEFAULTS, LeakyReLU, type LeakyReLUOptions } from "./activations/leaky-relu.js";
export { LogSigmoid } from "./activations/log-sigmoid.js";
export { LogSoftMax } from "./activations/log-soft-max.js";
export { ReLU } from "./activations/relu.js";
export { Sigmoid } from "./activations/sigmoid.js";
export { SoftMax } from "./activations/soft-max.js";
export { SOFT_PLUS_DEFAULTS, SoftPlus, type SoftPlusOptions } from "./activations/soft-plus.js";
export { Tanh } from "./activations/tanh.js";
export { CAddTable } from "./containers/c-add-table.js";
export { CMulTable } from "./containers/c-mul-table.js";
export { CSubTable } from "./containers/c-sub-table.js";
export { Concat } from "./containers/concat.js";
export { ConcatTable } from "./containers/concat-table.js";
export { type AnyModule, Container } from "./containers/container.js";
export { Identity } from "./containers/identity.js";
export { JoinTable } from "./containers/join-table.js";
export { Parallel, type ParallelOptions } from "./containers/parallel.js";
export { ParallelTable } from "./containers/parallel-table.js";
export { SelectTable } from "./containers/select-table.js";
export { Sequential } from "./containers/sequential.js";
export { SplitTable } from "./containers/split-table.js";
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
export { SoftMaxCrossEntropyCriterion } from "./criteria/soft-max-cross-entropy-criterion.js";
export {
  SPARSE_TARGET_DEFAULTS,
  SparseTargetCriterion,
  type SparseTargetOptions,
} from "./criteria/sparse-target-criterion.js";
export { INIT_DEFAULTS, type InitOptions, initBound, type SeedSource } from "./init.js";
export { Bilinear } from "./layers/bilinear.js";
export { Dropout } from "./layers/dropout.js";
export {
  type BagMode,
  EMBEDDING_BAG_DEFAULTS,
  EmbeddingBag,
  type EmbeddingBagOptions,
} from "./layers/embedding-bag.js";
export { EMBEDDING_DEFAULTS, type EmbeddingOptions } from "./layers/embedding-weights.js";
export { LINEAR_DEFAULTS, Linear, type LinearOptions } from "./layers/linear.js";
export { LookupTable } from "./layers/lookup-table.js";
export { Maxout } from "./layers/maxout.js";
export { NoisyTopGate } from "./layers/noisy-top-gate.js";
export { SampledLinear } from "./layers/sampled-linear.js";
export { SparseLinear } from "./layers/sparse-linear.js";
export {
  type ExpertStatistics,
  MIXTURE_DEFAULTS,
  type MixtureOfExpertsOptions,
  SparselyGatedMixtureOfExperts,
} from "./layers/sparsely-gated-mixture-of-experts.js";
export { View } from "./layers/view.js";
export {
  Criterion,
  type IdTensor,
  type Mode,
  Module,
  type SparseBatch,
  type Table,
  type Tensor,
} from "./module.js";
export {
  BATCH_NORMALIZATION_DEFAULTS,
  BatchNormalization,
  type BatchNormalizationOptions,
} from "./normalization/batch-normalization.js";
export {
  LAYER_NORMALIZATION_DEFAULTS,
  LayerNormalization,
  type LayerNormalizationOptions,
} from "./normalization/layer-normalization.js";
export { aliasTable } from "./output/alias-table.js";
export {
  type ColumnSample,
  ColumnSampler,
  type ColumnSamplerOptions,
  mixedDistribution,
  type NegativeDistribution,
} from "./output/column-sampler.js";
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
export { SampledLoss } from "./output/sampled-loss.js";
export { SampledSoftMax, type SampledSoftMaxOptions } from "./output/sampled-soft-max.js";
export {
  DenseGradient,
  type FlatParameters,
  flatGradientInto,
  flatten,
  type InitialValues,
  isCurrent,
  Parameter,
  type RowSparseGradient,
  type WaitingSums,
} from "./parameter.js";
export { SpatialAveragePooling, type SpatialAveragePoolingOptions } from "./spatial/spatial-average-pooling.js";
export {
  SPATIAL_CONVOLUTION_DEFAULTS,
  SpatialConvolution,
  type SpatialConvolutionOptions,
} from "./spatial/spatial-convolution.js";
export { SpatialConvolutionLocal } from "./spatial/spatial-convolution-local.js";
export {
  SPATIAL_CROSS_MAP_DEFAULTS,
  SpatialCrossMapNormalization,
  type SpatialCrossMapNormalizationOptions,
} from "./spatial/spatial-cross-map-normalization.js";
export { SpatialMaxPooling } from "./spatial/spatial-max-pooling.js";
export type { Extent, WindowOptions } from "./spatial/window-geometry.js";
export { TensorBuffer } from "./tensor-buffer.js";
