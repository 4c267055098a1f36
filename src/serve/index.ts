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
  type DashboardFeed,
  type DashboardOptions,
  type DashboardServer,
  startDashboard,
} from "./dashboard/dashboard-server.node.js";
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
export {
  ApiKeys,
  type CloseOptions,
  DEFAULT_HTTP_LIMITS,
  type HttpLimits,
  type HttpOptions,
  type PageFile,
  readApiKeys,
  readPageFiles,
  SearchServer,
  type SearchService,
  type ServiceStats,
} from "./http/index.js";
