/**
 * @file Files on disk: evaluation against a trained model's tables, queries in batches, holdout, progress.
 */
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import {
  chooseHoldout,
  loadDataset,
  loadVectorizer,
  type QueryOptions,
  readQueries,
  selectRows,
} from "../../src/data/index.js";

const folder = mkdtempSync(join(tmpdir(), "manyworlds-data-"));
afterAll(() => rmSync(folder, { recursive: true }));

function write(name: string, contents: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, contents);
  return path;
}

const train = write("train.tsv", "a,b\tred fish\nb\tblue fish\na\tred sky\nc\tblue sky\n");
const numbers = write("train.xc", "2 4 3\n0,2 0:1 3:2\n1 1:1\n");

async function batchesOf(path: string, options: QueryOptions) {
  const file = readQueries(path, options);
  const batches = [];
  for await (const batch of file) batches.push(batch);
  return { batches, report: file.report };
}

describe("loadDataset", () => {
  it("reports, fingerprints and stands on shared memory", async () => {
    const progress: number[] = [];
    const { dataset, report, labelTable } = await loadDataset([train, train], {
      onProgress: ({ bytesRead, bytesTotal }) => progress.push(bytesRead / bytesTotal),
    });
    expect(report).toMatchObject({
      numRows: 8,
      numFeatures: 4,
      numLabels: 3,
      numNonZeros: 16,
      numLabelOccurrences: 10,
    });
    const bytes = readFileSync(train);
    expect(report.fingerprint).toBe(createHash("sha256").update(bytes).update(bytes).digest("hex"));
    expect(progress).toEqual([0.5, 1]);
    const { features, labels } = dataset;
    for (const array of [features.offsets, features.columns, features.values, labels.offsets, labels.ids]) {
      expect(array.buffer).toBeInstanceOf(SharedArrayBuffer);
      expect(array.buffer.byteLength).toBe(array.byteLength);
    }
    expect(Array.from(labelTable.labelCounts ?? [])).toEqual([4, 4, 2]);
  });

  it("evaluates with the model's tables: unknown labels count, rows without labels or words stay", async () => {
    const { vectorizer, labelTable } = await loadDataset(train);
    const test = write("test.tsv", "a,new,newer,new\tred unknown\n\tblue\nb\t...\n");
    const loaded = await loadDataset(test, { purpose: "evaluate", vectorizer, labelTable });
    expect(Array.from(loaded.dataset.features.offsets)).toEqual([0, 1, 2, 2]);
    expect(Array.from(loaded.dataset.labels.offsets)).toEqual([0, 1, 1, 2]);
    expect(Array.from(loaded.unknownLabelCounts ?? [])).toEqual([2, 0, 0]);
    expect(loaded.report).toMatchObject({ numEmptyRows: 1, numUnknownLabelOccurrences: 2, numLabels: 3 });
    expect(labelTable.numLabels).toBe(3);
  });

  it("checks feature numbers against the model's D", async () => {
    const { vectorizer, labelTable } = await loadDataset(numbers);
    const test = write("test.xc", "1 9 9\n0,7 2:1 8:1\n");
    await expect(loadDataset(test, { purpose: "evaluate", vectorizer, labelTable })).rejects.toThrow(
      "test.xc:2: expected feature ids below the model's D = 4, got a larger one",
    );
    const loaded = await loadDataset(numbers, { purpose: "evaluate", vectorizer, labelTable });
    expect(loaded.dataset.features.numCols).toBe(4);
  });

  it("adds no label for a row that is skipped", async () => {
    const path = write("skip.tsv", "a\tred\nlost\t...\nb\tred\n");
    const { labelTable, report } = await loadDataset(path, { skipBadRows: true });
    expect(labelTable.idOf("lost")).toBe(-1);
    expect(report.skipped).toMatchObject([{ reason: "empty document", count: 1, firstLine: 2 }]);
  });

  it.skipIf(process.platform !== "linux")("names the file of which the system cannot read a byte", async () => {
    const reading = loadDataset(["/proc/self/mem"], {});
    await expect(reading).rejects.toThrow(/^\/proc\/self\/mem: could not be read: EIO/);
    await expect(reading).rejects.toMatchObject({ name: "FormatError" });
  });

  it("stops when told to", async () => {
    await expect(loadDataset(train, { signal: AbortSignal.abort() })).rejects.toThrow("reading was interrupted");
  });
});

