/**
 * @file One part of a text: its words counted, or written as ids to a file. The work of corpus-worker.node.ts, and of the
 * caller's own thread where one thread is enough.
 */
import { closeSync, openSync, writeSync } from "node:fs";
import { explainStorage } from "../checkpoint/storage-error.js";
import type { CorpusJob, CorpusJobResult } from "./corpus-job.js";
import { SENTENCE_END } from "./encoded-corpus.node.js";
import { type ScanOptions, scanText, type TextPart } from "./text-part.node.js";
import type { TokenSink } from "./token-scanner.js";
import type { Vocabulary } from "./vocabulary.js";
import { VocabularyCounter } from "./vocabulary-counter.js";

const BUFFER_IDS = 65_536;

/** Writes ids to a file as they come. */
class IdWriter implements TokenSink {
  numIds = 0;
  numTokens = 0;
  numUnknown = 0;
  private readonly vocabulary: Vocabulary;
  private readonly path: string;
  private readonly fd: number;
  private readonly buffer = new Uint32Array(BUFFER_IDS);
  private used = 0;
  /** A line's end after nothing is none. */
  private isLineEmpty: boolean;

  constructor(vocabulary: Vocabulary, path: string, isLineEmpty: boolean) {
    this.vocabulary = vocabulary;
    this.path = path;
    this.isLineEmpty = isLineEmpty;
    try {
      this.fd = openSync(path, "wx");
    } catch (error) {
      throw explainStorage(path, "could not be created", error);
    }
  }

  onToken(bytes: Uint8Array, start: number, end: number): void {
    const id = this.vocabulary.find(bytes, start, end);
    if (id < 0) {
      this.numUnknown++;
      return;
    }
    this.numTokens++;
    this.isLineEmpty = false;
    this.push(id);
  }

  onLineEnd(): void {
    if (this.isLineEmpty) return;
    this.push(SENTENCE_END);
    this.isLineEmpty = true;
  }

  close(): void {
    try {
      this.flush();
    } finally {
      closeSync(this.fd);
    }
  }

  private push(id: number): void {
    if (this.used === BUFFER_IDS) this.flush();
    this.buffer[this.used++] = id;
    this.numIds++;
  }

  private flush(): void {
    const bytes = new Uint8Array(this.buffer.buffer, 0, 4 * this.used);
    this.used = 0;
    try {
      for (let done = 0; done < bytes.length; ) done += writeSync(this.fd, bytes, done, bytes.length - done);
    } catch (error) {
      throw explainStorage(this.path, "could not be written", error);
    }
  }
}

/** Counts the words of a part. */
export async function countPart(
  part: TextPart,
  counter: VocabularyCounter,
  options: ScanOptions,
): Promise<VocabularyCounter> {
  await scanText(part, counter, options);
  return counter;
}

/** Writes a part's words as ids to `file`, which must not exist. @throws {StorageError} if the system refuses. */
export async function encodePart(
  part: TextPart,
  vocabulary: Vocabulary,
  file: string,
  options: ScanOptions,
): Promise<CorpusJobResult & { kind: "encoded" }> {
  const writer = new IdWriter(vocabulary, file, part.startBytes === 0);
  try {
    await scanText(part, writer, options);
    if (part.isLast) writer.onLineEnd();
  } finally {
    writer.close();
  }
  const { numIds, numTokens, numUnknown } = writer;
  return { kind: "encoded", part: { path: file, numIds }, numTokens, numUnknown };
}

/** Does what the job says. */
export async function readPart(
  { part, file }: CorpusJob,
  vocabulary: Vocabulary | null,
  maxDistinct: number,
  options: ScanOptions,
): Promise<CorpusJobResult> {
  if (file !== null && vocabulary !== null) return encodePart(part, vocabulary, file, options);
  const counter = await countPart(part, new VocabularyCounter(maxDistinct), options);
  return { kind: "counted", counts: counter.parts, numTokens: counter.numTokens };
}
