/**
 * @file How does a catalogue's file become items that a server can ask for? It is read once into a store beside it; a
 * store that is of the same bytes, read in the same way, is opened instead.
 *
 *   source has the size and time that the store remembers   → opened, the source is not read
 *   the same size, another time                             → opened if the SHA-256 is the same
 *   anything else                                           → read; the store appears whole or not at all
 *
 * No locks: two servers that start at once both make the store, and the later replaces the earlier, which stays open for
 * whoever has it. Why a file of our own and not SQLite: ARCHITECTURE.md.
 */
import { createHash, randomInt } from "node:crypto";
import { existsSync, readdirSync, rmSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { threadId } from "node:worker_threads";
import { isTemporary } from "../../checkpoint/atomic-write.node.js";
import { explainStorage } from "../../checkpoint/storage-error.js";
import { FormatError, InterruptedError } from "../../core/errors.js";
import { fileSize, readBytes, readPlainBytes } from "../../data/byte-source.node.js";
import type { Catalogue, CatalogueProgress, CatalogueReport } from "./catalogue.js";
import type { CatalogueColumns } from "./catalogue-columns.js";
import { CatalogueRows } from "./catalogue-rows.js";
import { beginsAsStore, CatalogueStore } from "./catalogue-store.js";
import { CsvCatalogueParser } from "./csv-source.js";
import { JsonlCatalogueParser } from "./jsonl-source.js";
import { readParquet } from "./parquet-source.js";
import { RecordPartitions } from "./record-partitions.js";
import type { StoreHeader } from "./store-layout.js";
import { readText } from "./text-source.js";
import { writeStore } from "./write-store.js";

/** How a catalogue's source is read, and where its store is kept. */
export interface CatalogueOptions {
  /** Columns with other names. Default: label or id, title, url, image, price. */
  readonly columns?: CatalogueColumns | undefined;
  /** Where the store is kept. Default: beside the source, `<source>.manyworlds`. */
  readonly storePath?: string | undefined;
  /** Skip and count bad rows instead of stopping at the first. Default false. */
  readonly skipBadRows?: boolean | undefined;
  /** Items kept in memory, those asked for last. Default DEFAULT_CACHE_ITEMS. */
  readonly cacheItems?: number | undefined;
  /** Called now and then while the source is read; not at all when a store is opened. */
  readonly onProgress?: ((progress: CatalogueProgress) => void) | undefined;
  /** Aborting it ends the reading with an InterruptedError; an earlier store stays as it was. */
  readonly signal?: AbortSignal | undefined;
}

/** Items that a catalogue keeps in memory unless told otherwise: 10 MB, at some 300 bytes each. */
export const DEFAULT_CACHE_ITEMS = 32_768;

/** An open catalogue, and what became of its source. */
export interface OpenedCatalogue extends Catalogue {
  /** Of the time when the source was read, perhaps by an earlier process. */
  readonly report: CatalogueReport;
  /** The store's file. */
  readonly path: string;
}

/** Whoever makes a store writes all the time: a temporary that nobody touched for so long is of a process that was killed. */
const ABANDONED_MS = 3_600_000;

/**
 * Opens the catalogue in a CSV, JSON lines or Parquet file; text also gzipped. Reading takes seconds a million rows.
 * @throws {FormatError} naming file and line, {StorageError} where the store cannot be kept, {InterruptedError}.
 */
export async function openCatalogue(path: string, options: CatalogueOptions = {}): Promise<OpenedCatalogue> {
  const storePath = options.storePath ?? `${path}.manyworlds`;
  const cacheItems = options.cacheItems ?? DEFAULT_CACHE_ITEMS;
  await fileSize(path);
  try {
    return (
      (await openCurrent(path, storePath, cacheItems, options)) ?? (await make(path, storePath, cacheItems, options))
    );
  } catch (error) {
    const where = options.storePath === undefined ? "; or name another place with --catalogue-store" : "";
    throw explainStorage(storePath, `the catalogue's store could not be kept here${where}`, error);
  }
}

/** The store, if it is of this source and these options; null if it has to be made. */
async function openCurrent(
  path: string,
  storePath: string,
  cacheItems: number,
  options: CatalogueOptions,
): Promise<CatalogueStore | null> {
  if (!existsSync(storePath)) return null;
  if (!beginsAsStore(storePath)) {
    const problem = "expected a catalogue's store or nothing, got another file";
    throw new FormatError({ file: storePath }, `${problem}; remove it, or name another place with --catalogue-store`);
  }
  let store: CatalogueStore;
  try {
    store = CatalogueStore.open(storePath, cacheItems);
  } catch (error) {
    // Made by a version with another layout, or damaged: it holds nothing that the source does not.
    if (error instanceof FormatError || error instanceof SyntaxError) return null;
    throw error;
  }
  try {
    if (await isCurrent(path, store.header, options)) return store;
  } catch (error) {
    store.close();
    throw error;
  }
  store.close();
  return null;
}

async function isCurrent(path: string, header: StoreHeader, options: CatalogueOptions): Promise<boolean> {
  if (JSON.stringify(header.columns) !== JSON.stringify(options.columns ?? {})) return false;
  if (header.report.skipped.length > 0 && options.skipBadRows !== true) return false;
  const { size, mtimeMs } = statSync(path);
  if (size !== header.source.sizeBytes) return false;
  return mtimeMs === header.source.mtimeMs || (await hashFile(path)) === header.source.sha256;
}

async function make(
  path: string,
  storePath: string,
  cacheItems: number,
  options: CatalogueOptions,
): Promise<CatalogueStore> {
  const { columns = {}, onProgress, signal } = options;
  removeAbandoned(storePath);
  const records = new RecordPartitions(temporaryPath(storePath));
  const rows = new CatalogueRows(path, records, options.skipBadRows ?? false);
  const checkSignal = (): void => {
    if (signal?.aborted === true) throw new InterruptedError(`${path}: reading was interrupted`);
  };
  try {
    const before = statSync(path);
    const sha256 = await read(path, rows, columns, (fraction) => {
      checkSignal();
      onProgress?.({ phase: "reading", fraction, rows: rows.numRows });
    });
    const after = statSync(path);
    if (after.mtimeMs !== before.mtimeMs || after.size !== before.size) {
      throw new FormatError(
        { file: path },
        "expected the same file throughout, got one that changed while it was read; try again",
      );
    }
    // Says what is wrong with the source before anything is written.
    rows.report(0);
    await writeStore(
      storePath,
      temporaryPath(storePath),
      records,
      (numItems, numDuplicates) => ({
        source: { sizeBytes: before.size, mtimeMs: before.mtimeMs, sha256 },
        columns,
        numItems,
        report: rows.report(numDuplicates),
      }),
      (fraction) => {
        checkSignal();
        onProgress?.({ phase: "writing", fraction, rows: rows.numRows });
      },
    );
  } finally {
    records.dispose();
  }
  return CatalogueStore.open(storePath, cacheItems);
}

/** Random, since processes in containers that share a folder may have one process id. */
function temporaryPath(storePath: string): string {
  const name = `.${basename(storePath)}.${process.pid}-${threadId}-${randomInt(2 ** 47)}.tmp`;
  return join(dirname(storePath), name);
}

function removeAbandoned(storePath: string): void {
  const folder = dirname(storePath);
  const prefix = `.${basename(storePath)}.`;
  const now = Date.now();
  for (const name of readdirSync(folder)) {
    if (!name.startsWith(prefix) || !isTemporary(name)) continue;
    const path = join(folder, name);
    // Another process may have removed it just now.
    const { mtimeMs } = statSync(path, { throwIfNoEntry: false }) ?? { mtimeMs: now };
    if (now - mtimeMs > ABANDONED_MS) rmSync(path, { force: true });
  }
}

/** Reads all rows, whatever the format. @returns the SHA-256 of the file. */
async function read(
  path: string,
  rows: CatalogueRows,
  columns: CatalogueColumns,
  onProgress: (fraction: number) => void,
): Promise<string> {
  const format = await recognise(path);
  if (format === "parquet") {
    await readParquet(path, rows, columns, onProgress);
    return hashFile(path);
  }
  const { size } = statSync(path);
  const hash = createHash("sha256");
  let bytesRead = 0;
  const onRaw = (chunk: Uint8Array): void => {
    hash.update(chunk);
    bytesRead += chunk.length;
    onProgress(Math.min(1, bytesRead / size));
  };
  if (format === "csv") await readText(path, new CsvCatalogueParser(rows, columns), rows, onRaw);
  else {
    const parser = new JsonlCatalogueParser(rows, columns);
    await readText(path, parser, rows, onRaw);
    if (rows.numRows > 0) parser.checkFields(columns);
  }
  return hash.digest("hex");
}

/** By the first bytes for Parquet, by the name where it says so, else JSON lines if the text begins with a brace. */
async function recognise(path: string): Promise<"csv" | "jsonl" | "parquet"> {
  for await (const head of readBytes(path)) {
    const text = Buffer.from(head.buffer, head.byteOffset, Math.min(head.length, 4096)).toString("latin1");
    if (text.startsWith("PAR1")) return "parquet";
    const name = path.toLowerCase().replace(/\.gz$/, "");
    if (/\.(csv|tsv)$/.test(name)) return "csv";
    if (/\.(jsonl|ndjson|json)$/.test(name)) return "jsonl";
    return /^(?:ï»¿)?\s*[[{]/.test(text) ? "jsonl" : "csv";
  }
  throw new FormatError({ file: path }, "expected rows, got an empty file; was it written completely?");
}

async function hashFile(path: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of readPlainBytes(path, 0)) hash.update(chunk);
  return hash.digest("hex");
}
