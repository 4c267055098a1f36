/**
 * @file Reading dist/kernels/manyworlds.wasm in Node. Synchronous: 64 KB compile in a millisecond.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { kernelsFolder } from "../native/addon.js";
import { type WasmModule, webAssembly } from "./web-assembly.js";

let compiled: WasmModule | undefined;

/** The compiled module, read once per thread. @throws if the file is missing; the message says how to build it. */
export function loadWasmModule(): WasmModule {
  if (compiled) return compiled;
  const file = join(kernelsFolder(), "manyworlds.wasm");
  try {
    compiled = new webAssembly.Module(readFileSync(file));
  } catch (error) {
    throw new Error(`WASM kernels: cannot load ${file}; run \`npm run build\``, { cause: error });
  }
  return compiled;
}
