/**
 * @file Finding and loading the Node-API addon of this platform: dist/kernels/manyworlds-<platform>-<arch>.node.
 *
 * The file is looked for upwards from this module: in dist/src/kernels/native (the package) as in src/kernels/native
 * (tests run the sources) the first folder with a package.json is the package's root.
 */
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { AnyArray, FlatOperations } from "../bound/flat-operations.js";

/** What kernels/addon.c exports. */
export interface Addon {
  /** Instruction sets that are compiled in and that this processor has, best first. */
  readonly isas: readonly string[];
  bind(isa: string): (FlatOperations & { readonly isa: string; readonly gemm: string }) | undefined;
  /** Where the array's memory begins, modulo 2 MiB. */
  address(array: AnyArray): number;
  /** Asks for huge pages under new memory; a hint. */
  advise(memory: Uint8Array): void;
  /** Frees the memory of `buffer` now; its views become empty. */
  release(buffer: ArrayBuffer): void;
}

/** Where `npm run build` puts compiled kernels. */
export function kernelsFolder(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, "package.json")) && dirname(folder) !== folder) folder = dirname(folder);
  return join(folder, "dist", "kernels");
}

/** @throws if the addon is missing or made for another platform; the message says how to build it. */
export function loadAddon(): Addon {
  const file = join(kernelsFolder(), `manyworlds-${process.platform}-${process.arch}.node`);
  if (!existsSync(file)) throw new Error(`native kernels: ${file} is missing; run \`npm run build\``);
  return createRequire(import.meta.url)(file) as Addon;
}
