/**
 * @file How long is a spin step? The paper delays each gradient by 1 ns to 1 ms to see what costly gradients change (§7).
 */
import type { Kernels } from "../kernels/contract.js";

/** Spin steps of the first, short try. */
const FIRST_TRY = 10_000;
const MEASURE_MS = 5;

/** Nanoseconds of one spin step here: the least of several measurements, since whatever disturbs one only adds time. */
export function nanosecondsOfSpin(kernels: Kernels): number {
  let count = FIRST_TRY;
  let least = Number.POSITIVE_INFINITY;
  for (let turn = 0; turn < 9; turn++) {
    const start = performance.now();
    kernels.spin(count);
    const ms = performance.now() - start;
    if (turn > 0) least = Math.min(least, (ms * 1e6) / count);
    else count = Math.max(FIRST_TRY, Math.ceil((count * MEASURE_MS) / Math.max(ms, 1e-3)));
  }
  return least;
}
