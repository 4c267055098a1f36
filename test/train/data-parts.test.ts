/** @file What is set aside, and by what a run recognises its data. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { ConfigError } from "../../src/core/errors.js";
import { loadDataset } from "../../src/data/index.js";
import { chooseOptions } from "../../src/train/choose-options.js";
import { splitRows } from "../../src/train/data-parts.node.js";
import { fingerprintFiles, runFingerprint } from "../../src/train/fingerprints.node.js";
import { temporaryDirectory } from "../checkpoint/temporary-directory.js";
import { sampleDataset } from "./sample-dataset.js";

describe("splitRows", () => {
  const sizes = { numRows: 50, numFeatures: 30, numLabels: 20 };
  const dataset = sampleDataset(sizes);
  const options = (validationShare: number, seed = 1) =>
    chooseOptions({ ...sizes, labelsPerRow: 1 }, { validationShare, seed });
  const rowsOf = ({ features, labels }: typeof dataset): string[] =>
    Array.from({ length: features.numRows }, (_, i) =>
      [
        features.columns.subarray(features.offsets[i], features.offsets[i + 1]),
        labels.ids.subarray(labels.offsets[i], labels.offsets[i + 1]),
      ].join(" → "),
    );

  it("leaves the data alone without a share", () => {
    expect(splitRows(dataset, options(0))).toEqual({ training: dataset, validation: null });
    expect(splitRows(dataset, options(0)).training).toBe(dataset);
  });

  it("puts every row in one of two parts, the same for the same seed", () => {
    const { training, validation } = splitRows(dataset, options(0.2));
    if (validation === null) throw new Error("expected rows set aside");
    expect([training.features.numRows, validation.features.numRows]).toEqual([40, 10]);
    expect([training.features.numCols, validation.labels.numLabels]).toEqual([30, 20]);
    expect([...rowsOf(training), ...rowsOf(validation)].sort()).toEqual(rowsOf(dataset).sort());
    expect(splitRows(dataset, options(0.2))).toEqual({ training, validation });
    expect(splitRows(dataset, options(0.2, 2)).validation).not.toEqual(validation);
  });

  it("refuses a share that leaves nothing to learn from", () => {
    expect(() => splitRows(sampleDataset({ ...sizes, numRows: 1 }), options(0.5))).toThrow(ConfigError);
  });
});

describe("fingerprints", () => {
  it("are those of the raw bytes, as reading reports them, packed or not", async () => {
    const folder = temporaryDirectory();
    const [plain, packed] = [join(folder, "a.tsv"), join(folder, "b.tsv.gz")];
    writeFileSync(plain, "x\tred fish\ny\tblue fish\n");
    writeFileSync(packed, gzipSync("x\tred swim\ny\tblue swim\n"));
    const { report } = await loadDataset([plain, packed]);
    expect(await fingerprintFiles([plain, packed])).toBe(report.fingerprint);
    expect(await fingerprintFiles([packed, plain])).not.toBe(report.fingerprint);
  });

  it("are null for what is no file", async () => {
    const folder = temporaryDirectory();
    mkdirSync(join(folder, "d"));
    expect(await fingerprintFiles([join(folder, "d")])).toBeNull();
    expect(await fingerprintFiles([join(folder, "absent")])).toBeNull();
  });

  it("of runs differ with the data and with every option", () => {
    const run = { optimization: { epochs: 3, seed: 1 } };
    const prints = [
      runFingerprint("data", run),
      runFingerprint("other data", run),
      runFingerprint("data", { optimization: { epochs: 3, seed: 2 } }),
    ];
    expect(new Set(prints).size).toBe(3);
    expect(runFingerprint("data", structuredClone(run))).toBe(prints[0]);
  });
});
