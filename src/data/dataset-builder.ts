/**
 * @file From parsed rows to a dataset: interns labels, learns or applies the vectorizer, keeps rows in growing chunks.
 *
 *   ParsedRow ──labels──▶ LabelTable ──▶ ids, sorted, distinct ─┐
 *             ──text────▶ TextFitter or TextVectorizer ─────────┼─▶ Dataset over shared memory, exact
 *             ──numbers─▶ NumericVectorizer (D) ────────────────┘
 *
 * One builder takes the rows of several files. Which label form: a header `N D L` gives integers 0 … L − 1, anything
 * else gives names. With an existing label table nothing is added: its unknown labels are counted for each row, so that
 * recall can divide by all true labels.
 */
import { FormatError } from "../core/errors.js";
import { ByteTable } from "./byte-table.js";
import { decodeUtf8, isAscii } from "./byte-text.js";
import { ChunkedArray, sharedArray } from "./chunked-array.js";
import type { Dataset, FeatureMatrix, LabelLists } from "./dataset.js";
import { NOT_UTF8 } from "./feature-counter.js";
import { LabelTable } from "./label-table.js";
import {
  checkNumericOptions,
  NumericVectorizer,
  type NumericVectorizerOptions,
  scaleRow,
} from "./numeric-vectorizer.js";
import type { FileHeader, ParsedRow, Purpose, RowFormat } from "./row-format.js";
import type { RejectRow, RowHandler } from "./row-stream.js";
import { SparseRow } from "./sparse-row.js";
import { TextFitter } from "./text-fitter.js";
import { checkTextOptions, type TextVectorizerOptions } from "./text-vectorizer.js";
import type { Vectorizer } from "./vectorizer.js";

/** What is wrong with a row of other bytes. */
export const NOT_UTF8_PROBLEM: string = "expected UTF-8, got other bytes; convert the file: iconv -f latin1 -t utf-8";
const EMPTY_DOCUMENT = "expected a text with at least one word (letters or digits), got none; remove the row";

/** What is wrong with a row whose features the model cannot have. */
export function featureBeyondModel(numFeatures: number): string {
  const problem = `expected feature ids below the model's D = ${numFeatures}, got a larger one`;
  return `${problem}; were these rows made with the same features?`;
}

export interface DatasetBuilderOptions {
  readonly purpose: Purpose;
  /** Use this one; null: learn one. */
  readonly vectorizer: Vectorizer | null;
  readonly textOptions: Partial<TextVectorizerOptions>;
  readonly numericOptions: Partial<NumericVectorizerOptions>;
  /** Use this one, adding nothing; null: start one. */
  readonly labelTable: LabelTable | null;
}

/** What `finish` gives. */
export interface BuiltDataset {
  readonly dataset: Dataset;
  readonly vectorizer: Vectorizer;
  readonly labelTable: LabelTable;
  /** [N] distinct true labels of each row that the given label table does not know; null without one. */
  readonly unknownLabelCounts: Uint32Array | null;
  /** Feature occurrences dropped because the model does not know them (numeric rows only). */
  readonly numDroppedFeatures: number;
}

/** Handles the rows of one or more files of one kind. */
export class DatasetBuilder implements RowHandler {
  /** Name of the file at hand, for messages. */
  file = "";
  private readonly options: DatasetBuilderOptions;
  private vectorizer: Vectorizer | null;
  private kind: "text" | "numeric" | null;
  private labelTable: LabelTable | null;
  private fitter: TextFitter | null = null;
  private declaredFeatures = 0;
  private maxColumn = -1;
  private numDroppedFeatures = 0;
  private readonly lengths = new ChunkedArray<Uint32Array>(Uint32Array);
  private readonly columns = new ChunkedArray<Uint32Array>(Uint32Array);
  private readonly values = new ChunkedArray<Float32Array>(Float32Array);
  private readonly labelLengths = new ChunkedArray<Uint32Array>(Uint32Array);
  private readonly labelIds = new ChunkedArray<Uint32Array>(Uint32Array);
  private readonly unknownCounts = new ChunkedArray<Uint32Array>(Uint32Array);
  private readonly unknownNames = new ByteTable();
  /** Labels of the row at hand that the given table does not know. */
  private unknownInRow = 0;
  private scratchIds = new Uint32Array(64);
  private readonly textRow = new SparseRow();

