/**
 * @file What several files of tests begin with, made once a run: the first that asks makes it, the others wait, each copies.
 *
 *   <folder of the run>/tiny.claim/    somebody makes it, or has
 *                       tiny.making/   until it is whole
 *                       tiny/          from then on
 *                       tiny.failed    it could not be made: whoever waits fails too
 */
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { inject } from "vitest";

declare module "vitest" {
  export interface ProvidedContext {
    /** Made by run-folder.ts. */
    runFolder: string;
  }
}

/** Path of the folder `name`, which `make` fills unless another file of tests has. Only to be read. */
export async function sharedFolder(name: string, make: (folder: string) => Promise<void>): Promise<string> {
  const folder = join(inject("runFolder"), name);
  const [making, failed] = [`${folder}.making`, `${folder}.failed`];
  if (claim(`${folder}.claim`)) {
    try {
      mkdirSync(making);
      await make(making);
      renameSync(making, folder);
    } catch (error) {
      writeFileSync(failed, error instanceof Error ? (error.stack ?? error.message) : String(error));
      throw error;
    }
  }
  while (!existsSync(folder)) {
    if (existsSync(failed))
      throw new Error(`${name}: another file of tests could not make it\n${readFileSync(failed)}`);
    await sleep(20);
  }
  return folder;
}

/** True for one caller of all processes. */
function claim(path: string): boolean {
  try {
    mkdirSync(path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}
