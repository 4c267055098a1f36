/**
 * @file How fast are the kernels, and how far from what the machine could do?
 *
 *   npm run build && node bench/kernels.mjs [--json] [--backend native|wasm] [--isa NAME] [--only TEXT]
 *
 * Every case first checks its answer against the reference, then reports the best of several runs. A rate is given with
 * its ceiling, measured on the spot: multiply-adds in registers (GFLOP/s), and for memory the stream rate of y ← x + y
 * over arrays far beyond the caches, counted as 12 bytes a number. Cache state: "warm" operands were just used and fit
 * some cache; "cold" ones exceed them all and are met in random order; with "turns", one of several weights follows the
 * other, as worlds do when they answer, and together they fit the L3 cache alone. On a machine shared with others, pin it:
 * `taskset -c 0 node bench/kernels.mjs`. The cases are in kernels-cases.mjs.
 */
import { parseArgs } from "node:util";
import { createKernels, createReferenceKernels } from "../dist/src/kernels/index.js";
import { loadAddon } from "../dist/src/kernels/native/addon.js";
import { bestSeconds, peakGflops, streamGbs } from "./ceilings.mjs";
import { cases } from "./kernels-cases.mjs";
import { machineLine } from "./machine.mjs";

const { values: options } = parseArgs({
  options: {
    json: { type: "boolean", default: false },
    backend: { type: "string" },
    isa: { type: "string" },
    only: { type: "string", default: "" },
  },
});

function* backends() {
  if (options.backend !== "wasm") {
    for (const isa of options.isa ? [options.isa] : loadAddon().isas) {
      yield createKernels({ backend: "native", isa });
    }
  }
  if (options.backend !== "native" && !options.isa) {
    yield createKernels({ backend: "wasm", wasmMemoryBytes: 2 ** 31 });
  }
}

const machine = machineLine();
const reference = createReferenceKernels();
const results = [];
if (!options.json) console.log(machine);

for (const kernels of backends()) {
  const ceilings = {
    "GFLOP/s": peakGflops(kernels),
    "GB/s": streamGbs(kernels),
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
