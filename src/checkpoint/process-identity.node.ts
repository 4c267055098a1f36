/**
 * @file Whose is a file that says so, and is that process still there?
 *
 *   { "pid": 4711, "host": "laptop", "started": "83645291" }     started: the process's start time in /proc, or null
 *
 * A process is gone if none of its id runs, or one that started at another time (ids are soon reused in containers). Of
 * another host nothing is known: folders may be shared.
 */
import { readFileSync } from "node:fs";
import { hostname } from "node:os";
import { isProcessAlive } from "./atomic-write.node.js";

export interface ProcessIdentity {
  readonly pid: number;
  readonly host: string;
  readonly started: string | null;
}

/** This process, as a line of JSON. */
export function formatOwnIdentity(): string {
  const own: ProcessIdentity = { pid: process.pid, host: hostname(), started: startTime(process.pid) };
  return `${JSON.stringify(own)}\n`;
}

/** Who is named in the file `path`; null if that cannot be read (being written right now, absent, or not ours). */
export function readIdentity(path: string): ProcessIdentity | null {
  try {
    const { pid, host, started } = JSON.parse(readFileSync(path, "utf8")) as ProcessIdentity;
    return Number.isInteger(pid) && typeof host === "string" ? { pid, host, started } : null;
  } catch {
    return null;
  }
}

/** True if the process ran on this machine and runs no more. */
export function isGone({ pid, host, started }: ProcessIdentity): boolean {
  return host === hostname() && !(isProcessAlive(pid) && startTime(pid) === started);
}

/** When the process started, in the kernel's clock ticks since boot; null where /proc does not say. */
function startTime(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // Field 22; the second, the program's name in parentheses, may hold spaces.
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? null;
  } catch {
    return null;
  }
}
