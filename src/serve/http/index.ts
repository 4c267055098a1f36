/** @file An engine on the network: the server, its limits, its keys, the files of its page. */
export { ApiKeys, readApiKeys } from "./api-keys.js";
export { DEFAULT_HTTP_LIMITS, type HttpLimits, type HttpOptions } from "./http-options.js";
export { type PageFile, readPageFiles } from "./page-files.js";
export { type CloseOptions, SearchServer } from "./search-server.js";
export type { SearchService, ServiceStats } from "./search-service.js";
