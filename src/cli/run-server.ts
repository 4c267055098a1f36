/** @file What does `serve` do? It opens catalogue and model, listens, waits for the signal to stop, and closes what it opened. */
import { fileURLToPath } from "node:url";
import type { Logger } from "pino";
import { InterruptedError } from "../core/errors.js";
import type { OpenedCatalogue } from "../serve/catalogue/index.js";
import type { EngineEvent } from "../serve/engine/engine-options.js";
import { SearchEngine } from "../serve/engine/search-engine.js";
import { readApiKeys } from "../serve/http/api-keys.js";
import { readPageFiles } from "../serve/http/page-files.js";
import { SearchServer } from "../serve/http/search-server.js";
import type { CommandContext } from "./program.js";
import { createProgress } from "./progress.js";
import { describeCoverage, readCatalogue } from "./read-catalogue.js";
import { readEngineOptions, readLimits } from "./serve-flags.js";
import { createServerLog } from "./server-log.js";
import { formatCount } from "./tables.js";
import { packageVersion } from "./version.js";

type Options = Readonly<Record<string, unknown>>;

/** Beside the compiled files of this folder: dist/web/search. */
const PAGE_FOLDER = fileURLToPath(new URL("../../web/search/", import.meta.url));

/** Its descriptor, where the log goes. */
const STDERR = 2;

/** Serves until `context.signal` aborts. @throws {InterruptedError} if searches had to be cut off then. */
export async function runServer(path: string, options: Options, context: CommandContext): Promise<void> {
  const { signal, stdout, stderr } = context;
  const level = typeof options.logLevel === "string" ? options.logLevel : stderr.isTTY ? "warn" : "info";
  const log = createServerLog(level, STDERR);
  // Before anything that takes time: a mistake in it should show at once.
  const apiKeys = typeof options.apiKeys === "string" ? readApiKeys(options.apiKeys) : undefined;
  const progress = createProgress(stderr);
  let catalogue: OpenedCatalogue | undefined;
  let engine: SearchEngine | undefined;
  try {
    if (typeof options.catalogue === "string")
      catalogue = await readCatalogue(options.catalogue, options, progress, signal);
    const onEvent = (event: EngineEvent): void => logEvent(log, event);
    engine = await SearchEngine.load(path, { ...readEngineOptions(options), catalogue, onEvent });
    if (catalogue !== undefined) progress.note(describeCoverage(engine));
    progress.close();
    if (signal.aborted) throw new InterruptedError("serve: stopped before it listened");
    const server = await SearchServer.create(engine, {
      limits: readLimits(options),
      corsOrigins: list(options.corsOrigin),
      imageOrigins: list(options.imageOrigin),
      trustedProxies: list(options.trustProxy),
      page: readPageFiles(PAGE_FOLDER),
      log,
      logQueries: options.logQueries === true,
      packageVersion: packageVersion(),
      ...(apiKeys === undefined ? {} : { apiKeys }),
    });
    const host = options.host as string;
    const url = await server.listen(host, options.port as number);
    const { version, numLabels, worlds } = engine.model();
    log.info({ url, model: version, numLabels, worlds: worlds.length }, "listening");
    stdout.write(
      options.json === true ? `${JSON.stringify({ url, pid: process.pid })}\n` : `serving ${path} at ${url}/\n`,
    );
    await aborted(signal);
    const numCut = await server.close({
      drainMs: milliseconds(options.drain, 0),
      graceMs: milliseconds(options.grace, 10_000),
    });
    log.info({ numCut }, "stopped");
    if (numCut > 0) {
      throw new InterruptedError(`serve: ${formatCount(numCut)} searches took longer than --grace and were cut off`);
    }
  } finally {
    progress.close();
    await engine?.close();
    catalogue?.close();
  }
}

/** Notes what the engine did on its own. */
function logEvent(log: Logger, event: EngineEvent): void {
  switch (event.kind) {
    case "world-failed":
      log.warn({ model: event.version, world: event.world, reason: event.reason }, "a world does not answer");
      break;
    case "reload-failed":
      log.error({ err: event.error }, "the changed model could not be loaded; the one before answers");
      break;
    case "thread-died":
      log.error({ err: event.error }, "a prediction thread died and was replaced");
      break;
    default: {
      const { kind, version, worlds, seconds } = event;
      log.info({ model: version, worlds, seconds }, `model ${kind}`);
    }
  }
}

/** Resolves when `signal` aborts. */
function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

function list(value: unknown): readonly string[] {
  return Array.isArray(value) ? value : [];
}

function milliseconds(seconds: unknown, otherwise: number): number {
  return typeof seconds === "number" ? Math.round(1000 * seconds) : otherwise;
}
