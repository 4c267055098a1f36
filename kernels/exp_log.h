/*
 * Exponential and logarithm on vectors, as far as softmax and sigmoid need them.
 *
 * exp:   x = n·ln 2 + r with |r| ≤ ln 2 / 2, n rounded by adding 1.5·2²³; ln 2 is split in two so that n·LN2_HIGH is
 *        exact; eʳ = 1 + r + r²·q(r), q of degree 4 fitted for the least greatest relative error: 3.1e-9, that is
 *        0.05 ulp beside the roundings. Measured over all of [−87.3, 0]: below 1.3 ulp.
 * expm1: with the same n and r, eˣ − 1 = 2ⁿ·(r + r²·q(r)) + (2ⁿ − 1). For n = 0 that is the first term alone, and for
 *        n ≤ −1 the sum is at least 0.29 in size while its terms are below 1: nothing cancels. Measured: below 1 ulp.
 * log1p: s = u/(2 + u) gives log(1 + u) = 2·atanh(s) = 2s·(1 + s²·q(s²)), q of degree 3: 4.6e-9 for u ∈ [0, 1].
 *        Below 2 ulp measured, since no sum cancels.
 *
 * NaN goes through: a comparison with NaN is false, and every result is a product with the argument's remainder.
 * Source: the reductions are those of Cody and Waite, "Software Manual for the Elementary Functions", 1980;
 * the coefficients were fitted for this file.
 */
#ifndef MANYWORLDS_EXP_LOG_H
#define MANYWORLDS_EXP_LOG_H

#include "simd.h"

/* x = n·ln 2 + r for −87.3 ≤ x ≤ 0: gives r + r²·q(r) = eʳ − 1 in two parts, and 2ⁿ. */
INLINE vf reduced_exp(vf x, vf *r, vf *power) {
  vf shifted = x * 1.44269504f + 12582912.0f; /* 1.5·2²³: the sum's low bits are round(x / ln 2) */
  vf n = shifted - 12582912.0f;
  *r = x - n * 0.693145752f; /* LN2_HIGH: 16 bits, |n| ≤ 126, so the product is exact */
  *r = *r - n * 1.42860677e-6f;
  vf q = 0.00138146128f * *r + 0.00836871006f;
  q = q * *r + 0.041668389f;
  q = q * *r + 0.166665211f;
  q = q * *r + 0.49999994f;
  *power = (vf)(((vi)shifted - 0x4b400000 + 127) << 23); /* 0x4b400000: the bits of 1.5·2²³ */
  return q * (*r * *r);
}

/* eˣ for x ≤ 0; below −87.3 the result, less than the least normal number, becomes 0. */
INLINE vf exp_of_negative(vf x) {
  vf r, power, square = reduced_exp(choose(x < -87.3f, splat(-87.3f), x), &r, &power);
  vf e = (square + r + 1.0f) * power;
  return choose(x < -87.3f, splat(0.0f), e);
}

/* eˣ − 1 for x ≤ 0. */
INLINE vf expm1_of_negative(vf x) {
  vf r, power, square = reduced_exp(choose(x < -87.3f, splat(-87.3f), x), &r, &power);
  return (square + r) * power + (power - 1.0f);
}

/* log(1 + u) for 0 ≤ u ≤ 1. */
INLINE vf log1p_of_unit(vf u) {
  vf s = u / (u + 2.0f);
  vf z = s * s;
  vf q = 0.140122294f * z + 0.139995709f;
  q = q * z + 0.200108498f;
  q = q * z + 0.333332062f;
  vf twice = s + s;
  return twice + twice * (z * q);
}

/*
 * log x: x = 2ⁿ·m with √½ ≤ m < √2, log x = n·ln 2 + log1p(m − 1); m − 1 is exact, and s² of log1p lies within the range
 * that its polynomial was fitted for. log 0 = −∞, NaN below. Below 2 ulp measured.
 */
INLINE vf log_of(vf x) {
  vi tiny = x < 0x1p-126f;
  vf y = choose(tiny, x * 0x1p23f, x);
  vi n = (vi)((vu)y - 0x3f3504f3u) >> 23; /* 0x3f3504f3: the bits of √½; unsigned, for a negative x may overflow */
  vf m = (vf)(vi)((vu)y - ((vu)n << 23));
  vf power = __builtin_convertvector(n, vf) - choose(tiny, splat(23.0f), splat(0.0f));
  vf log = power * 0.693145752f + (log1p_of_unit(m - 1.0f) + power * 1.42860677e-6f); /* as in exp_of_negative */
  log = choose(x == 0.0f, splat(-__builtin_inff()), log);
  log = choose(x == __builtin_inff(), x, log);
  return choose(x >= 0.0f, log, splat(__builtin_nanf("")));
}

/* log x for x > 0, double precision (2e-16 relative or absolute): the normaliser of a softmax row. NaN stays NaN. */
INLINE double log_f64(double x) {
  if (!(x > 0) || x > 1.7e308) return x == 0 ? -__builtin_inf() : x > 0 ? x : __builtin_nan("");
  union {
    double f;
    uint64_t u;
  } bits = {x};
  if (bits.u < (1ull << 52)) { /* subnormal */
    bits.f = x * 0x1p54;
    bits.u -= 54ull << 52;
  }
  int64_t exponent = (int64_t)(bits.u - 0x3fe6a09e667f3bcdull) >> 52; /* 0x3fe6…: √½, so that √½ ≤ m < √2 */
  bits.u -= (uint64_t)exponent << 52;
  double s = (bits.f - 1) / (bits.f + 1), z = s * s, sum = 0;
  for (int i = 23; i >= 1; i -= 2) sum = sum * z + 1.0 / i; /* |s| ≤ 0.172: the first term left out is 1e-20 */
  return 2 * s * sum + (double)exponent * 0.69314718055994530942;
}

#endif
