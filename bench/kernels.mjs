/**
 * @file How fast are the kernels, and how far from what the machine could do?
 *
 *   npm run build && node bench/kernels.mjs [--json] [--backend native|wasm] [--isa NAME] [--only TEXT]
 *
 * Every case first checks its answer against the reference, then reports the best of several runs. A rate is given with
 * its ceiling, measured on the spot: multiply-adds in registers (GFLOP/s), and for memory the stream rate of y ← x + y
 * over arrays far beyond the caches, counted as 12 bytes a number. Cache state: "warm" operands were just used and fit
 * some cache; "cold" ones exceed them all and are met in random order. On a machine shared with others, pin it:
 * `taskset -c 0 node bench/kernels.mjs`. The cases are in kernels-cases.mjs.
 */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { createKernels, createReferenceKernels } from "../dist/src/kernels/index.js";
import { kernelsFolder, loadAddon } from "../dist/src/kernels/native/addon.js";
import { cases } from "./kernels-cases.mjs";

const { values: options } = parseArgs({
  options: {
    json: { type: "boolean", default: false },
    backend: { type: "string" },
    isa: { type: "string" },
    only: { type: "string", default: "" },
  },
});

/**
 * Seconds of the fastest of at least five runs, over at least a quarter of a second. Time that the process had a core,
 * so that what else runs on the machine counts as little as can be.
 */
function bestSeconds(run) {
  run();
  let best = Number.POSITIVE_INFINITY;
  const end = performance.now() + 250;
  for (let i = 0; i < 5 || performance.now() < end; i++) {
    const start = process.cpuUsage();
    run();
    const { user, system } = process.cpuUsage(start);
    best = Math.min(best, user + system);
  }
  return best / 1e6;
}

/** GFLOP/s of multiply-adds that stay in registers. */
function peakGflops(probe) {
  const seconds = bestSeconds(() => probe(2_000_000));
  return probe(2_000_000) / seconds / 1e9;
}

function wasmProbe() {
  const memory = new WebAssembly.Memory({ initial: 256 });
  const module = new WebAssembly.Module(readFileSync(join(kernelsFolder(), "manyworlds.wasm")));
  return new WebAssembly.Instance(module, { env: { memory } }).exports.f32_probe;
}

/** GB/s of y ← x + y on `length` numbers. */
function streamGbs(kernels, length) {
  const [x, y] = [kernels.f32(length).fill(1), kernels.f32(length).fill(1)];
  return (12 * length) / bestSeconds(() => kernels.axpby(length, 1, x, 1, y)) / 1e9;
}

function commit() {
  try {
    return execFileSync("git", ["describe", "--always", "--dirty"], { encoding: "utf8" }).trim();
  } catch {
    return "unknown";
  }
}

function* backends() {
  if (options.backend !== "wasm") {
    for (const isa of options.isa ? [options.isa] : loadAddon().isas) {
      yield { kernels: createKernels({ backend: "native", isa }), probe: loadAddon().bind(isa).f32_probe };
    }
  }
  if (options.backend !== "native" && !options.isa) {
    yield { kernels: createKernels({ backend: "wasm", wasmMemoryBytes: 2 ** 31 }), probe: wasmProbe() };
  }
}

const machine = { cpu: cpus()[0].model, cores: cpus().length, node: process.version, commit: commit() };
const reference = createReferenceKernels();
const results = [];
if (!options.json)
  console.log(
    Object.entries(machine)
      .map((entry) => entry.join(": "))
      .join(" · "),
  );

for (const { kernels, probe } of backends()) {
  const ceilings = {
    "GFLOP/s": peakGflops(probe),
    "GB/s": streamGbs(kernels, 2 ** 25),
  };
  const { backend, isa, gemm } = kernels.info;
  if (!options.json) {
    console.log(
      `\n${backend} ${isa} · peak ${ceilings["GFLOP/s"].toFixed(0)} GFLOP/s · stream ${ceilings["GB/s"].toFixed(1)} GB/s`,
    );
  }
  for (const { name, shape, cache, unit, amount, prepare } of cases) {
    if (!`${name} ${shape}`.includes(options.only)) continue;
    const { run, check } = prepare(kernels, reference);
    run();
    check();
    const seconds = bestSeconds(run);
    const rate = amount / seconds / 1e9;
    const kernel = name.startsWith("gemm") ? gemm : `${name.split(" ")[0]}__${isa}`;
    const result = { backend, isa, name, kernel, shape, cache, milliseconds: seconds * 1000, rate, unit };
    results.push({ ...result, ceiling: ceilings[unit], ratio: rate / ceilings[unit] });
    if (options.json) continue;
    console.log(
      `${name.padEnd(22)} ${shape.padEnd(46)} ${cache.padEnd(5)} ${(seconds * 1000).toFixed(3).padStart(9)} ms ` +
        `${rate.toFixed(1).padStart(7)} ${unit.padEnd(7)} ${((100 * rate) / ceilings[unit]).toFixed(0).padStart(4)} %  ${kernel}`,
    );
  }
}
if (options.json) console.log(JSON.stringify({ machine, results }, null, 2));
