/**
 * @file What happens to a row that cannot be used? It ends the run with file and line, or it is skipped and counted.
 */
import { FormatError } from "../core/errors.js";
import type { BadRowReason } from "./row-format.js";

/** How many rows were skipped for one reason, and where the first stands. */
export interface SkippedRows {
  readonly reason: BadRowReason;
  readonly count: number;
  readonly firstFile: string;
  /** From 1. */
  readonly firstLine: number;
  /** What was wrong with the first. */
  readonly firstProblem: string;
}

/** Counts bad rows by reason, or throws at the first. */
export class BadRows {
  private readonly skip: boolean;
  private readonly byReason = new Map<BadRowReason, { -readonly [K in keyof SkippedRows]: SkippedRows[K] }>();

  constructor(skipBadRows: boolean) {
    this.skip = skipBadRows;
  }

  /** @throws {FormatError} unless bad rows are skipped. */
  reject(file: string, line: number, reason: BadRowReason, problem: string): void {
    if (!this.skip) throw new FormatError({ file, line }, `${problem}, or skip bad rows (--skip-bad-rows)`);
    const known = this.byReason.get(reason);
    if (known !== undefined) known.count++;
    else this.byReason.set(reason, { reason, count: 1, firstFile: file, firstLine: line, firstProblem: problem });
  }

  /** In the order the reasons came up. */
  get skipped(): SkippedRows[] {
    return [...this.byReason.values()].map((entry) => ({ ...entry }));
  }

  get total(): number {
    return this.skipped.reduce((sum, entry) => sum + entry.count, 0);
  }
}
