/** @file Does the system's compiler take the kernels too? `npm run build` uses it where zig is not installed. */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

const kernels = fileURLToPath(new URL("../../kernels/kernels.c", import.meta.url));
const hasCompiler = spawnSync("cc", ["--version"]).status === 0;
/** Instruction sets of this processor's kind, with the flags that scripts/build.mjs gives. */
const SETS: readonly (readonly string[])[] =
  process.arch === "x64"
    ? [
        ["-DISA=avx512", "-march=x86-64-v4", "-mprefer-vector-width=512"],
        ["-DISA=avx2", "-march=x86-64-v3"],
        ["-DISA=x86_64", "-march=x86-64"],
      ]
    : [["-DISA=arm64", "-march=armv8-a"]];

it.skipIf(!hasCompiler).each(SETS)("cc compiles the kernels: %s", (...flags) => {
  const { status, stderr } = spawnSync("cc", ["-std=gnu11", "-fsyntax-only", "-Wno-psabi", ...flags, kernels]);
  expect({ status, errors: stderr.toString() }).toMatchObject({ status: 0 });
});
