/**
 * @file Where does a model live? A directory that any reader may open at any time, whatever happens to its writer.
 *
 *   m/manifest.json                              names, sizes and SHA-256 of everything below; written last
 *   m/labels.*  m/vectorizer.json  …             opaque here: given as bytes, kept under the name given
 *   m/history.jsonl  m/report.html               how it was trained; not in the manifest, not needed to answer
 *   m/worlds/world-007.safetensors               one a world; any subset is a usable model
 *   m/worlds/world-007.partial.safetensors       a world in training (world-file.node.ts)
 *   m.lock                                       a training process (model-lock.node.ts)
 *   m.replacement/  m.replaced/                  the next model and the last one, when one is replaced (model-places.node.ts)
 *
 * A new model is built in place, its manifest last: until then there is no model, from then on it lacks worlds. With
 * `overwrite` it is built in m.replacement/ and `publish` swaps the two when all its worlds are there.
 *
 * One writer (lockModel), any number of readers. World files may be written by other threads (writeWorldFile); only the
 * owner of this object writes the manifest.
 */
import { createHash } from "node:crypto";
import {
  closeSync,
  existsSync,
  fstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  rmSync,
  statSync,
} from "node:fs";
import { join } from "node:path";
import { ConfigError, FormatError } from "../core/errors.js";
import { removeStaleTemporaries, type WriteFileSystem, writeFileAtomic } from "./atomic-write.node.js";
import { type FileRecord, FORMAT_VERSION, type Manifest, type WorldRecord } from "./manifest.js";
import { readManifest, writeManifest } from "./manifest-file.node.js";
import { checkNothingOverwritten, checkOnlyModelFiles, MANIFEST_FILE, removeModelFiles } from "./model-files.node.js";
import { checkIsDirectory, holdsModel, modelPlaces, recoverPlaces, replaceModel } from "./model-places.node.js";
import type { SafetensorsHeader } from "./safetensors.js";
import { readSafetensors, type TensorTarget } from "./safetensors-file.node.js";
import { explainStorage, StorageError, systemCode } from "./storage-error.js";
import { WORLDS_FOLDER } from "./world-file.node.js";

/** What a new model knows before its first world. */
export type ModelDescription = Omit<Manifest, "format" | "formatVersion" | "worlds" | "files">;

/** What may change later; the hash only by its number of worlds. */
export type ManifestChanges = Partial<Pick<Manifest, "merge" | "prior" | "metrics" | "hash" | "training">>;

/** How a new model is made. */
export interface CreateOptions {
  /** Replace a model that stands there, once the new one is published. Default false: refuse. */
  readonly overwrite?: boolean;
  /** For tests. */
  readonly fileSystem?: WriteFileSystem;
}

/** How a world of the manifest stands on disk. */
export type WorldState = "ok" | "untrained" | "missing" | "damaged";

/** A model on disk: opened to answer, or created and continued by the one process that trains it. */
export class ModelDirectory {
  /** Where the model is, or will be after `publish`. Absolute. */
  readonly path: string;
  private currentRoot: string;
  private currentManifest: Manifest;
  private readonly fileSystem: WriteFileSystem | undefined;

  private constructor(path: string, root: string, manifest: Manifest, fileSystem?: WriteFileSystem) {
    this.path = path;
    this.currentRoot = root;
    this.currentManifest = manifest;
    this.fileSystem = fileSystem;
  }

  /** Where its files are now: `path`, or `path`.new until `publish`. World files are written below it. */
  get root(): string {
    return this.currentRoot;
  }

  /** As it was last read or written. */
  get manifest(): Manifest {
    return this.currentManifest;
  }

  /** True while an earlier model answers under `path` and this one is to replace it. */
  get isReplacement(): boolean {
    return this.currentRoot !== this.path;
  }

  /** True if a model, or an unfinished replacement of one, stands at `path`: something that --resume can continue. */
  static exists(path: string): boolean {
    return Object.values(modelPlaces(path)).some(holdsModel);
  }

