/** @file Is a process known to be gone only where its id can be looked up? */
import { spawnSync } from "node:child_process";
import { readFileSync, readlinkSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import {
  formatOwnIdentity,
  isGone,
  ownProcessTable,
  type ProcessIdentity,
  readIdentity,
} from "../../src/checkpoint/process-identity.node.js";
import { temporaryDirectory } from "./temporary-directory.js";

/** Id of a process that has ended. */
const { pid: DEAD } = spawnSync(process.execPath, ["-e", ""]);
const HOST = hostname();
const DEAD_HERE: ProcessIdentity = { pid: DEAD, host: HOST, started: "1", ...ownProcessTable() };

function read(text: string): ProcessIdentity | null {
  const file = join(temporaryDirectory(), "process.json");
  writeFileSync(file, text);
  return readIdentity(file);
}

it("a process says who it is and in which table, and is not gone", () => {
  const own = read(formatOwnIdentity());
  expect(own).toMatchObject({ pid: process.pid, host: HOST, ...ownProcessTable() });
  expect(isGone(own as ProcessIdentity)).toBe(false);
});

it.runIf(process.platform === "linux")("the table is that of the kernel's boot and of its namespace", () => {
  const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
  expect(ownProcessTable()).toEqual({ boot, pids: readlinkSync("/proc/self/ns/pid") });
  expect(boot).toMatch(/^[0-9a-f-]{36}$/);
});

it("is gone in this table, and in no other", () => {
  expect(isGone(DEAD_HERE)).toBe(true);
  expect(isGone({ ...DEAD_HERE, pid: process.pid })).toBe(true);
  for (const other of [{ host: "elsewhere" }, { boot: "another" }, { pids: "pid:[1]" }]) {
    expect(isGone({ ...DEAD_HERE, ...other })).toBe(false);
    expect(isGone({ ...DEAD_HERE, pid: process.pid, ...other })).toBe(false);
  }
});

it("of an earlier version's process nothing is known, of half an identity neither", () => {
  const older = read(JSON.stringify({ pid: DEAD, host: HOST, started: "1" }));
  expect(older).toEqual({ pid: DEAD, host: HOST, started: "1" });
  expect(isGone(older as ProcessIdentity)).toBe(false);
  expect(isGone(read(JSON.stringify({ ...DEAD_HERE, pids: undefined })) as ProcessIdentity)).toBe(false);
  expect(read(JSON.stringify({ ...DEAD_HERE, started: undefined }))).toBeNull();
  expect(read(JSON.stringify({ ...DEAD_HERE, started: 1 }))).toBeNull();
  expect(read(JSON.stringify({ ...DEAD_HERE, started: null }))).toEqual({ ...DEAD_HERE, started: null });
});
