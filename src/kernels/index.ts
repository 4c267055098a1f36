/** @file The kernels' contract and, for Node, the choice of a backend. */
export type * from "./contract.js";
export {
  gloveRowLength,
  groupBytes,
  localScratchLength,
  MAX_CROSS_MAP_WINDOW,
  MAX_HEADS,
  MAX_KERNEL_CELLS,
  MAX_PAIR_WINDOW,
  MAX_POOL_WIDTH,
  MAX_WORLDS,
  MOST_WORD_DIM,
  MOST_WORD_TARGETS,
  QUERY_LANES,
  SENTENCE_WORDS,
  sharedLabelsScratch,
  WORD_STATE_LENGTH,
  windowOutput,
} from "./contract.js";
export { createKernels, type KernelsOptions } from "./create.node.js";
export { createReferenceKernels } from "./reference/reference-kernels.js";
export { compileWasmModule, createWasmKernels, MAX_WASM_MEMORY_BYTES, type WasmOptions } from "./wasm/wasm-kernels.js";
