/** @file The kernels' contract and, for Node, the choice of a backend. */
export type * from "./contract.js";
export {
  gloveRowLength,
  localScratchLength,
  MAX_CROSS_MAP_WINDOW,
  MAX_HEADS,
  MAX_KERNEL_CELLS,
  MAX_PAIR_WINDOW,
  MAX_POOL_WIDTH,
  MAX_WORLDS,
  QUERY_LANES,
  windowOutput,
} from "./contract.js";
export { createKernels, type KernelsOptions } from "./create.node.js";
export { createReferenceKernels } from "./reference/reference-kernels.js";
export { createWasmKernels, MAX_WASM_MEMORY_BYTES, type WasmOptions } from "./wasm/wasm-kernels.js";
