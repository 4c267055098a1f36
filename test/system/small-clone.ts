/** @file A folder in which a clone's commands run without touching the clone: what they read is linked, what they write is the test's. */
import { cpSync, mkdirSync, mkdtempSync, symlinkSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ROOT } from "./manyworlds-process.js";

const LINKED = ["data", "dist", "docs", "node_modules", "package.json"];

/** Makes the folder; `scripts/quickstart.mjs` is a copy, since it works where it stands. */
export function makeSmallClone(name: string): string {
  const folder = mkdtempSync(join(tmpdir(), `manyworlds-${name}-`));
  for (const entry of LINKED) symlinkSync(join(ROOT, entry), join(folder, entry));
  mkdirSync(join(folder, "scripts"));
  cpSync(join(ROOT, "scripts/quickstart.mjs"), join(folder, "scripts/quickstart.mjs"));
  symlinkSync(join(ROOT, "scripts/build.mjs"), join(folder, "scripts/build.mjs"));
  return folder;
}

/** A port of 127.0.0.1 that nobody has, a moment ago. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address !== null ? address.port : 0));
    });
  });
}

/** Asks `probe` until it gives something (an error ends it), for four minutes: what it waits for may train a model on a busy machine. */
export async function eventually<T>(what: string, probe: () => Promise<T | undefined>): Promise<T> {
  const deadline = Date.now() + 240_000;
  for (;;) {
    const found = await probe();
    if (found !== undefined) return found;
    if (Date.now() > deadline) throw new Error(`waited four minutes for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
