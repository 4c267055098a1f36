/**
 * @file On which kernels do tests run? The reference always; native and WASM where they are built and load here.
 *
 * What is missing is skipped visibly: its block appears as skipped, named with the reason.
 */
import { describe } from "vitest";
import type { Kernels } from "../../src/kernels/contract.js";
import { createKernels, createReferenceKernels } from "../../src/kernels/index.js";

/** Enough for the small models of these tests. */
const WASM_MEMORY_BYTES = 64 * 2 ** 20;

/** A block of tests per backend, called `<title> on <backend>`. */
export function describeBackends(title: string, body: (kernels: Kernels) => void): void {
  for (const backend of ["reference", "native", "wasm"] as const) {
    let kernels: Kernels;
    try {
      kernels = createKernels({ backend, wasmMemoryBytes: WASM_MEMORY_BYTES });
    } catch (error) {
      const reason = error instanceof Error ? error.message.replace(/\S*\//g, "") : String(error);
      describe.skip(`${title} on ${backend}: ${reason}`, () => body(createReferenceKernels()));
      continue;
    }
    describe(`${title} on ${backend}`, () => body(kernels));
  }
}
