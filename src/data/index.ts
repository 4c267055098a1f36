/** @file Public face of data/: files and texts in, sparse rows and label ids out. */
export type { SkippedRows } from "./bad-rows.js";
export { readBytes } from "./byte-source.node.js";
export type { Dataset, FeatureMatrix, LabelLists } from "./dataset.js";
export { ROW_FORMATS } from "./formats/registry.js";
export { chooseHoldout, type HoldoutOptions, type HoldoutRows, selectRows } from "./holdout.js";
export { type IdxArray, parseIdx } from "./idx.js";
export { LabelTable } from "./label-table.js";
export {
  type FileReport,
  type LoadedDataset,
  type LoadOptions,
  type LoadReport,
  loadDataset,
  type ReadOptions,
  type ReadProgress,
} from "./load-dataset.node.js";
export { loadIdx } from "./load-idx.node.js";
export {
  DEFAULT_NUMERIC_OPTIONS,
  type DimensionSource,
  NumericVectorizer,
  type NumericVectorizerJson,
  type NumericVectorizerOptions,
} from "./numeric-vectorizer.js";
export {
  type QueryBatch,
  type QueryFile,
  type QueryOptions,
  type QueryReport,
  readQueries,
} from "./read-queries.node.js";
export type { BadRowReason, Purpose, RowFormat, RowParser, RowTarget } from "./row-format.js";
export { DEFAULT_MAX_LINE_BYTES } from "./row-stream.js";
export { fitTexts, TextFitter } from "./text-fitter.js";
export {
  DEFAULT_TEXT_OPTIONS,
  TextVectorizer,
  type TextVectorizerJson,
  type TextVectorizerOptions,
} from "./text-vectorizer.js";
export { type Alphabet, Tokenizer, TokenList } from "./tokenizer.js";
export type { Vectorizer } from "./vectorizer.js";
export { loadVectorizer } from "./vectorizer-file.node.js";
export { parseVectorizer } from "./vectorizer-json.js";
