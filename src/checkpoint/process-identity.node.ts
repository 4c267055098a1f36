/**
 * @file Whose is a file that says so, and is that process still there?
 *
 *   { "pid": 4711, "host": "laptop", "started": "83645291", "boot": "b4709d53-…", "pids": "pid:[4026531836]" }
 *
 *   started      the process's start time in /proc
 *   boot, pids   since when, and of which table (the kernel's namespace of process ids), the id holds; each null where
 *                the system does not say
 *
 * A process is gone if none of its id runs, or one that started at another time (ids are soon reused in containers). Of
 * another table nothing is known: folders may be shared, and two containers may have one host name and an id 1 each. So
 * what a process left before its machine or container was restarted is nobody's that is known to be gone.
 */
import { readFileSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";
import { isProcessAlive } from "./atomic-write.node.js";

/** Which table of processes an id stands in. */
export interface ProcessTable {
  readonly boot: string | null;
  readonly pids: string | null;
}

/** Without `boot` and `pids` in files of earlier versions. */
export interface ProcessIdentity extends Partial<ProcessTable> {
  readonly pid: number;
  readonly host: string;
  readonly started: string | null;
}

/** This process, as a line of JSON. */
export function formatOwnIdentity(): string {
  const { pid } = process;
  const own: ProcessIdentity = { pid, host: hostname(), started: startTime(pid), ...ownProcessTable() };
  return `${JSON.stringify(own)}\n`;
}

/** The table that this process sees. */
export function ownProcessTable(): ProcessTable {
  return {
    boot: orNull(() => readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim()),
    pids: orNull(() => readlinkSync("/proc/self/ns/pid")),
  };
}

/** Who is named in the file `path`; null if that cannot be read (being written right now, absent, or not ours). */
export function readIdentity(path: string): ProcessIdentity | null {
  try {
    const { pid, host, started, boot, pids } = JSON.parse(readFileSync(path, "utf8")) as ProcessIdentity;
    if (!Number.isInteger(pid) || typeof host !== "string" || !isTextOrNull(started)) return null;
    const table = isTextOrNull(boot) && isTextOrNull(pids) ? { boot, pids } : {};
    return { pid, host, started, ...table };
  } catch {
    return null;
  }
}

/** True if the process ran in the table that this one sees, and runs no more. False for one that names no table. */
export function isGone({ pid, host, started, boot, pids }: ProcessIdentity): boolean {
  const own = ownProcessTable();
  if (host !== hostname() || boot !== own.boot || pids !== own.pids) return false;
  return !(isProcessAlive(pid) && startTime(pid) === started);
}

/** When the process started, in the kernel's clock ticks since boot; null where /proc does not say. */
function startTime(pid: number): string | null {
  return orNull(() => {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // Field 22; the second, the program's name in parentheses, may hold spaces.
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? null;
  });
}

function isTextOrNull(value: unknown): value is string | null {
  return typeof value === "string" || value === null;
}

/** What `read` returns; null if it throws. */
function orNull(read: () => string | null): string | null {
  try {
    return read();
  } catch {
    return null;
  }
}
