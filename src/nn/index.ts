/** @file What can a model be built of? Layers, criteria and flat parameters. */

export { ReLU } from "./activations/relu.js";
export { Sequential } from "./containers/sequential.js";
export { SigmoidCrossEntropyCriterion } from "./criteria/sigmoid-cross-entropy-criterion.js";
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
export { DenseGradient, type FlatParameters, flatten, Parameter, type RowSparseGradient } from "./parameter.js";
export { TensorBuffer } from "./tensor-buffer.js";
