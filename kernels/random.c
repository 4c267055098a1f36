/*
 * Random numbers as a pure function of (seed, index): dropout masks and initial weights.
 *
 *   counterHash(seed, i) = mix32(mix32(i) ^ mix32(seed))
 *
 * No state, so that the backward pass can ask for the forward pass's mask again and so that all backends, threads and
 * vector widths draw equal numbers. mix32 is splitmix32's output function, as in src/core/rng.ts.
 */

#define MIX32(x)                                                                                                       \
  do {                                                                                                                 \
    (x) += 0x9e3779b9u;                                                                                                \
    (x) = ((x) ^ ((x) >> 16)) * 0x21f0aaadu;                                                                           \
    (x) = ((x) ^ ((x) >> 15)) * 0x735a2d97u;                                                                           \
    (x) ^= (x) >> 15;                                                                                                  \
  } while (0)

INLINE uint32_t FN(mix32)(uint32_t x) {
  MIX32(x);
  return x;
}

/* `mixed_seed` is mix32(seed). */
INLINE uint32_t FN(counter_hash)(uint32_t mixed_seed, uint32_t index) {
  uint32_t x = FN(mix32)(index) ^ mixed_seed;
  MIX32(x);
  return x;
}

INLINE vu FN(counter_hashes)(uint32_t mixed_seed, uint32_t index) {
  vu x = {0};
  for (uint32_t i = 0; i < VL; i++) x[i] = i;
  x += index;
  MIX32(x);
  x ^= mixed_seed;
  MIX32(x);
  return x;
}

/* threshold: round(rate·2³²), up to 2³² itself; numbers below it are dropped. */
OP(void, f32_dropout)
(size_t n, double threshold, float scale, uint32_t seed, uint32_t first, in_f32 x, out_f32 out) {
  uint32_t mixed = FN(mix32)(seed);
  if (threshold >= 4294967296.0) {
    for (size_t i = 0; i < n; i++) out[i] = 0;
    return;
  }
  uint32_t limit = (uint32_t)threshold;
  size_t i = 0;
  for (; i + VL <= n; i += VL) {
    vi kept = (vi)(FN(counter_hashes)(mixed, first + (uint32_t)i) >= limit);
    store(out + i, (vf)((vi)(load(x + i) * scale) & kept));
  }
  for (; i < n; i++) out[i] = FN(counter_hash)(mixed, first + (uint32_t)i) < limit ? 0 : x[i] * scale;
}

/* Product and sum round apart: the numbers are part of a model's identity, equal on all backends. */
NO_CONTRACTION_GCC OP(void, f32_fill_uniform)(size_t n, float low, float high, uint32_t seed, out_f32 out) {
  NO_CONTRACTION
  uint32_t mixed = FN(mix32)(seed);
  float width = high - low;
  size_t i = 0;
  for (; i + VL <= n; i += VL) {
    vi bits = (vi)(FN(counter_hashes)(mixed, (uint32_t)i) >> 8);
    vf product = __builtin_convertvector(bits, vf) * 0x1p-24f * width;
    store(out + i, product + low);
  }
  for (; i < n; i++) {
    float product = (float)(FN(counter_hash)(mixed, (uint32_t)i) >> 8) * 0x1p-24f * width;
    out[i] = product + low;
  }
}
