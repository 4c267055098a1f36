/** @file How do others get answers? The parts of the search server that a program may use alone. */
export {
  CATALOGUE_FIELDS,
  type Catalogue,
  type CatalogueColumns,
  type CatalogueField,
  type CatalogueOptions,
  type CatalogueProgress,
  type CatalogueReport,
  DEFAULT_CACHE_ITEMS,
  isWebAddress,
  type OpenedCatalogue,
  openCatalogue,
  parseCatalogueColumns,
} from "./catalogue/index.js";
export {
  BadQueryError,
  DEFAULT_ENGINE_OPTIONS,
  defaultNumThreads,
  EngineClosedError,
  type EngineEvent,
  type EngineOptions,
  type EngineStats,
  type ItemSource,
  OverloadedError,
  PredictionThreadError,
  SearchEngine,
} from "./engine/index.js";
