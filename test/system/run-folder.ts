/**
 * @file A folder for each run of the system tests, for what shared-folder.ts puts there. vitest's main process runs this.
 * Folders of runs that were killed are removed first, as the product removes its own.
 */
import { rmSync } from "node:fs";
import type { TestProject } from "vitest/node";
import { createTemporaryDirectory } from "../../src/checkpoint/temporary-directory.node.js";

let folder: string | null = null;

export function setup(project: Pick<TestProject, "provide">): void {
  folder = createTemporaryDirectory("run");
  project.provide("runFolder", folder);
}

export function teardown(): void {
  if (folder !== null) rmSync(folder, { recursive: true, force: true });
}
