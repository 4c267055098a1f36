/** @file Two small models with rows to train and to test them, for tests that ask models: `m` of words, `xc` of numbers. */
import { cpSync } from "node:fs";
import { join } from "node:path";
import { succeed } from "./manyworlds-process.js";
import { writeTextRows, writeXcRows } from "./sample-rows.js";
import { sharedFolder } from "./shared-folder.js";

/** Shape of the models: seconds to train, once for all tests of a run. */
export const TINY: readonly string[] = ["--worlds", "3", "--buckets", "16", "--hidden", "16", "--epochs", "10"];

/** Makes train.tsv, test.tsv, train.xc, test.xc (labels from 7 on), and the models m and xc in `folder`. */
export async function createTinyModels(folder: string): Promise<void> {
  cpSync(await sharedFolder("tiny-models", trainTinyModels), folder, { recursive: true });
}

async function trainTinyModels(folder: string): Promise<void> {
  const at = (name: string): string => join(folder, name);
  writeTextRows(at("train.tsv"), { numRows: 1200, numLabels: 30, seed: 1 });
  writeTextRows(at("test.tsv"), { numRows: 200, numLabels: 30, seed: 2 });
  writeXcRows(at("train.xc"), { numRows: 1200, numLabels: 30, seed: 1 }, 7);
  writeXcRows(at("test.xc"), { numRows: 200, numLabels: 30, seed: 2 }, 7);
  await succeed(["train", at("train.tsv"), "--model", at("m"), ...TINY]);
  await succeed(["train", at("train.xc"), "--model", at("xc"), ...TINY]);
}
