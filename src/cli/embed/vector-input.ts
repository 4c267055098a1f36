/** @file What the commands share that read vectors: the flag, reading with progress, refusing to replace a file. */
import { accessSync, constants, statSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { explainStorage } from "../../checkpoint/storage-error.js";
import { ConfigError } from "../../core/errors.js";
import { fileSize } from "../../data/byte-source.node.js";
import { readWordVectors } from "../../embeddings/word-vector-file.node.js";
import type { WordVectors } from "../../embeddings/word-vectors.js";
import { type Flag, integer } from "../flags.js";
import type { CommandContext } from "../program.js";
import type { Progress } from "../progress.js";

export type Options = Readonly<Record<string, unknown>>;

export const VECTORS_HELP = "file of word vectors: word2vec's text or binary format or GloVe's, plain or .gz";

export const MAX_WORDS_FLAG: Flag<unknown> = {
  syntax: "--max-words <count>",
  help: "read the first words only; files are in order of frequency (default: all)",
  parse: integer(1),
};

/** Reads the vectors, as far as the flags ask. */
export async function loadVectors(
  path: string,
  options: Options,
  progress: Progress,
  context: CommandContext,
): Promise<WordVectors> {
  const vectors = await readWordVectors(path, {
    signal: context.signal,
    onProgress: ({ bytesRead, bytesTotal }) =>
      progress.update({ job: "reading", fraction: bytesRead / Math.max(1, bytesTotal), details: {} }),
    ...(typeof options.maxWords === "number" ? { maxWords: options.maxWords } : {}),
  });
  progress.close();
  return vectors;
}

/** A small text file. @throws {FormatError} when it is not there. */
export async function readText(path: string): Promise<string> {
  await fileSize(path);
  return readFile(path, "utf8");
}

/** @throws {ConfigError | StorageError} when the file may not be written: before the work, not after it. */
export function checkOutput(command: string, path: unknown, overwrite: boolean): string {
  if (typeof path !== "string") throw new ConfigError(`${command}: expected --output <file>, the file to write`);
  const there = statSync(path, { throwIfNoEntry: false });
  if (there?.isDirectory()) {
    throw new ConfigError(`${command}: expected --output <file>, got a directory, ${path}; name a file in it`);
  }
  // The output is renamed into its place: /dev/null would be a file from then on.
  if (there?.isFile() === false) {
    throw new ConfigError(`${command}: expected --output <file>, got a device or a pipe, ${path}; name a file`);
  }
  if (there !== undefined && !overwrite) {
    throw new ConfigError(`${command}: ${path} is there already; give another --output, or --overwrite to replace it`);
  }
  try {
    accessSync(dirname(resolve(path)), constants.W_OK);
  } catch (error) {
    throw explainStorage(path, "could not be written", error);
  }
  return path;
}
