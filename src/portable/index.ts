/**
 * @file A model that answers anywhere: browsers, Deno, Bun, workers at the edge, Node. Nothing here needs a file system,
 * and `node:` stands nowhere in what it imports.
 */
export { ConfigError, FormatError, ManyworldsError } from "../core/errors.js";
export type {
  LabelResponse,
  ModelResponse,
  SearchRequest,
  SearchResponse,
  SearchResult,
} from "../mach/search-contract.js";
export { FetchError, type FileFetcher, httpFiles, type Inflate } from "./portable-files.js";
export type { PortableIndex } from "./portable-index.js";
export type { KernelSource } from "./portable-kernels.js";
export {
  DEFAULT_MAX_SHARD_BYTES,
  DEFAULT_PREFETCH_BYTES,
  type LoadProgress,
  type PortableLoadOptions,
  PortableModel,
} from "./portable-model.js";
export type { WeightBits } from "./quantize.js";
