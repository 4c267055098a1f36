/** @file A folder for each run of the system tests, for what shared-folder.ts puts there. vitest's main process runs this. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestProject } from "vitest/node";

let folder: string | null = null;

export function setup(project: TestProject): void {
  folder = mkdtempSync(join(tmpdir(), "manyworlds-run-"));
  project.provide("runFolder", folder);
}

export function teardown(): void {
  if (folder !== null) rmSync(folder, { recursive: true, force: true });
}
