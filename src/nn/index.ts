/** @file What can a model be built of? Layers, criteria and flat parameters. */
export { Dropout } from "./dropout.js";
export { INIT_DEFAULTS, type InitOptions, initBound, type SeedSource } from "./init.js";
export { LINEAR_DEFAULTS, Linear, type LinearOptions } from "./linear.js";
export { Criterion, type Mode, Module, type SparseBatch, type Tensor } from "./module.js";
export { DenseGradient, type FlatParameters, flatten, Parameter, type RowSparseGradient } from "./parameter.js";
export { ReLU } from "./relu.js";
export { SampledLinear } from "./sampled-linear.js";
export { Sequential } from "./sequential.js";
export { SigmoidCrossEntropyCriterion } from "./sigmoid-cross-entropy-criterion.js";
export { SoftmaxCrossEntropyCriterion } from "./softmax-cross-entropy-criterion.js";
export { SparseLinear } from "./sparse-linear.js";
export { SparseTargetCriterion } from "./sparse-target-criterion.js";
export { TensorBuffer } from "./tensor-buffer.js";
