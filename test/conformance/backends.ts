/**
 * @file Which backends does a conformance suite run on? All that this machine could have; what it lacks is shown.
 *
 * The reference is the judge and not in the list. A native addon that was not built is a failure, never a skip: on the
 * platforms that have one, importing this file throws and names the remedy.
 */
import { describe } from "vitest";
import { createKernels } from "../../src/kernels/create.node.js";
import type { Kernels } from "../../src/kernels/index.js";
import { nativeInstructionSets } from "../../src/kernels/native/native-kernels.js";
import { createReferenceKernels } from "../../src/kernels/reference/reference-kernels.js";

const ISAS_OF_ARCH: Readonly<Record<string, readonly string[]>> = {
  x64: ["avx512", "avx2", "x86_64"],
  arm64: ["arm64"],
};
const hasNative = process.platform === "linux" || process.platform === "darwin";
const compiled = hasNative ? (ISAS_OF_ARCH[process.arch] ?? []) : [];
const available = compiled.length > 0 ? nativeInstructionSets() : [];

export const reference: Kernels = createReferenceKernels();

/** Runs `suite` once for each backend, as `title › backend`. */
export function describeBackends(title: string, suite: (kernels: Kernels) => void): void {
  for (const isa of compiled) {
    const lacking = !available.includes(isa);
    describe.skipIf(lacking)(`${title} › native ${isa}${lacking ? " (this processor lacks it)" : ""}`, () => {
      if (!lacking) suite(createKernels({ backend: "native", isa }));
    });
  }
  describe(`${title} › wasm`, () => {
    // All of the memory: copies of foreign arrays lie at its end, at addresses that are negative as 32-bit integers.
    suite(createKernels({ backend: "wasm" }));
  });
}
