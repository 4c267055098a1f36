/** @file Flags of predict that say which labels may be returned, and how hard to look for them. */
import { readFileSync } from "node:fs";
import { InvalidArgumentError } from "commander";
import { explainStorage } from "../checkpoint/storage-error.js";
import { ConfigError, FormatError } from "../core/errors.js";
import type { RetrievalBudget } from "../kernels/contract.js";
import { labelFilter } from "../mach/label-filter.js";
import type { Model } from "../mach/model.node.js";
import type { PredictOptions } from "../mach/predictions.js";
import type { Flag } from "./flags.js";
import type { Progress } from "./progress.js";
import { formatCount } from "./tables.js";

/** `16,2`: buckets a world, worlds. */
function budget(text: string): RetrievalBudget {
  const match = /^([1-9]\d*),([1-9]\d*)$/.exec(text);
  if (match === null) {
    throw new InvalidArgumentError(`Expected buckets a world and worlds such as 16,2, got "${text}".`);
  }
  return { bucketsPerWorld: Number(match[1]), minWorlds: Number(match[2]) };
}

export const RANKING_FLAGS: readonly Flag<unknown>[] = [
  { syntax: "--only <file>", help: "return only labels that stand in this file, one a line" },
  { syntax: "--except <file>", help: "return no label that stands in this file, one a line" },
  {
    syntax: "--budget <buckets,worlds>",
    help: "approximate: look only at labels in so many best buckets of so many worlds, such as 16,2 (default: exact)",
    parse: budget,
  },
];

/**
 * What the flags ask of the model. Labels of a file that the model does not know cannot be returned anyway: they are
 * counted in a note. @throws {FormatError} if it knows none of them.
 */
export function readRanking(model: Model, options: Record<string, unknown>, progress: Progress): PredictOptions {
  const { only, except } = options;
  if (typeof only === "string" && typeof except === "string") {
    throw new ConfigError("predict: got --only and --except; give the labels that may be returned, or the others");
  }
  const kind = typeof only === "string" ? "only" : "except";
  const file = kind === "only" ? only : except;
  return {
    k: Math.min(Number(options.top), Math.max(1, model.labels.numLabels)),
    ...(options.budget === undefined ? {} : { budget: options.budget as RetrievalBudget }),
    ...(typeof file === "string" ? { allowed: readFilter(model, file, kind, progress) } : {}),
  };
}

function readFilter(model: Model, file: string, kind: "only" | "except", progress: Progress): Uint8Array {
  const names = readText(file)
    .split(/\r?\n/)
    .map((line) => line.trim());
  const ids: number[] = [];
  const unknown: number[] = [];
  for (const [i, name] of names.entries()) {
    if (name === "") continue;
    const id = model.labels.idOf(name);
    if (id === -1) unknown.push(i + 1);
    else ids.push(id);
  }
  if (ids.length === 0) {
    throw new FormatError(
      { file },
      "expected labels of the model, one a line, got none; are they labels of other data?",
    );
  }
  if (unknown.length > 0) {
    progress.note(
      `${file}: the model does not know ${formatCount(unknown.length)} of its labels, the first in line ${unknown[0]}`,
    );
  }
  return labelFilter(model.labels.numLabels, ids, kind);
}

function readText(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    throw explainStorage(file, "could not be read", error);
  }
}