  private readonly numericOptions: NumericVectorizerOptions;

  /** @throws {ConfigError} for options that make no sense, whatever the kind of the rows to come. */
  constructor(options: DatasetBuilderOptions) {
    this.options = options;
    this.vectorizer = options.vectorizer;
    this.kind = options.vectorizer?.kind ?? null;
    this.labelTable = options.labelTable;
    this.numericOptions = checkNumericOptions(options.numericOptions);
    checkTextOptions(options.textOptions);
  }

  /** The kind that further files must have; null before the first. */
  get requiredKind(): "text" | "numeric" | null {
    return this.kind;
  }

  begin(format: RowFormat): void {
    this.kind = format.kind;
    if (this.vectorizer === null && format.kind === "text") this.fitter ??= new TextFitter(this.options.textOptions);
  }

  header(header: FileHeader): void {
    this.declaredFeatures = Math.max(this.declaredFeatures, header.numFeatures);
    if (this.options.labelTable !== null) return;
    this.labelTable ??= LabelTable.integers(header.numLabels);
    this.labelTable.extendTo(header.numLabels);
  }

  row(row: ParsedRow, reject: RejectRow): void {
    const strict = this.options.purpose === "train";
    if (strict && row.numLabels === 0) {
      reject("no labels", "expected at least one label, got none; add labels or remove the row");
      return;
    }
    if (!this.areLabelsUtf8(row)) {
      reject("not UTF-8", NOT_UTF8_PROBLEM);
      return;
    }
    this.labelTable ??= LabelTable.named();
    const table = this.labelTable;
    // Names may be added only once the row is known to be good; other tables can refuse the row instead.
    const addsNames = this.options.labelTable === null && table.form === "named";
    let numKnown = addsNames ? 0 : this.collectLabels(row, table);
    if (numKnown < 0) {
      const known = `from 0 to ${table.numLabels - 1} (the header of an earlier file)`;
      reject("label beyond the header", `expected label ids ${known}, got a larger one; give each file a header`);
      return;
    }
    if (strict && numKnown === 0 && !addsNames) {
      reject("no labels", "expected at least one label that the model knows, got none; train a new model");
      return;
    }
    const isStored = this.kind === "text" ? this.addText(row, reject, strict) : this.addNumbers(row, reject, strict);
    if (!isStored) return;
    if (addsNames) numKnown = this.collectLabels(row, table);
    this.storeLabels(numKnown);
  }

  skipped(): void {}

  /** Exact shared arrays, the vectorizer and the label table. The builder is used up. */
  finish(): BuiltDataset {
    const labelTable = this.labelTable ?? LabelTable.named();
    let { vectorizer } = this;
    let features: FeatureMatrix;
    if (this.fitter !== null) ({ vectorizer, features } = this.fitter.finish());
    else {
      const { declaredFeatures } = this;
      vectorizer ??= new NumericVectorizer(
        Math.max(declaredFeatures, this.maxColumn + 1),
        declaredFeatures > 0 ? "header" : "data",
        this.numericOptions,
      );
      const offsets = this.sumUp(this.lengths);
      const columns = this.columns.moveToShared();
      features = {
        numRows: offsets.length - 1,
        numCols: vectorizer.numFeatures,
        offsets,
        columns,
        values: this.values.moveToShared(),
      };
    }
    const labelOffsets = this.sumUp(this.labelLengths);
    const labels: LabelLists = {
      numRows: labelOffsets.length - 1,
      numLabels: labelTable.numLabels,
      offsets: labelOffsets,
      ids: this.labelIds.moveToShared(),
    };
    if (this.options.labelTable === null) labelTable.countLabels(labels);
    return {
      dataset: { features, labels },
      vectorizer: vectorizer as Vectorizer,
      labelTable,
      unknownLabelCounts: this.options.labelTable === null ? null : this.unknownCounts.moveToShared(),
      numDroppedFeatures: this.numDroppedFeatures,
    };
  }

