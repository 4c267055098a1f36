/**
 * @file Words written as a text file: blanks between them, line ends as they come, and no file of that name before the
 * last word is on the disk (the steps are those of checkpoint/atomic-write.node.ts, for a text that comes in bits).
 */
import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { threadId } from "node:worker_threads";
import { syncDirectory } from "../checkpoint/atomic-write.node.js";
import { explainStorage } from "../checkpoint/storage-error.js";
import type { TokenSink } from "./token-scanner.js";

const BUFFER_BYTES = 1 << 18;
let numOpened = 0;

/** @throws {StorageError} from all that writes, if the system refuses; then, or in place of `commit`, `discard` it. */
export class TextFile implements TokenSink {
  /** Words that were written. */
  numTokens = 0;
  /** Bytes that were written, once committed. */
  numBytes = 0;
  private readonly path: string;
  private readonly temporary: string;
  private fd: number | null;
  private readonly buffer = new Uint8Array(BUFFER_BYTES);
  private used = 0;
  private isLineStart = true;

  constructor(path: string) {
    this.path = path;
    this.temporary = join(dirname(path), `.${basename(path)}.${process.pid}-${threadId}-${numOpened++}.tmp`);
    this.fd = this.explained(() => openSync(this.temporary, "wx"));
  }

  onToken(bytes: Uint8Array, start: number, end: number): void {
    if (this.used + 1 + (end - start) > BUFFER_BYTES) this.flush();
    const { buffer } = this;
    let at = this.used;
    if (!this.isLineStart) buffer[at++] = 0x20;
    for (let i = start; i < end; i++) buffer[at++] = bytes[i];
    this.used = at;
    this.isLineStart = false;
    this.numTokens++;
  }

  onLineEnd(): void {
    if (this.used === BUFFER_BYTES) this.flush();
    this.buffer[this.used++] = 0x0a;
    this.isLineStart = true;
  }

  /** The file appears, whole. */
  commit(): void {
    this.flush();
    this.explained(() => {
      const fd = this.fd as number;
      fsyncSync(fd);
      this.fd = null;
      closeSync(fd);
      renameSync(this.temporary, this.path);
    });
    syncDirectory(dirname(this.path));
  }

  /** Leaves nothing behind; after `commit` nothing happens. */
  discard(): void {
    const { fd } = this;
    this.fd = null;
    // The error that led here is the one to report.
    try {
      if (fd !== null) closeSync(fd);
    } catch {}
    try {
      rmSync(this.temporary, { force: true });
    } catch {}
  }

  private flush(): void {
    this.explained(() => {
      for (let done = 0; done < this.used; ) {
        done += writeSync(this.fd as number, this.buffer, done, this.used - done);
      }
    });
    this.numBytes += this.used;
    this.used = 0;
  }

  private explained<T>(act: () => T): T {
    try {
      return act();
    } catch (error) {
      throw explainStorage(this.path, "could not be written", error);
    }
  }
}
