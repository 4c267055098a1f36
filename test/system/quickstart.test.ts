/** @file What a newcomer runs first: does the quickstart offer the page, and with --serve, is it there? */
import { spawn, spawnSync } from "node:child_process";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { eventually, makeSmallClone } from "./small-clone.js";

let folder = "";
beforeAll(() => {
  folder = makeSmallClone("quickstart");
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it("refuses what it does not know, at once", () => {
  const { status, stderr } = spawnSync(process.execPath, [join(folder, "scripts/quickstart.mjs"), "--sevre"], {
    encoding: "utf8",
  });
  expect(status).toBe(2);
  expect(stderr).toContain("expected --serve or nothing, got --sevre");
});

it("--serve trains, answers, and then serves the page until it is stopped", async () => {
  const child = spawn(process.execPath, ["scripts/quickstart.mjs", "--serve", "--port", "0"], {
    cwd: folder,
    // A group of its own, which Ctrl-C on a terminal would reach as a whole.
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
  });
  try {
    let printed = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.on("data", (chunk: Buffer) => {
        printed += chunk;
      });
    }
    const url = await eventually("the address", async () => {
      if (child.exitCode !== null) throw new Error(printed);
      return /serving models\/quickstart at (http:\S+)/.exec(printed)?.[1];
    });
    // On a pipe an answer is a line of label:score pairs.
    expect(printed).toMatch(/^linux:linux_kernel:0\.\d+\t/m);
    expect(printed).toMatch(/^google:chrome:0\.\d+\t/m);
    const page = await fetch(url);
    expect(page.status).toBe(200);
    expect(await page.text()).toContain("<!doctype html>");
    const ended = new Promise((resolve) => child.once("exit", resolve));
    process.kill(-(child.pid as number), "SIGINT");
    await ended;
    expect(await fetch(url).catch(() => null)).toBeNull();
  } finally {
    if (child.exitCode === null && child.signalCode === null) process.kill(-(child.pid as number), "SIGKILL");
  }
});
