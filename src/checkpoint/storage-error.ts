/**
 * @file What went wrong with the disk, and what can be done? The system's error codes in words.
 */
import { ManyworldsError } from "../core/errors.js";

/**
 * The disk would not do what it was asked: full, read-only, locked, a directory for a file. Not the fault of the
 * bytes found there (that is a FormatError).
 */
export class StorageError extends ManyworldsError {
  readonly exitCode = 2;
  /** What was to be read or written. */
  readonly path: string;
  /** The system's code, such as ENOSPC, where there is one. */
  readonly code: string | null;

  /** `problem` follows the path in the message; `cause` is what the system threw. */
  constructor(path: string, problem: string, cause?: unknown) {
    super(`${path}: ${problem}`, cause === undefined ? undefined : { cause });
    this.path = path;
    this.code = systemCode(cause);
  }
}

/** `code` of a Node error, or null. */
export function systemCode(error: unknown): string | null {
  const code = (error as { code?: unknown } | null | undefined)?.code;
  return typeof code === "string" ? code : null;
}

const EXPLANATIONS: Record<string, string> = {
  ENOSPC: "the disk is full; free some space and run again, what stood there before is untouched",
  EDQUOT: "the disk quota is used up; free some space and run again, what stood there before is untouched",
  EACCES: "permission denied; check the owner and the mode of the directory",
  EPERM: "not permitted; check the owner and the mode of the directory",
  EROFS: "the file system is read-only",
  EISDIR: "expected a file, found a directory",
  ENOTDIR: "expected a directory, found a file on the way",
  EEXIST: "something else of that name stands in the way; remove it, or choose another path",
  ENOENT: "no such file or directory",
  EMFILE: "too many open files; raise the limit (ulimit -n)",
};

/** `error` as a StorageError that says what to do, if the system gave it a code; otherwise as it is. */
export function explainStorage(path: string, doing: string, error: unknown): unknown {
  const code = systemCode(error);
  if (code === null || error instanceof ManyworldsError) return error;
  return new StorageError(path, `${doing}: ${EXPLANATIONS[code] ?? (error as Error).message}`, error);
}