  /**
   * Makes a model without worlds. `files`: name → chunks; the names must include those that `description` mentions.
   * Hold the lock. @throws {ConfigError} if a model stands there and `overwrite` is not given, or if files that are no
   * part of it do. @throws {StorageError} An earlier model is untouched in every case.
   */
  static create(
    path: string,
    description: ModelDescription,
    files: Readonly<Record<string, Iterable<Uint8Array>>>,
    options: CreateOptions = {},
  ): ModelDirectory {
    const { model, next } = recoverPlaces(path);
    checkIsDirectory(model);
    const replaces = holdsModel(model);
    if (replaces && options.overwrite !== true) {
      throw new ConfigError(`${path}: expected no model, found one; --resume continues it, --overwrite replaces it`);
    }
    const root = replaces ? next : model;
    if (replaces) checkOnlyModelFiles(model);
    else checkNothingOverwritten(model, Object.keys(files));
    checkOnlyModelFiles(next);
    try {
      rmSync(next, { recursive: true, force: true });
      mkdirSync(join(root, WORLDS_FOLDER), { recursive: true });
      removeStaleTemporaries(root);
    } catch (error) {
      throw explainStorage(root, "could not be prepared", error);
    }
    const records: Record<string, FileRecord> = {};
    for (const [name, chunks] of Object.entries(files)) {
      records[name] = writeFileAtomic(join(root, name), chunks, options.fileSystem);
    }
    const manifest: Manifest = {
      ...{ format: "manyworlds", formatVersion: FORMAT_VERSION },
      ...{ ...description, worlds: [], files: records },
    };
    return new ModelDirectory(model, root, writeManifest(root, manifest, options.fileSystem), options.fileSystem);
  }

  /** Opens a model to answer with. @throws {FormatError | StorageError} if there is none or it cannot be read. */
  static open(path: string): ModelDirectory {
    const { model, next, old } = modelPlaces(path);
    checkIsDirectory(model);
    if (!holdsModel(model) && [next, old].some(holdsModel)) {
      throw new StorageError(path, "its replacement was interrupted; train with --resume to finish it");
    }
    return new ModelDirectory(model, model, readManifest(model));
  }

  /**
   * Opens a model to go on training it: the unfinished replacement, if there is one, else the model itself; null if
   * there is neither. Hold the lock. @throws {FormatError | StorageError}
   */
  static openForTraining(path: string): ModelDirectory | null {
    const { model, next } = recoverPlaces(path);
    checkIsDirectory(model);
    const root = [next, model].find(holdsModel);
    if (root === undefined) return null;
    for (const folder of [root, join(root, WORLDS_FOLDER)]) {
      if (existsSync(folder)) removeStaleTemporaries(folder);
    }
    return new ModelDirectory(model, root, readManifest(root));
  }

  /** Worlds of the manifest whose file is there (`present`) or is not (`missing`); `untrained` ones have no record. */
  listWorlds(): { readonly present: number[]; readonly missing: number[]; readonly untrained: number[] } {
    const present: number[] = [];
    const missing: number[] = [];
    const untrained: number[] = [];
    const records = new Map(this.manifest.worlds.map((record) => [record.world, record]));
    for (let world = 0; world < this.manifest.hash.numWorlds; world++) {
      const record = records.get(world);
      if (record === undefined) untrained.push(world);
      else if (existsSync(join(this.root, record.file))) present.push(world);
      else missing.push(world);
    }
    return { present, missing, untrained };
  }

  /** Whether the file of a world that is present has the size that the manifest says; a look at the folder tells. */
  hasRecordedSize(world: number): boolean {
    const record = this.recordOf(world);
    if (record === undefined) return false;
    return statSync(join(this.root, record.file), { throwIfNoEntry: false })?.size === record.bytes;
  }

  /** Checks one world's file against the manifest by reading all of it. */
  checkWorld(world: number): WorldState {
    const record = this.recordOf(world);
    if (record === undefined) return "untrained";
    if (!existsSync(join(this.root, record.file))) return "missing";
    try {
      this.readWorld(world, () => null);
      return "ok";
    } catch (error) {
      if (error instanceof FormatError) return "damaged";
      throw error;
    }
  }

  /**
   * Reads a world's tensors into the arrays that `target` gives. With `verify` (default) its SHA-256 is checked in the
   * same pass. @throws {FormatError} for a truncated, tampered or untrained world. @throws {StorageError}
   */
  readWorld(world: number, target: TensorTarget, verify = true): SafetensorsHeader {
    const record = this.recordOf(world);
    if (record === undefined) {
      throw new FormatError(
        { file: join(this.root, MANIFEST_FILE) },
        `world ${world} is not trained; train with --resume`,
      );
    }
    const remedy = `train again with --resume to rebuild world ${world}, or delete the file to answer without it`;
    const sha256 = verify ? record.sha256 : undefined;
    return readSafetensors(join(this.root, record.file), target, { sha256, bytes: record.bytes, remedy });
  }

