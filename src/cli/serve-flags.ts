/** @file Which flags does `serve` have, and which options do they make? Defaults in help are those of the parts themselves. */
import { parseCatalogueColumns } from "../serve/catalogue/catalogue-columns.js";
import { DEFAULT_ENGINE_OPTIONS, type EngineOptions } from "../serve/engine/engine-options.js";
import { parseOrigin } from "../serve/http/cors.js";
import { DEFAULT_HTTP_LIMITS, type HttpLimits } from "../serve/http/http-options.js";
import { parseProxyAddress } from "../serve/http/proxy-address.js";
import { byteSize, type Flag, integer, timerDuration } from "./flags.js";

const LIMITS = DEFAULT_HTTP_LIMITS;
const ENGINE = DEFAULT_ENGINE_OPTIONS;

export const DEFAULT_PORT = 8080;
export const DEFAULT_HOST = "127.0.0.1";
export const LOG_LEVELS = ["trace", "debug", "info", "warn", "error", "silent"] as const;

export const SERVE_FLAGS: readonly Flag<unknown>[] = [
  {
    syntax: "-p, --port <number>",
    help: "port, 0 for a free one",
    parse: integer(0, 65_535),
    defaultValue: DEFAULT_PORT,
  },
  { syntax: "--host <address>", help: "address to listen on; 0.0.0.0 or :: for all", defaultValue: DEFAULT_HOST },
  { syntax: "--catalogue <file>", help: "titles, links, images and prices of labels: CSV, JSON lines or Parquet" },
  {
    syntax: "--catalogue-columns <list>",
    help: "the catalogue's columns, if they have other names: label=sku,title=name",
    parse: parseCatalogueColumns,
  },
  { syntax: "--catalogue-store <file>", help: "where to keep the catalogue as read (default: beside it)" },
  { syntax: "--skip-bad-rows", help: "skip rows of the catalogue that cannot be used, count and report them" },

  {
    syntax: "--threads <count>",
    help: "threads that predict (default: a core each, but one)",
    parse: integer(1, 1024),
  },
  {
    syntax: "--batch-window <time>",
    help: `how long a query waits for others (default: ${ENGINE.batchWindowMs}ms)`,
    parse: durationOrZero,
  },
  {
    syntax: "--max-batch <count>",
    help: `queries of a batch (default: ${ENGINE.maxBatch})`,
    parse: integer(1, 65_536),
  },
  {
    syntax: "--max-queued <count>",
    help: `queries that may wait; more are answered 503 (default: ${ENGINE.maxQueued})`,
    parse: integer(1, 1_000_000),
  },
  {
    syntax: "--cache <count>",
    help: `answers kept, 0 for none (default: ${ENGINE.cacheEntries})`,
    parse: integer(0, 2 ** 23),
  },
  { syntax: "--no-watch", help: "do not load the model again when its directory changes" },

  {
    syntax: "--max-query-length <count>",
    help: `characters of a query (default: ${LIMITS.queryLength})`,
    parse: integer(1, 10_000_000),
  },
  {
    syntax: "--max-queries <count>",
    help: `queries of a request (default: ${LIMITS.queries})`,
    parse: integer(1, 100_000),
  },
  { syntax: "--max-k <count>", help: `labels of a query (default: ${LIMITS.k})`, parse: integer(1, 1000) },
  {
    syntax: "--max-filter <count>",
    help: `names in each list of a filter (default: ${LIMITS.filterNames})`,
    parse: integer(0, 10_000_000),
  },
  {
    syntax: "--max-body <size>",
    help: `size of a request's body (default: ${LIMITS.bodyBytes / 1024}KiB)`,
    parse: byteSize,
  },
  {
    syntax: "--max-concurrent <count>",
    help: `searches at once; more are answered 503 (default: ${LIMITS.concurrent})`,
    parse: integer(1, 1_000_000),
  },
  {
    syntax: "--max-per-client <count>",
    help: `searches at once of one client; more are answered 429 (default: ${LIMITS.concurrentPerClient})`,
    parse: integer(1, 1_000_000),
  },
  {
    syntax: "--max-client-queries <count>",
    help: "queries at once of one client; more are answered 429 (default: a quarter of --max-queued)",
    parse: integer(1, 1_000_000),
  },
  {
    syntax: "--max-connections <count>",
    help: `open connections (default: ${LIMITS.connections})`,
    parse: integer(1, 1_000_000),
  },
  {
    syntax: "--timeout <time>",
    help: `for answering, then 503 (default: ${LIMITS.timeoutMs / 1000}s)`,
    parse: timerDuration,
  },
  {
    syntax: "--receive-timeout <time>",
    help: `for receiving a request, then 408 (default: ${LIMITS.receiveMs / 1000}s)`,
    parse: timerDuration,
  },
  {
    syntax: "--send-timeout <time>",
    help: `for a client to take its answer, then the connection is closed (default: ${LIMITS.sendMs / 1000}s)`,
    parse: timerDuration,
  },

  { syntax: "--api-keys <file>", help: "who may ask: a key a line, or a name and a key" },
  {
    syntax: "--cors-origin <origin>",
    help: "origin whose pages may ask, such as https://shop.example; may be repeated",
    parse: repeated((text) => parseOrigin(text, "--cors-origin")),
  },
  {
    syntax: "--image-origin <origin>",
    help: "origin from which the page may show images; may be repeated",
    parse: repeated((text) => parseOrigin(text, "--image-origin")),
  },
  {
    syntax: "--trust-proxy <address>",
    help: "address or network of a proxy whose X-Forwarded-For is believed; may be repeated",
    parse: repeated((text) => parseProxyAddress(text, "--trust-proxy")),
  },

  {
    syntax: "--log-level <level>",
    help: "what is noted on stderr (default: info, on a terminal warn)",
    choices: LOG_LEVELS,
  },
  { syntax: "--log-queries", help: "note the texts of queries too" },
  {
    syntax: "--drain <time>",
    help: "once told to stop, answer so long while /readyz says 503 (default: 0)",
    parse: durationOrZero,
  },
  { syntax: "--grace <time>", help: "then wait so long for requests under way (default: 10s)", parse: timerDuration },
  { syntax: "--json", help: "print the address as JSON: {url, pid}" },
];

