/**
 * @file Catalogue rows from Parquet: only the columns that matter are read, one row group after the other. A row's number
 * stands for its line in messages.
 */
import { open } from "node:fs/promises";
import * as zlib from "node:zlib";
import {
  type AsyncBuffer,
  type ColumnData,
  type Compressors,
  parquetMetadataAsync,
  parquetRead,
  parquetSchema,
  type SchemaElement,
} from "hyparquet";
import { CATALOGUE_FIELDS, type CatalogueColumns, findFields, headerProblem } from "./catalogue-columns.js";
import type { CatalogueRows, SourceRow } from "./catalogue-rows.js";

const { zstdDecompressSync } = zlib as { readonly zstdDecompressSync?: (bytes: Uint8Array) => Buffer };

/** What Node can inflate beside Snappy, which the reader knows; Zstandard from Node 22.15 on. */
const COMPRESSORS: Compressors = {
  GZIP: (bytes) => zlib.gunzipSync(bytes),
  BROTLI: (bytes) => zlib.brotliDecompressSync(bytes),
  ...(zstdDecompressSync === undefined ? {} : { ZSTD: (bytes: Uint8Array) => zstdDecompressSync(bytes) }),
};

/** Reads the rows of a Parquet file. @throws {FormatError} for what is none, or holds what cannot be read. */
export async function readParquet(
  path: string,
  rows: CatalogueRows,
  columns: CatalogueColumns,
  onProgress: (fraction: number) => void,
): Promise<void> {
  const handle = await open(path, "r");
  try {
    const { size } = await handle.stat();
    const file: AsyncBuffer = {
      byteLength: size,
      slice: async (start, end = size) => {
        const buffer = new ArrayBuffer(end - start);
        const bytes = new Uint8Array(buffer);
        for (let done = 0; done < bytes.length; ) {
          const { bytesRead } = await handle.read(bytes, done, bytes.length - done, start + done);
          if (bytesRead === 0) throw new Error("the file ends too early");
          done += bytesRead;
        }
        return buffer;
      },
    };
    const metadata = await readable(rows, () => parquetMetadataAsync(file));
    const numRows = Number(metadata.num_rows);
    const { children } = parquetSchema(metadata);
    const header = children.map(({ element }) => element.name);
    const problem = headerProblem(header, columns);
    if (problem !== null) rows.fail(undefined, problem);
    const positions = findFields(header, columns) as NonNullable<ReturnType<typeof findFields>>;
    const wanted = CATALOGUE_FIELDS.filter((field) => positions[field] >= 0);
    const names = wanted.map((field) => header[positions[field]]);
    const numerals = wanted.map((field) => numeralsOf(children[positions[field]].element));
    const row: SourceRow = { label: null, title: null, url: null, image: null, price: null };
    let rowStart = 0;
    for (const group of metadata.row_groups) {
      const rowEnd = rowStart + Number(group.num_rows);
      const columns = new Map(names.map((name) => [name, new Array<unknown>(rowEnd - rowStart)]));
      const first = rowStart;
      const onChunk = (chunk: ColumnData): void => {
        const column = columns.get(chunk.columnName) as unknown[];
        for (let i = 0; i < chunk.columnData.length; i++) column[chunk.rowStart - first + i] = chunk.columnData[i];
      };
      const wantedColumns = [...columns.keys()];
      await readable(rows, () =>
        parquetRead({ file, metadata, columns: wantedColumns, rowStart, rowEnd, onChunk, compressors: COMPRESSORS }),
      );
      const cells = names.map((name) => columns.get(name) as unknown[]);
      for (let i = 0; i < rowEnd - rowStart; i++) {
        const bad = wanted.find((field, f) => {
          const text = valueText(cells[f][i], numerals[f]);
          row[field] = text ?? null;
          return text === undefined;
        });
        const line = first + i + 1;
        if (bad === undefined) rows.row(line, row);
        else rows.reject(line, "malformed row", notText(bad));
      }
      rowStart = rowEnd;
      onProgress(rowEnd / numRows);
    }
  } finally {
    await handle.close();
  }
}

/** How a column's numbers are written: the reader gives decimals and 32-bit floats as doubles, which have more digits. */
function numeralsOf({ type, converted_type, logical_type, scale }: SchemaElement): (value: number) => string {
  if (converted_type === "DECIMAL" || logical_type?.type === "DECIMAL") return (value) => value.toFixed(scale ?? 0);
  return type === "FLOAT" ? floatText : String;
}

/** The fewest digits that make the same 32-bit float: nine always do. */
function floatText(value: number): string {
  for (let digits = 1; digits <= 9; digits++) {
    const text = Number(value.toPrecision(digits));
    if (Math.fround(text) === value) return String(text);
  }
  return String(value);
}

/** A value as text, null where there is none, undefined where it is no text. */
function valueText(value: unknown, numerals: (value: number) => string): string | null | undefined {
  if (value === null || value === undefined) return null;
  if (typeof value === "string") return value;
  if (typeof value === "number") return numerals(value);
  return typeof value === "bigint" ? String(value) : undefined;
}

function notText(field: string): string {
  return `expected text or a number for the ${field}, got neither; convert the column`;
}

/** What the Parquet reader finds wrong, in our words. */
async function readable<T>(rows: CatalogueRows, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    const { message } = error as Error;
    const codec = /unsupported compression codec: (\w+)/.exec(message)?.[1];
    if (codec !== undefined) {
      const remedy = "write the file with Snappy or gzip (Zstandard needs Node 22.15)";
      rows.fail(undefined, `expected Parquet pages that Node can inflate, got ${codec}; ${remedy}`);
    }
    rows.fail(
      undefined,
      `expected a Parquet file, got one that cannot be read (${message}); was it written completely?`,
    );
  }
}
