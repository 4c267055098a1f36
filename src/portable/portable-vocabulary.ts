/**
 * @file Which words does the model know, and where do their rows stand? vocabulary.bin, and the order of the rows.
 *
 *   frequencies   D numbers, LEB128: training rows with each feature
 *   words         D terms separated by line ends, UTF-8      (only without hashing)
 *
 * Rows of the input layer stand in the order of the frequencies, most frequent first, ties by smaller column, so that a
 * few shards hold most of what is asked. Features in fewer rows than the vectorizer demands are dropped from every query
 * and have no row; with hashed features those may be most.
 */
import { FormatError, ManyworldsError } from "../core/errors.js";
import { ByteTable } from "../data/byte-table.js";
import { checkTextOptions, TextVectorizer } from "../data/text-vectorizer.js";
import { decodeByteCounts, encodeByteCounts } from "./byte-counts.js";
import type { PortableIndex } from "./portable-index.js";
import { concatenate } from "./portable-labels.js";

/** No row of the input layer: the feature is too rare. */
export const NO_ROW = 0xffffffff;

const LINE_END = 10;

/** The file of `vectorizer`, not packed. */
export function encodeVocabulary({ statistics: { documentFrequency, terms } }: TextVectorizer): Uint8Array {
  const parts = [encodeByteCounts(documentFrequency)];
  for (let id = 0; id < (terms?.size ?? 0); id++) {
    if (id > 0) parts.push(Uint8Array.of(LINE_END));
    parts.push((terms as ByteTable).bytesOf(id).slice());
  }
  return concatenate(parts);
}

/** The vectorizer of `bytes`. @throws {FormatError} naming `file` unless they are those of D features. */
export function decodeVocabulary(
  bytes: Uint8Array,
  numFeatures: number,
  { options, numDocuments }: PortableIndex["vectorizer"],
  file: string,
): TextVectorizer {
  try {
    const { counts, end } = decodeByteCounts(bytes, 0, numFeatures);
    const isHashed = options.hashBits !== null;
    if (isHashed && end !== bytes.length) throw new RangeError("expected no words beside hashed features, got some");
    const terms = isHashed ? null : splitTerms(bytes.subarray(end), numFeatures);
    return new TextVectorizer(checkTextOptions(options), { numDocuments, documentFrequency: counts, terms });
  } catch (error) {
    if (!(error instanceof RangeError) && !(error instanceof ManyworldsError)) throw error;
    throw new FormatError({ file }, `${error.message}; export the model again`);
  }
}

function splitTerms(bytes: Uint8Array, count: number): ByteTable {
  const table = new ByteTable();
  let start = 0;
  for (let line = 0; line < count; line++) {
    const found = bytes.indexOf(LINE_END, start);
    const end = found < 0 ? bytes.length : found;
    if (table.intern(bytes, start, end) !== line) throw new RangeError(`expected distinct words, word ${line} repeats`);
    if (found < 0 && line + 1 < count) throw new RangeError(`expected ${count} words, got ${line + 1}`);
    start = end + 1;
  }
  if (start <= bytes.length && count > 0) throw new RangeError(`expected ${count} words, got more`);
  return table;
}

/** Columns that have a row of the input layer, in the order of the rows. */
export function rowColumns({ statistics: { documentFrequency }, options }: TextVectorizer): Uint32Array {
  const columns: number[] = [];
  for (let column = 0; column < documentFrequency.length; column++) {
    if (documentFrequency[column] >= options.minDocumentFrequency) columns.push(column);
  }
  return Uint32Array.from(columns).sort((a, b) => documentFrequency[b] - documentFrequency[a] || a - b);
}

/** [D] the row of each column; NO_ROW for none. The inverse of `rowColumns`. */
export function columnRows(vectorizer: TextVectorizer): Uint32Array {
  const rows = new Uint32Array(vectorizer.numFeatures).fill(NO_ROW);
  rowColumns(vectorizer).forEach((column, row) => {
    rows[column] = row;
  });
  return rows;
}
