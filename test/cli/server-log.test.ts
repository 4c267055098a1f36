/** @file Does a log whose reader is too slow stay small, and say what it left out? */
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { createServerLog } from "../../src/cli/server-log.js";

it("drops lines beyond what may wait, and counts them in a later line", async () => {
  const folder = mkdtempSync(join(tmpdir(), "manyworlds-log-"));
  const path = join(folder, "log");
  const fd = openSync(path, "w");
  try {
    const log = createServerLog("info", fd, 1000);
    for (let i = 0; i < 100; i++) log.info({ i }, "a line");
    const lines = (): Record<string, unknown>[] =>
      readFileSync(path, "utf8")
        .split("\n")
        .filter((line) => line !== "")
        .map((line) => JSON.parse(line));
    await expect.poll(() => lines().at(-1)?.numDropped).toBeGreaterThan(50);
    const written = lines();
    const kept = written.filter(({ i }) => i !== undefined);
    expect(kept.map(({ i }) => i)).toEqual(kept.map((_, i) => i));
    expect(kept.length + Number(written.at(-1)?.numDropped)).toBe(100);
  } finally {
    closeSync(fd);
    rmSync(folder, { recursive: true });
  }
});
