/** @file How are searches answered, whatever asks? Model, threads, batches, cache, reloads. No HTTP. */
export { BadQueryError, EngineClosedError, OverloadedError, PredictionThreadError } from "./engine-errors.js";
export {
  DEFAULT_ENGINE_OPTIONS,
  defaultNumThreads,
  type EngineEvent,
  type EngineOptions,
  type ItemSource,
} from "./engine-options.js";
export { type EngineStats, SearchEngine } from "./search-engine.js";