/** What the flags say of the engine. */
export function readEngineOptions(options: Readonly<Record<string, unknown>>): EngineOptions {
  const count = (value: unknown): number | undefined => (typeof value === "number" ? value : undefined);
  return {
    numThreads: count(options.threads),
    batchWindowMs: typeof options.batchWindow === "number" ? 1000 * options.batchWindow : undefined,
    maxBatch: count(options.maxBatch),
    maxQueued: count(options.maxQueued),
    cacheEntries: count(options.cache),
    watch: options.watch !== false,
  };
}

/** The limits that the flags set. */
export function readLimits(options: Readonly<Record<string, unknown>>): Partial<HttpLimits> {
  const limits: { -readonly [K in keyof HttpLimits]?: HttpLimits[K] } = {};
  const set = (key: keyof HttpLimits, value: unknown, factor = 1): void => {
    if (typeof value === "number") limits[key] = Math.round(value * factor);
  };
  set("queryLength", options.maxQueryLength);
  set("queries", options.maxQueries);
  set("k", options.maxK);
  set("filterNames", options.maxFilter);
  set("bodyBytes", options.maxBody);
  set("concurrent", options.maxConcurrent);
  set("concurrentPerClient", options.maxPerClient);
  if (typeof options.maxQueued === "number") limits.queriesPerClient = Math.ceil(options.maxQueued / 4);
  set("queriesPerClient", options.maxClientQueries);
  set("connections", options.maxConnections);
  set("timeoutMs", options.timeout, 1000);
  set("receiveMs", options.receiveTimeout, 1000);
  set("sendMs", options.sendTimeout, 1000);
  return limits;
}

/** As `timerDuration`, and 0 without a unit. */
function durationOrZero(text: string): number {
  return text.trim() === "0" ? 0 : timerDuration(text);
}

/** A parser for a flag that may be given again: commander hands it what came before. */
function repeated<T>(parse: (text: string) => T): (text: string, before?: readonly T[]) => readonly T[] {
  return (text, before = []) => [...before, parse(text)];
}
