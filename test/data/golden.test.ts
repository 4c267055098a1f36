/**
 * @file Golden cases: `golden/<case>.json` names its input files and options, and what reading them must give.
 *
 * A new case is a new file with `files` and `options`; UPDATE_GOLDEN=1 fills in the rest, to be read before committing.
 */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { type LoadedDataset, type LoadOptions, loadDataset } from "../../src/data/index.js";

const FOLDER = new URL("golden/", import.meta.url);

interface Row {
  labels: string[];
  /** Value of each feature, called by its term or its column. */
  features: Record<string, number>;
}

interface Outcome {
  error?: string;
  formats?: string[];
  numFeatures?: number;
  numLabels?: number;
  skipped?: { reason: string; count: number; firstLine: number; firstProblem: string }[];
  rows?: Row[];
}

interface Case extends Outcome {
  files: string[];
  options: LoadOptions;
}

async function read(files: string[], options: LoadOptions): Promise<Outcome> {
  try {
    const textOptions = { minDocumentFrequency: 1, ...options.textOptions };
    const paths = files.map((file) => new URL(file, FOLDER).pathname);
    return describeDataset(await loadDataset(paths, { ...options, textOptions }));
  } catch (error) {
    const { name, message } = error as Error;
    return { error: `${name}: ${message}`.replaceAll(FOLDER.pathname, "") };
  }
}

function describeDataset({ dataset, vectorizer, labelTable, report }: LoadedDataset): Outcome {
  const { features, labels } = dataset;
  const terms = vectorizer.kind === "text" ? vectorizer.statistics.terms : null;
  const rows = Array.from({ length: features.numRows }, (_, row): Row => {
    const ids = labels.ids.subarray(labels.offsets[row], labels.offsets[row + 1]);
    const entries: [string, number][] = [];
    for (let i = features.offsets[row]; i < features.offsets[row + 1]; i++) {
      const column = features.columns[i];
      entries.push([terms?.nameOf(column) ?? String(column), Number(features.values[i].toPrecision(6))]);
    }
    return { labels: Array.from(ids, (id) => labelTable.nameOf(id)), features: Object.fromEntries(entries) };
  });
  return {
    formats: report.files.map((file) => file.format),
    numFeatures: report.numFeatures,
    numLabels: report.numLabels,
    skipped: report.skipped.map(({ firstFile: _, ...rest }) => rest),
    rows,
  };
}

describe("golden", () => {
  for (const name of readdirSync(FOLDER).filter((file) => file.endsWith(".json"))) {
    it(name, async () => {
      const url = new URL(name, FOLDER);
      const { files, options, ...expected } = JSON.parse(readFileSync(url, "utf8")) as Case;
      const outcome = await read(files, options);
      if (process.env.UPDATE_GOLDEN === "1") {
        writeFileSync(url, `${JSON.stringify({ files, options, ...outcome }, null, 2)}\n`);
      } else expect(outcome).toEqual(expected);
    });
  }
});
