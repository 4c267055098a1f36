/**
 * @file How does a run's history survive whatever ends the run? `history.jsonl` in the model directory: lines appended one
 * by one, rewritten shorter when they have become many.
 *
 *   {"type":"run",…}\n{"type":"point",…}\n … {"type":"poi          a kill tears at most the last line: readers skip it
 *   full: records of RunHistory → .history.jsonl.….tmp → rename     half the file at least goes, the curves stay
 *
 * Nothing is synced: a process that is killed loses nothing, a power cut the last seconds. A disk that refuses must not
 * stop a training: the first refusal is kept in `failure`, and nothing is written any more.
 */
import { closeSync, openSync, readFileSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import { writeFileAtomic } from "../../checkpoint/atomic-write.node.js";
import { HISTORY_FILE } from "../../checkpoint/model-files.node.js";
import { systemCode } from "../../checkpoint/storage-error.js";
import { type HistoryRecord, parseRecord } from "./records.js";

/** A file smaller than this is not worth shortening. */
const LEAST_COMPACTION_BYTES = 1 << 20;

/** The records of a model's history; none if it has no history. Lines that cannot be read are left out. @throws of the file system */
export function readHistory(root: string): HistoryRecord[] {
  let text: string;
  try {
    text = readFileSync(join(root, HISTORY_FILE), "utf8");
  } catch (error) {
    if (systemCode(error) === "ENOENT") return [];
    throw error;
  }
  return text
    .split("\n")
    .map(parseRecord)
    .filter((record) => record !== null);
}

export interface HistoryFileOptions {
  /** Size at which the file is first shortened. Default 1 MiB. */
  readonly compactionBytes?: number;
}

export class HistoryFile {
  private readonly root: () => string;
  private readonly records: () => readonly HistoryRecord[];
  private readonly leastBytes: number;
  private fd: number | null;
  private bytes: number;
  private compactAtBytes: number;
  private refusal: Error | null;

  /**
   * Writes the records there are, then appends. `root` gives the model's directory as it is at the time: a finished
   * replacement moves. `records` gives what the whole file should add up to, when it is rewritten.
   */
  constructor(root: () => string, records: () => readonly HistoryRecord[], options: HistoryFileOptions = {}) {
    this.root = root;
    this.records = records;
    this.leastBytes = options.compactionBytes ?? LEAST_COMPACTION_BYTES;
    this.fd = null;
    this.bytes = 0;
    this.compactAtBytes = 0;
    this.refusal = null;
    this.attempt(() => this.rewrite());
  }

  /** Why nothing more is written; null: all is well. */
  get failure(): Error | null {
    return this.refusal;
  }

  /** Adds a line. `record` is among `records()` already. */
  append(record: HistoryRecord): void {
    this.attempt(() => {
      if (this.fd === null) return;
      const line = Buffer.from(`${JSON.stringify(record)}\n`);
      writeSync(this.fd, line);
      this.bytes += line.length;
      if (this.bytes >= this.compactAtBytes) this.rewrite();
    });
  }

  close(): void {
    this.attempt(() => this.release());
  }

  /** All records anew; the earlier file stands until they are whole. */
  private rewrite(): void {
    this.release();
    const path = join(this.root(), HISTORY_FILE);
    const records = this.records();
    if (records.length === 0) rmSync(path, { force: true });
    else {
      const text = records.map((record) => `${JSON.stringify(record)}\n`).join("");
      this.bytes = writeFileAtomic(path, [new TextEncoder().encode(text)]).bytes;
    }
    this.compactAtBytes = Math.max(this.leastBytes, 2 * this.bytes);
    this.fd = openSync(path, "a");
  }

  private release(): void {
    if (this.fd !== null) closeSync(this.fd);
    this.fd = null;
  }

  private attempt(action: () => void): void {
    if (this.refusal !== null) return;
    try {
      action();
    } catch (error) {
      this.refusal = error instanceof Error ? error : new Error(String(error));
      try {
        this.release();
      } catch {}
    }
  }
}
