/**
 * @file In which directory does a model stand while another is made to replace it?
 *
 *   m/                 the model that answers
 *   m.replacement/     the next one, while --overwrite trains it
 *   m.replaced/        the last one, between the two renames of `replaceModel`
 *
 *   m/ ─▶ m.replaced/      m.replacement/ ─▶ m/      m.replaced/ removed
 *
 * So a run that fails, diverges or is killed leaves the old model as it was, and --resume goes on in m.replacement/. A kill
 * between the two renames leaves m.replaced/ and m.replacement/ and no m/: `recoverPlaces` puts m.replaced/ back. Not m.new/
 * and m.old/: those are names that people give to copies of their own, and what stands here is removed.
 */
import { closeSync, existsSync, fstatSync, openSync, realpathSync, renameSync, rmSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { ConfigError } from "../core/errors.js";
import { syncDirectory } from "./atomic-write.node.js";
import { MANIFEST_FILE } from "./model-files.node.js";
import { explainStorage, StorageError, systemCode } from "./storage-error.js";

/** Absolute paths of a model's directory and its siblings, whether they are there or not. */
export interface ModelPlaces {
  readonly model: string;
  readonly next: string;
  readonly old: string;
}

/** Whether `place` has a manifest, without which a directory is no model. */
export function holdsModel(place: string): boolean {
  return existsSync(join(place, MANIFEST_FILE));
}

/** The model's own directory and its siblings. Links are followed, so that a swap renames the directory, not the link. @throws {ConfigError} for a file system's root. */
export function modelPlaces(path: string): ModelPlaces {
  const absolute = resolve(path);
  let model = absolute;
  try {
    model = realpathSync(absolute);
  } catch {}
  if (basename(model) === "") throw new ConfigError(`${path}: expected a directory for a model, got the root`);
  return { model, next: `${model}.replacement`, old: `${model}.replaced` };
}

/**
 * Undoes the first half of an interrupted `replaceModel`, and finishes the clean-up of a completed one. Hold the lock.
 * @throws {StorageError}
 */
export function recoverPlaces(path: string): ModelPlaces {
  const found = modelPlaces(path);
  const { model, old } = found;
  if (!holdsModel(old)) return found;
  try {
    if (existsSync(model)) rmSync(old, { recursive: true, force: true });
    else renameSync(old, model);
  } catch (error) {
    throw explainStorage(path, "could not be recovered from an interrupted replacement", error);
  }
  return found;
}

/** Puts the next model in the place of the one at `path`, which is removed. @throws {StorageError} */
export function replaceModel(path: string): void {
  const { model, next, old } = modelPlaces(path);
  try {
    rmSync(old, { recursive: true, force: true });
    if (existsSync(model)) renameSync(model, old);
    renameSync(next, model);
    syncDirectory(dirname(model));
    rmSync(old, { recursive: true, force: true });
  } catch (error) {
    throw explainStorage(path, "could not be replaced", error);
  }
}

/** @throws {StorageError} if something else than a directory is at `path`. */
export function checkIsDirectory(path: string): void {
  let fd: number;
  try {
    fd = openSync(path, "r");
  } catch (error) {
    if (systemCode(error) === "ENOENT") return;
    throw explainStorage(path, "could not be opened", error);
  }
  try {
    if (!fstatSync(fd).isDirectory()) throw new StorageError(path, "expected the directory of a model, found a file");
  } finally {
    closeSync(fd);
  }
}
