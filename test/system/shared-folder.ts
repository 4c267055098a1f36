/**
 * @file What several files of tests begin with, made once a run: the first that asks makes it, the others wait, each copies.
 *
 *   <folder of the run>/tiny.claim     somebody makes it, or has: who (process-identity.node.ts)
 *                       tiny.making/   until it is whole
 *                       tiny/          from then on
 *                       tiny.failed    it could not be made: whoever waits fails too, as if its maker is gone
 */
import { existsSync, linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { threadId } from "node:worker_threads";
import { inject } from "vitest";
import { formatOwnIdentity, isGone, readIdentity } from "../../src/checkpoint/process-identity.node.js";

declare module "vitest" {
  export interface ProvidedContext {
    /** Made by run-folder.ts. */
    runFolder: string;
  }
}

let numClaims = 0;

/** Path of the folder `name`, which `make` fills unless another file of tests has. Only to be read. */
export async function sharedFolder(name: string, make: (folder: string) => Promise<void>): Promise<string> {
  const folder = join(inject("runFolder"), name);
  const [claimed, making, failed] = [`${folder}.claim`, `${folder}.making`, `${folder}.failed`];
  if (claim(claimed)) {
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
    const maker = readIdentity(claimed);
    // It may have ended well between two looks.
    if (maker !== null && isGone(maker) && !existsSync(folder) && !existsSync(failed)) {
      throw new Error(`${name}: another file of tests was to make it, but its process ${maker.pid} is gone`);
    }
    await sleep(20);
  }
  return folder;
}

/** True for one caller of all processes. The file is there with all that it says, or not at all. */
function claim(path: string): boolean {
  const own = `${path}.${process.pid}-${threadId}-${numClaims++}`;
  writeFileSync(own, formatOwnIdentity());
  try {
    linkSync(own, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  } finally {
    rmSync(own);
  }
}
