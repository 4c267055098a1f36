/*
 * How fast could this processor multiply and add? The ceiling that benches divide by (bench/kernels.mjs).
 *
 * PROBE_SUMS chains, enough to hide the latency of a multiply-add (4 to 5 steps on 2 units), run `count` steps each.
 */

#define PROBE_SUMS (VL == 16 ? 24 : 12)

/* Returns how many floating-point operations it did. */
OP(double, f32_probe)(size_t count) {
  vf sum[PROBE_SUMS], factor = load(workspace), addend = load(workspace + VL);
  UNROLL for (size_t j = 0; j < PROBE_SUMS; j++) sum[j] = splat((float)j);
  for (size_t i = 0; i < count; i++)
    UNROLL for (size_t j = 0; j < PROBE_SUMS; j++) sum[j] = sum[j] * factor + addend;
  vf total = sum[0];
  UNROLL for (size_t j = 1; j < PROBE_SUMS; j++) total += sum[j];
  store(workspace, total); /* keeps the work from being optimised away */
  return 2.0 * PROBE_SUMS * VL * (double)count;
}
