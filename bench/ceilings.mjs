/** @file What could this core do at best? Measured on the spot: multiply-adds in registers, a stream beyond the caches. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { kernelsFolder, loadAddon } from "../dist/src/kernels/native/addon.js";

/**
 * Seconds of the fastest of at least five runs, over at least a quarter of a second. Time that the process had a core,
 * so that what else runs on the machine counts as little as can be.
 */
export function bestSeconds(run) {
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

/** GFLOP/s of multiply-adds that stay in registers, with the backend's own instructions. */
export function peakGflops({ info }) {
  const probe = info.backend === "native" ? loadAddon().bind(info.isa).f32_probe : wasmProbe();
  const seconds = bestSeconds(() => probe(2_000_000));
  return probe(2_000_000) / seconds / 1e9;
}

function wasmProbe() {
  const memory = new WebAssembly.Memory({ initial: 256 });
  const module = new WebAssembly.Module(readFileSync(join(kernelsFolder(), "manyworlds.wasm")));
  return new WebAssembly.Instance(module, { env: { memory } }).exports.f32_probe;
}

/** GB/s of y ← x + y over arrays far beyond the caches, counted as 12 bytes a number. */
export function streamGbs(kernels, length = 2 ** 25) {
  const [x, y] = [kernels.f32(length).fill(1), kernels.f32(length).fill(1)];
  return (12 * length) / bestSeconds(() => kernels.axpby(length, 1, x, 1, y)) / 1e9;
}
