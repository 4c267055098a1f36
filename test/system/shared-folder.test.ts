/** @file What tests share: is it made once, and does nobody wait for a maker that is gone? */
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, inject, it } from "vitest";
import { formatOwnIdentity } from "../../src/checkpoint/process-identity.node.js";
import { setup, teardown } from "./run-folder.js";
import { sharedFolder } from "./shared-folder.js";

/** As this process would say who it is, had it ended. */
function deadIdentity(): string {
  const { pid } = spawnSync(process.execPath, ["-e", ""]);
  return JSON.stringify({ ...JSON.parse(formatOwnIdentity()), pid });
}

it("is made once, whoever asks", async () => {
  let numMade = 0;
  const make = async (folder: string): Promise<void> => {
    numMade++;
    writeFileSync(join(folder, "file"), "whole");
  };
  const folders = await Promise.all([1, 2, 3].map(() => sharedFolder("asked-thrice", make)));
  expect(numMade).toBe(1);
  expect(new Set(folders).size).toBe(1);
  expect(readFileSync(join(folders[0], "file"), "utf8")).toBe("whole");
});

it("fails for all where it could not be made", async () => {
  const make = async (): Promise<void> => {
    throw new Error("no room");
  };
  const asked = [1, 2].map(() => sharedFolder("not-made", make));
  for (const { status } of await Promise.allSettled(asked)) expect(status).toBe("rejected");
  await expect(asked[1]).rejects.toThrow(/not-made: another file of tests could not make it\n.*no room/);
});

it("fails where the process that was to make it is gone", async () => {
  writeFileSync(join(inject("runFolder"), "claimed.claim"), deadIdentity());
  const asked = sharedFolder("claimed", async () => {});
  await expect(asked).rejects.toThrow(/claimed: .* process \d+ is gone/);
});

it("folders of killed runs are removed by the next run, its own at its end", () => {
  const killed = mkdtempSync(join(tmpdir(), "manyworlds-run-"));
  writeFileSync(join(killed, "process.json"), deadIdentity());
  let own = "";
  setup({
    provide: (_key, value) => {
      own = value as string;
    },
  });
  expect([killed, inject("runFolder"), own].map((path) => existsSync(path))).toEqual([false, true, true]);
  teardown();
  expect([inject("runFolder"), own].map((path) => existsSync(path))).toEqual([true, false]);
});