  /** The bytes of one of the manifest's other files, checked. @throws {FormatError | StorageError} */
  readFile(name: string): Uint8Array {
    const record = this.manifest.files[name];
    const path = join(this.root, name);
    if (record === undefined) throw new FormatError({ file: path }, "the manifest knows no such file");
    const bytes = readWhole(path);
    if (bytes.length !== record.bytes || createHash("sha256").update(bytes).digest("hex") !== record.sha256) {
      throw new FormatError({ file: path }, "it was changed or damaged; restore it or train again with --overwrite");
    }
    return bytes;
  }

  /** Whether one of the manifest's other files is there, as long as it says; with `verify` also read and compared. */
  isFileSound(name: string, verify: boolean): boolean {
    const record = this.manifest.files[name];
    if (statSync(join(this.root, name), { throwIfNoEntry: false })?.size !== record?.bytes) return false;
    if (!verify) return true;
    try {
      this.readFile(name);
      return true;
    } catch (error) {
      if (error instanceof FormatError) return false;
      throw error;
    }
  }

  /** Adds a finished world to the manifest, or replaces its record. The file must have been written. */
  recordWorld(record: WorldRecord): void {
    const others = this.manifest.worlds.filter(({ world }) => world !== record.world);
    this.changeManifest({ ...this.manifest, worlds: [...others, record].sort((x, y) => x.world - y.world) });
  }

  /** Changes fields of the manifest. */
  update(changes: ManifestChanges): void {
    this.changeManifest({ ...this.manifest, ...changes });
  }

  /**
   * Takes back a model that `create` has made and that nothing was trained for. What was trained, also in part, stays, and
   * so do an earlier model and files that are no part of it. @returns whether it is gone.
   */
  discard(): boolean {
    try {
      if (this.manifest.worlds.length > 0 || readdirSync(join(this.root, WORLDS_FOLDER)).length > 0) return false;
    } catch {
      return false;
    }
    return this.remove();
  }

  /** Takes back a model that `create` has made, with its worlds; all else stays. @returns whether it is gone. */
  remove(): boolean {
    try {
      removeModelFiles(this.root, Object.keys(this.manifest.files));
      return true;
    } catch {
      return false;
    }
  }

  /** Puts a replacement in the place of the earlier model, which is removed. Nothing to do for any other model. */
  publish(): void {
    if (!this.isReplacement) return;
    replaceModel(this.path);
    this.currentRoot = this.path;
  }

  private recordOf(world: number): WorldRecord | undefined {
    return this.manifest.worlds.find((record) => record.world === world);
  }

  /** @throws {StorageError} where what it lists has gone meanwhile: whoever trains would believe that there is a model. */
  private changeManifest(manifest: Manifest): void {
    const gone = Object.keys(manifest.files).find((name) => !this.isFileSound(name, false));
    if (gone !== undefined) {
      const problem = `${gone} was removed or changed meanwhile`;
      throw new StorageError(this.root, `${problem}; remove what is left of the model and train it again`);
    }
    this.currentManifest = writeManifest(this.root, manifest, this.fileSystem);
  }
}

/** A whole file; readFileSync stops at 2 GiB, a label table may not. */
function readWhole(path: string): Uint8Array {
  let fd: number | null = null;
  try {
    fd = openSync(path, "r");
    const bytes = new Uint8Array(fstatSync(fd).size);
    let done = 0;
    while (done < bytes.length) {
      const got = readSync(fd, bytes, done, Math.min(2 ** 30, bytes.length - done), done);
      if (got === 0) break;
      done += got;
    }
    return bytes.subarray(0, done);
  } catch (error) {
    if (systemCode(error) === "ENOENT") {
      throw new StorageError(
        path,
        "expected a file of the model, found none; restore it or train again with --overwrite",
        error,
      );
    }
    throw explainStorage(path, "could not be read", error);
  } finally {
    if (fd !== null) closeSync(fd);
  }
}