  private addText(row: ParsedRow, reject: RejectRow, strict: boolean): boolean {
    const { fitter, textRow, vectorizer } = this;
    let numTokens: number;
    if (fitter !== null) numTokens = fitter.add(row.textBytes, row.textStart, row.textEnd);
    else if (vectorizer?.kind === "text") {
      numTokens = vectorizer.transformBytes(row.textBytes, row.textStart, row.textEnd, textRow);
    } else throw new TypeError("DatasetBuilder: expected a text vectorizer for text rows");
    if (numTokens === NOT_UTF8) reject("not UTF-8", NOT_UTF8_PROBLEM);
    else if (numTokens === 0 && strict) reject("empty document", EMPTY_DOCUMENT);
    else {
      if (fitter === null) this.storeRow(textRow);
      else if (numTokens === 0) fitter.addEmpty();
      return true;
    }
    return false;
  }

  private addNumbers(row: ParsedRow, reject: RejectRow, strict: boolean): boolean {
    const { features } = row;
    const { vectorizer } = this;
    if (features.length === 0 && strict) {
      reject("empty document", "expected at least one feature:value, got none; remove the row");
      return false;
    }
    if (vectorizer?.kind === "numeric") {
      const dropped = vectorizer.apply(features);
      if (dropped < 0) {
        reject("feature beyond D", featureBeyondModel(vectorizer.numFeatures));
        return false;
      }
      this.numDroppedFeatures += dropped;
    } else {
      if (features.length > 0) this.maxColumn = Math.max(this.maxColumn, features.columns[features.length - 1]);
      scaleRow(features, this.numericOptions);
    }
    this.storeRow(features);
    return true;
  }

  private storeRow(row: SparseRow): void {
    this.columns.pushAll(row.columns, row.length);
    this.values.pushAll(row.values, row.length);
    this.lengths.push(row.length);
  }

  /** Fills `scratchIds` with the row's ids, ascending and distinct. @returns how many; −1: a number beyond the table. */
  private collectLabels(row: ParsedRow, table: LabelTable): number {
    const isGiven = this.options.labelTable !== null;
    if (this.scratchIds.length < row.numLabels) this.scratchIds = new Uint32Array(2 * row.numLabels);
    const ids = this.scratchIds;
    const { labelBytes, labelStarts, labelEnds } = row;
    let count = 0;
    let unknown: Set<number> | null = null;
    for (let i = 0; i < row.numLabels; i++) {
      const start = labelStarts[i];
      const end = labelEnds[i];
      const id = isGiven ? table.find(labelBytes, start, end) : table.intern(labelBytes, start, end);
      if (id < 0) {
        if (!isGiven) return -1;
        unknown ??= new Set();
        unknown.add(this.unknownNames.intern(labelBytes, start, end));
        continue;
      }
      // Insertion keeps the few labels of a row sorted; most rows come sorted.
      let at = count;
      while (at > 0 && ids[at - 1] > id) at--;
      if (at > 0 && ids[at - 1] === id) continue;
      ids.copyWithin(at + 1, at, count);
      ids[at] = id;
      count++;
    }
    this.unknownInRow = unknown?.size ?? 0;
    return count;
  }

  private storeLabels(count: number): void {
    this.labelIds.pushAll(this.scratchIds, count);
    this.labelLengths.push(count);
    if (this.options.labelTable !== null) this.unknownCounts.push(this.unknownInRow);
  }

  private areLabelsUtf8(row: ParsedRow): boolean {
    if (this.kind === "numeric" || row.numLabels === 0) return true;
    const start = row.labelStarts[0];
    const end = row.labelEnds[row.numLabels - 1];
    return isAscii(row.labelBytes, start, end) || decodeUtf8(row.labelBytes, start, end) !== null;
  }

  /** Lengths to offsets, [N + 1]. @throws {FormatError} beyond 2³² entries. */
  private sumUp(lengths: ChunkedArray<Uint32Array>): Uint32Array {
    const each = lengths.moveToShared();
    const offsets = sharedArray(Uint32Array, each.length + 1);
    let sum = 0;
    for (let i = 0; i < each.length; i++) {
      sum += each[i];
      offsets[i + 1] = sum;
    }
    if (sum > 0xffffffff) {
      throw new FormatError(
        { file: this.file },
        `expected fewer than 2³² entries in all rows, got ${sum}; split the data`,
      );
    }
    return offsets;
  }
}
