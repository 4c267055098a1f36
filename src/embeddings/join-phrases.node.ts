/**
 * @file A text file with its phrases joined.
 *
 *   pass 1    files ──▶ count                              the phrases of pass 1 are known
 *   pass 2    files ──▶ join 1 ──▶ count                   those of pass 2, of two to four words
 *   at last   files ──▶ join 1 ──▶ join 2 ──▶ output
 *
 * P passes read the files P + 1 times and leave no files between them. Memory: two counters (vocabulary-counter.ts), of
 * one pass at a time, and the phrases of all passes; it does not grow with the text beyond that.
 */
import { ConfigError, FormatError } from "../core/errors.js";
import type { CorpusOptions } from "./corpus.node.js";
import { PhraseJoiner } from "./phrase-joiner.js";
import { choosePhraseOptions, PhraseCounter, type PhraseOptions, type Phrases } from "./phrases.js";
import { TextFile } from "./text-file.node.js";
import { cutText, scanText, type TextPart } from "./text-part.node.js";
import type { TokenSink } from "./token-scanner.js";

/** How far `joinPhrases` has come. */
export interface PhraseProgress {
  readonly stage: "counting" | "joining";
  /** Of counting: 1 … the number of thresholds. */
  readonly pass: number;
  /** Bytes of the files as they lie on disk, of this reading. */
  readonly doneBytes: number;
  /** Of all files. */
  readonly totalBytes: number;
}

/** What makes a phrase, how much is counted at a time, and who hears of it. */
export interface JoinPhrasesOptions extends Pick<CorpusOptions, "signal">, Partial<PhraseOptions> {
  /** Distinct words, and distinct pairs, that are counted at a time; rare ones are dropped beyond. Default 8 million. */
  readonly maxDistinct?: number;
  /** Called as bytes are read. */
  readonly onProgress?: ((progress: PhraseProgress) => void) | undefined;
}

/** A phrase, how often it was joined, and its score. */
export interface FoundPhrase {
  /** As it stands in the output: `new_york`. */
  readonly phrase: string;
  /** Times it was joined in this pass. */
  readonly count: number;
  /** Above the pass's threshold. */
  readonly score: number;
}

/** What one pass over the text found and joined. */
export interface PhrasePass {
  /** The score that its phrases had to pass. */
  readonly threshold: number;
  /** Distinct phrases. */
  readonly numPhrases: number;
  /** Pairs that were joined. */
  readonly numJoined: number;
  /** The phrases joined most often, at most `NUM_FREQUENT`. */
  readonly frequent: readonly FoundPhrase[];
}

/** What `joinPhrases` read, joined and wrote. */
export interface PhraseReport {
  /** Words that were read. */
  readonly numTokens: number;
  /** Pairs that were joined, in all passes: so many words fewer were written. */
  readonly numJoined: number;
  /** Size of the output. */
  readonly numBytes: number;
  /** One for each threshold, in their order. */
  readonly passes: readonly PhrasePass[];
}

const NUM_FREQUENT = 20;

/**
 * Writes the words of `paths` (plain or gzipped) to `output` with phrases as `new_york`, line by line. `output` appears
 * when it is whole, and may replace an input.
 * @throws {ConfigError} for options that make no sense, or a text without words. @throws {FormatError} as countWords, and
 * for a text that is another when read again. @throws {StorageError} when the disk is full.
 * @throws {InterruptedError} when `signal` aborts.
 */
export async function joinPhrases(
  paths: readonly string[],
  output: string,
  options: JoinPhrasesOptions = {},
): Promise<PhraseReport> {
  const { signal, onProgress, maxDistinct, ...given } = options;
  const { discount, threshold } = choosePhraseOptions(given);
  const thresholds = [threshold].flat();
  const text = new RereadText(await cutText(paths, 1), signal);
  const passes: Phrases[] = [];
  for (const [i, threshold] of thresholds.entries()) {
    const counter = new PhraseCounter(maxDistinct);
    const { head } = chain(passes, counter);
    await text.scan(head, (bytes) => onProgress?.({ stage: "counting", pass: i + 1, ...bytes }));
    if (counter.numTokens === 0) {
      throw new ConfigError(`phrases: expected words in the text, got none; is ${paths.join(", ")} the right file?`);
    }
    passes.push(counter.toPhrases({ discount, threshold }));
  }
  const file = new TextFile(output);
  try {
    const { head, joiners } = chain(passes, file);
    await text.scan(head, (bytes) => onProgress?.({ stage: "joining", pass: thresholds.length, ...bytes }));
    file.commit();
    return {
      numTokens: text.numTokens,
      numJoined: joiners.reduce((sum, { numJoined }) => sum + numJoined, 0),
      numBytes: file.numBytes,
      passes: joiners.map((joiner, i) => describePass(joiner, thresholds[i])),
    };
  } catch (error) {
    file.discard();
    throw error;
  }
}

/** Joiners one after the other, the last of which gives to `sink`. */
function chain(passes: readonly Phrases[], sink: TokenSink): { head: TokenSink; joiners: PhraseJoiner[] } {
  const joiners: PhraseJoiner[] = [];
  let head = sink;
  for (let i = passes.length - 1; i >= 0; i--) {
    const joiner = new PhraseJoiner(passes[i], head);
    joiners.unshift(joiner);
    head = joiner;
  }
  return { head, joiners };
}

function describePass({ phrases, counts, numJoined }: PhraseJoiner, threshold: number): PhrasePass {
  const ids = Array.from(counts.keys()).filter((id) => counts[id] > 0);
  ids.sort((a, b) => counts[b] - counts[a] || phrases.scores[b] - phrases.scores[a]);
  const frequent = ids
    .slice(0, NUM_FREQUENT)
    .map((id) => ({ phrase: phrases.nameOf(id), count: counts[id], score: phrases.scores[id] }));
  return { threshold, numPhrases: ids.length, numJoined, frequent };
}

/** The text, as often as it is wanted. */
class RereadText {
  /** Words of the last reading; −1 before the first. */
  numTokens = -1;
  private readonly parts: readonly TextPart[];
  private readonly totalBytes: number;
  private readonly signal: AbortSignal | undefined;

  constructor(parts: readonly TextPart[], signal: AbortSignal | undefined) {
    this.parts = parts;
    this.totalBytes = parts.reduce((sum, part) => sum + part.endBytes, 0);
    this.signal = signal;
  }

  async scan(
    sink: TokenSink,
    onBytes: (bytes: { readonly doneBytes: number; readonly totalBytes: number }) => void,
  ): Promise<void> {
    let doneBytes = 0;
    const options = {
      shouldStop: () => this.signal?.aborted === true,
      onBytes: (numBytes: number) => {
        doneBytes += numBytes;
        onBytes({ doneBytes, totalBytes: this.totalBytes });
      },
    };
    const lines = new LineWatcher(sink);
    for (const part of this.parts) {
      await scanText(part, lines, options);
      // A file's last line ends with the file.
      if (lines.isOpen) lines.onLineEnd();
    }
    if (this.numTokens >= 0 && this.numTokens !== lines.numTokens) {
      const file = this.parts.map(({ path }) => path).join(", ");
      const problem = `expected the same text each time it is read, got ${this.numTokens} words, then ${lines.numTokens}`;
      throw new FormatError({ file }, `${problem}; is it a pipe, or does somebody write to it? Give files that stay`);
    }
    this.numTokens = lines.numTokens;
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