describe("readQueries", () => {
  it("reads plain text, one row a line, whatever the line holds", async () => {
    const { vectorizer } = await loadDataset(train);
    const path = write("queries.txt", "red, fish\n\n12:30 15:45\nblue sky");
    const { batches, report } = await batchesOf(path, { vectorizer, batchSize: 3 });
    expect(batches.map(({ firstRow, features }) => [firstRow, features.numRows])).toEqual([
      [0, 3],
      [3, 1],
    ]);
    expect(Array.from(batches[0].features.offsets)).toEqual([0, 2, 2, 2]);
    expect(report).toEqual({ numRows: 4, numEmptyRows: 2, skipped: [] });
  });

  it("ignores labels, and keeps the place of bad rows", async () => {
    const { vectorizer } = await loadDataset(numbers);
    const path = write("queries.xc", "5 4 3\n0,99 0:1\n0:1 2:1\n1 1:x\n 9:1\n\n");
    const { batches, report } = await batchesOf(path, { vectorizer, skipBadRows: true });
    expect(Array.from(batches[0].features.offsets)).toEqual([0, 1, 3, 3, 3, 3]);
    expect(report.skipped.map(({ reason, firstLine }) => [reason, firstLine])).toEqual([
      ["malformed row", 4],
      ["feature beyond D", 5],
    ]);
    await expect(batchesOf(path, { vectorizer })).rejects.toThrow("queries.xc:4: expected a finite number");
    await expect(batchesOf(train, { vectorizer })).rejects.toThrow(
      "train.tsv: expected rows of feature numbers (xc), as the model or the files before hold, got format tsv",
    );
  });
});

describe("loadVectorizer", () => {
  it("reads what toJSON wrote and names the file otherwise", async () => {
    const { vectorizer } = await loadDataset(train);
    const path = write("vectorizer.json", JSON.stringify(vectorizer));
    expect(JSON.stringify(await loadVectorizer(path))).toBe(JSON.stringify(vectorizer));
    await expect(loadVectorizer(write("cut.json", "{"))).rejects.toThrow("cut.json: expected JSON, got something else");
    await expect(loadVectorizer(join(folder, "none.json"))).rejects.toThrow("none.json: expected a file, got nothing");
  });
});

describe("holdout", () => {
  it("splits by seed alone, each row once", async () => {
    const { train: kept, validation } = chooseHoldout(1000, { share: 0.2, seed: 3 });
    expect(validation.length).toBe(200);
    expect(Array.from([...kept, ...validation]).sort((a, b) => a - b)).toEqual(
      Array.from({ length: 1000 }, (_, i) => i),
    );
    expect(chooseHoldout(1000, { share: 0.2, seed: 3 }).validation).toEqual(validation);
    expect(chooseHoldout(1000, { share: 0.2, seed: 4 }).validation).not.toEqual(validation);
    expect(() => chooseHoldout(1)).toThrow("holdout: expected rows left for training");
    expect(() => chooseHoldout(9, { share: 2 })).toThrow("holdout share: expected a number between 0 and 1, got 2");
  });

  it("copies the chosen rows", async () => {
    const { dataset } = await loadDataset(numbers);
    const { features, labels } = selectRows(dataset, Uint32Array.of(1, 0));
    expect([Array.from(features.offsets), Array.from(features.columns)]).toEqual([
      [0, 1, 3],
      [1, 0, 3],
    ]);
    expect([Array.from(labels.offsets), Array.from(labels.ids), labels.numLabels]).toEqual([[0, 1, 3], [1, 0, 2], 3]);
  });
});
