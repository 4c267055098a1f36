/**
 * @file All operations of the contract on a bridge to compiled code.
 */
import { blockOperations } from "./blocks.js";
import { collisionOperations } from "./collisions.js";
import { denseOperations } from "./dense.js";
import type { Bridge, Operations } from "./flat-operations.js";
import { gatingOperations } from "./gating.js";
import { gloveOperations } from "./glove.js";
import { labelOperations } from "./labels.js";
import { lossOperations } from "./losses.js";
import { normalizationOperations } from "./normalization.js";
import { outputOperations } from "./output.js";
import { partOperations } from "./parts.js";
import { passOperations } from "./passes.js";
import { pointwiseOperations } from "./pointwise.js";
import { quantizedOperations } from "./quantized.js";
import { rowOperations } from "./rows.js";
import { sampledOperations } from "./sampled.js";
import { sparseOperations } from "./sparse.js";
import { spatialOperations } from "./spatial.js";
import { stepOperations } from "./steps.js";
import { wordOperations } from "./words.js";

/** What native and WASM kernels share: checks, names, the order of arguments. */
export function boundOperations(bridge: Bridge): Operations {
  return {
    ...denseOperations(bridge),
    ...gatingOperations(bridge),
    ...gloveOperations(bridge),
    ...outputOperations(bridge),
    ...lossOperations(bridge),
    ...partOperations(bridge),
    ...blockOperations(bridge),
    ...passOperations(bridge),
    ...pointwiseOperations(bridge),
    ...normalizationOperations(bridge),
    ...quantizedOperations(bridge),
    ...rowOperations(bridge),
    ...sampledOperations(bridge),
    ...sparseOperations(bridge),
    ...stepOperations(bridge),
    ...labelOperations(bridge),
    ...collisionOperations(bridge),
    ...spatialOperations(bridge),
    ...wordOperations(bridge),
  };
}
