/**
 * @file Which files are part of a model? Asked before a directory is removed or replaced: what we did not write stays.
 */
import { existsSync, readdirSync, readFileSync, rmdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { ConfigError } from "../core/errors.js";
import { isTemporary } from "./atomic-write.node.js";
import { explainStorage } from "./storage-error.js";
import { WORLDS_FOLDER } from "./world-file.node.js";

/** What a model directory says about itself: a directory without it is no model. */
export const MANIFEST_FILE = "manifest.json";
/** What happened while the model was trained (train/run-history/). No part of what answers. */
export const HISTORY_FILE = "history.jsonl";
/** The same as a page. */
export const REPORT_FILE = "report.html";
const WORLD_FILE = /^world-\d{3,}(\.partial)?\.safetensors$/;

/**
 * For a directory without a model, where one will be made: other files may stay beside it. @throws {ConfigError} naming one
 * that training would write over. What a killed run has left before its manifest is no such file: reports come after it.
 */
export function checkNothingOverwritten(directory: string): void {
  const found = [HISTORY_FILE, REPORT_FILE].find((name) => existsSync(join(directory, name)));
  if (found === undefined) return;
  throw new ConfigError(
    `${directory}: expected no ${found} where no model is, found one; ` +
      "training writes a file of this name: move it away, or choose another directory",
  );
}

/** For a model that will be removed. @throws {ConfigError} naming a file in `directory` that is no part of it. */
export function checkOnlyModelFiles(directory: string): void {
  if (!existsSync(directory)) return;
  let foreign: string[];
  try {
    const known = new Set([MANIFEST_FILE, HISTORY_FILE, REPORT_FILE, WORLDS_FOLDER, ...listedFiles(directory)]);
    foreign = readdirSync(directory).filter((name) => !known.has(name) && !isTemporary(name) && !isBaseFile(name));
    const worlds = join(directory, WORLDS_FOLDER);
    if (existsSync(worlds)) {
      const others = readdirSync(worlds).filter((name) => !WORLD_FILE.test(name) && !isTemporary(name));
      foreign.push(...others.map((name) => `${WORLDS_FOLDER}/${name}`));
    }
  } catch (error) {
    throw explainStorage(directory, "could not be listed", error);
  }
  if (foreign.length === 0) return;
  throw new ConfigError(
    `${directory}: expected nothing but a model, found ${foreign.slice(0, 3).join(", ")}; ` +
      "replacing the model would delete it: move it away, or choose another directory",
  );
}

/**
 * Removes a model from `directory`, its manifest first, and nothing else: what others have put there stays, and with it
 * the directory. `listed`: the files that its manifest names. @throws what node:fs does.
 */
export function removeModelFiles(directory: string, listed: readonly string[]): void {
  for (const name of [MANIFEST_FILE, HISTORY_FILE, REPORT_FILE, ...listed]) {
    rmSync(join(directory, name), { force: true });
  }
  const worlds = join(directory, WORLDS_FOLDER);
  for (const [folder, isOurs] of [
    [worlds, (name: string) => WORLD_FILE.test(name) || isTemporary(name)],
    [directory, isTemporary],
  ] as const) {
    if (!existsSync(folder)) continue;
    for (const name of readdirSync(folder).filter(isOurs)) rmSync(join(folder, name), { force: true });
    if (readdirSync(folder).length === 0) rmdirSync(folder);
  }
}

/** Names that every version has written, for directories whose manifest cannot be read. */
function isBaseFile(name: string): boolean {
  return /^(labels|label-counts|vectorizer)\.[a-z]+$/.test(name);
}

/** Files that the manifest names, if it can be read at all: it may be damaged or newer. */
function listedFiles(directory: string): string[] {
  try {
    const { files } = JSON.parse(readFileSync(join(directory, MANIFEST_FILE), "utf8")) as { files: object };
    return Object.keys(files);
  } catch {
    return [];
  }
}
