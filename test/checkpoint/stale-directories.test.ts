/** @file Are temporary directories of killed processes removed by the next, and no others? */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { ownProcessTable } from "../../src/checkpoint/process-identity.node.js";
import { StorageError } from "../../src/checkpoint/storage-error.js";
import { createTemporaryDirectory } from "../../src/checkpoint/temporary-directory.node.js";
import { temporaryDirectory } from "./temporary-directory.js";

/** Id of a process that has ended. */
const { pid: DEAD } = spawnSync(process.execPath, ["-e", ""]);

/** A directory with files in it, that says of itself `identity`. */
function left(parent: string, identity: object | string | null, prefix = "manyworlds-glove-"): string {
  const directory = mkdtempSync(join(parent, prefix));
  mkdirSync(join(directory, "deeper"));
  writeFileSync(join(directory, "deeper/run-000"), "cells");
  const text = typeof identity === "string" ? identity : JSON.stringify(identity);
  if (identity !== null) writeFileSync(join(directory, "process.json"), text);
  return directory;
}

it("removes what dead processes left, of whatever kind", () => {
  const parent = temporaryDirectory();
  const here = { host: hostname(), ...ownProcessTable() };
  left(parent, { pid: DEAD, started: "1", ...here });
  left(parent, { pid: DEAD, started: null, ...here }, "manyworlds-corpus-");
  // The id lives, but as another process: this one did not start with the machine.
  left(parent, { pid: process.pid, started: "1", ...here });
  const own = createTemporaryDirectory("plan", parent);
  expect(readdirSync(parent).map((name) => join(parent, name))).toEqual([own]);
  expect(own).toMatch(/manyworlds-plan-\w{6}$/);
});

it("leaves alone what is in use, another machine's or container's, or of nobody known", () => {
  const parent = temporaryDirectory();
  const elsewhere = temporaryDirectory();
  const used = createTemporaryDirectory("glove", parent);
  const table = ownProcessTable();
  const older = { pid: DEAD, host: hostname(), started: "1" };
  const dead = { ...older, ...table };
  const kept = [
    used,
    left(parent, { ...dead, host: "another-machine" }),
    // Two containers of one name, each with a process 1.
    left(parent, { ...dead, pid: process.pid, pids: "pid:[1]" }),
    left(parent, { ...dead, boot: "another boot" }),
    left(parent, { ...dead, pids: "pid:[1]" }),
    left(parent, older),
    left(parent, { ...older, boot: table.boot }),
    left(parent, { ...dead, started: undefined }),
    left(parent, null),
    left(parent, '{"pid": '),
    left(parent, { ...dead, pid: "many" }),
    left(parent, dead, "others-"),
  ];
  const linked = left(elsewhere, dead);
  symlinkSync(linked, join(parent, "manyworlds-link"));
  const own = createTemporaryDirectory("glove", parent);
  const names = [...kept, own, join(parent, "manyworlds-link")];
  expect(readdirSync(parent).toSorted()).toEqual(names.map((path) => path.slice(parent.length + 1)).toSorted());
  for (const path of [...kept.slice(1), linked])
    expect(readFileSync(join(path, "deeper/run-000"), "utf8")).toBe("cells");
});

it("says where it could not be made", () => {
  const absent = join(temporaryDirectory(), "absent");
  expect(() => createTemporaryDirectory("glove", absent)).toThrow(StorageError);
  expect(() => createTemporaryDirectory("glove", absent)).toThrow(/absent: could not be written/);
  expect(existsSync(absent)).toBe(false);
});
