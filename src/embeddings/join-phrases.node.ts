/** @file A text file with its phrases joined: counted in one pass over the files, written in a second. */
import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { explainStorage } from "../checkpoint/storage-error.js";
import type { CorpusOptions } from "./corpus.node.js";
import { choosePhraseOptions, PhraseCounter, PhraseJoiner, type PhraseOptions } from "./phrases.js";
import { cutText, scanText } from "./text-part.node.js";
import type { TokenSink } from "./token-scanner.js";

export interface JoinPhrasesOptions extends Omit<CorpusOptions, "numThreads">, Partial<PhraseOptions> {
  /** Distinct words, and distinct pairs, that are counted at a time; rare ones are dropped beyond. Default 8 million. */
  readonly maxDistinct?: number;
}

export interface PhraseReport {
  readonly numTokens: number;
  /** Pairs that were joined. */
  readonly numJoined: number;
}

/**
 * Writes the words of `paths` (plain or gzipped) to `output` with phrases as `new_york`, line by line. `output` appears
 * when it is whole, and may replace an input.
 * @throws {ConfigError} for options that make no sense, or a text without words. @throws {FormatError} as countWords.
 * @throws {StorageError} when the disk is full. @throws {InterruptedError} when `signal` aborts.
 */
export async function joinPhrases(
  paths: readonly string[],
  output: string,
  options: JoinPhrasesOptions = {},
): Promise<PhraseReport> {
  const { signal, onProgress, maxDistinct, ...given } = options;
  const chosen = choosePhraseOptions(given);
  const parts = await cutText(paths, 1);
  const totalBytes = parts.reduce((sum, part) => sum + part.endBytes, 0);
  let numTokens = 0;
  const scan = async (stage: "counting" | "encoding", sink: TokenSink): Promise<void> => {
    let doneBytes = 0;
    const onBytes = (numBytes: number): void => {
      doneBytes += numBytes;
      onProgress?.({ stage, doneBytes, totalBytes });
    };
    const shouldStop = (): boolean => signal?.aborted === true;
    for (const part of parts) {
      const lines = new LineWatcher(sink);
      await scanText(part, lines, { shouldStop, onBytes });
      // A file's last line ends with the file.
      if (lines.isOpen) sink.onLineEnd();
      numTokens += lines.numTokens;
    }
  };
  const counter = new PhraseCounter(maxDistinct);
  await scan("counting", counter);
  const report = { numTokens };
  const phrases = counter.toPhrases(chosen);
  const temporary = join(dirname(output), `.${basename(output)}.${process.pid}.tmp`);
  let fd: number | null = null;
  try {
    const file = openSync(temporary, "w");
    fd = file;
    const joiner = new PhraseJoiner(phrases, (bytes) => {
      for (let done = 0; done < bytes.length; ) done += writeSync(file, bytes, done, bytes.length - done);
    });
    await scan("encoding", joiner);
    joiner.flush();
    fsyncSync(file);
    closeSync(file);
    fd = null;
    renameSync(temporary, output);
    return { ...report, numJoined: joiner.numJoined };
  } catch (error) {
    if (fd !== null) closeSync(fd);
    rmSync(temporary, { force: true });
    throw explainStorage(output, "could not be written", error);
  }
}

/** Passes everything on; knows how many tokens came, and whether one came after the last line's end. */
class LineWatcher implements TokenSink {
  numTokens = 0;
  isOpen = false;
  private readonly sink: TokenSink;

  constructor(sink: TokenSink) {
    this.sink = sink;
  }

  onToken(bytes: Uint8Array, start: number, end: number): void {
    this.numTokens++;
    this.isOpen = true;
    this.sink.onToken(bytes, start, end);
  }

  onLineEnd(): void {
    this.isOpen = false;
    this.sink.onLineEnd();
  }
}
