/**
 * @file Which files are part of a model? Asked before a directory is removed or replaced: what we did not write stays.
 */
import { existsSync, readdirSync, readFileSync, realpathSync, rmdirSync, rmSync, statSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { ConfigError } from "../core/errors.js";
import { isTemporary } from "./atomic-write.node.js";
import { FORMAT } from "./manifest.js";
import { explainStorage } from "./storage-error.js";
import { WORLDS_FOLDER } from "./world-file.node.js";

/** What a model directory says about itself: a directory without it is no model. */
export const MANIFEST_FILE = "manifest.json";
/** What happened while the model was trained (train/run-history/). No part of what answers. */
export const HISTORY_FILE = "history.jsonl";
/** The same as a page. */
export const REPORT_FILE = "report.html";
/** What models have beside worlds, for directories whose manifest cannot be read. */
const BASE_FILES = ["labels.bin", "vectorizer.json"];
const WORLD_FILE = /^world-\d{3,}(\.partial)?\.safetensors$/;

/**
 * For a directory without a model, where one with `files` beside its worlds will be made: what else is there may stay.
 * @throws {ConfigError} naming what training would write over. A killed run may have left files before its manifest, but no
 * finished world, and never without the folder for them: it makes that first.
 */
export function checkNothingOverwritten(directory: string, files: readonly string[]): void {
  const worlds = join(directory, WORLDS_FOLDER);
  const isUnfinished = existsSync(worlds);
  const names = isUnfinished ? [HISTORY_FILE, REPORT_FILE] : [HISTORY_FILE, REPORT_FILE, ...files];
  let found = names.find((name) => existsSync(join(directory, name)));
  if (found === undefined && isUnfinished) {
    const world = listDirectory(worlds).find((name) => WORLD_FILE.test(name));
    if (world !== undefined) found = `${WORLDS_FOLDER}/${world}`;
  }
  if (found === undefined) return;
  throw new ConfigError(
    `${directory}: expected no ${found} where no model is, found one; ` +
      "training writes a file of this name: move it away, or choose another directory",
  );
}

/** For a model that will be removed. @throws {ConfigError} naming a file in `directory` that is no part of it. */
export function checkOnlyModelFiles(directory: string): void {
  if (!existsSync(directory)) return;
  const known = new Set([HISTORY_FILE, REPORT_FILE, WORLDS_FOLDER, ...BASE_FILES, ...manifestFiles(directory)]);
  const foreign = listDirectory(directory).filter((name) => !known.has(name) && !isTemporary(name));
  const worlds = join(directory, WORLDS_FOLDER);
  if (existsSync(worlds)) {
    const others = listDirectory(worlds).filter((name) => !WORLD_FILE.test(name) && !isTemporary(name));
    foreign.push(...others.map((name) => `${WORLDS_FOLDER}/${name}`));
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

/** Whether a part of a model has the name `path`: its manifest, a file that this lists, a report or a world. */
export function isModelFile(path: string): boolean {
  let folder: string;
  try {
    folder = realpathSync(dirname(resolve(path)));
  } catch {
    return false;
  }
  const name = basename(path);
  const isWorld = basename(folder) === WORLDS_FOLDER && WORLD_FILE.test(name);
  const files = manifestFiles(isWorld ? dirname(folder) : folder);
  return files.length > 0 && (isWorld || [...files, HISTORY_FILE, REPORT_FILE].includes(name));
}

/** @throws {StorageError} */
function listDirectory(path: string): string[] {
  try {
    return readdirSync(path);
  } catch (error) {
    throw explainStorage(path, "could not be listed", error);
  }
}

/**
 * The manifest and what it lists, if that can be read: it may be damaged or newer. None where there is no manifest, or one
 * that some other program has made.
 */
function manifestFiles(directory: string): string[] {
  const path = join(directory, MANIFEST_FILE);
  if (!statSync(path, { throwIfNoEntry: false })?.isFile()) return [];
  try {
    const { format, files } = JSON.parse(readFileSync(path, "utf8")) as { format?: unknown; files: object };
    return format === FORMAT ? [MANIFEST_FILE, ...Object.keys(files)] : [];
  } catch {
    return [MANIFEST_FILE];
  }
}
