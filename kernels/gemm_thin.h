/*
 * The product with few rows of a (a single query, a handful): memory-bound, so b is read once, in place, unpacked.
 *
 *   b [N, K] (NT): each result is a dot product; vectors run along k, 4 rows of b at a time.
 *   b [K, N] (NN, TN): vectors run along n; a strip of 4·VL columns of c stays in registers while k runs.
 */
#ifndef MANYWORLDS_GEMM_THIN_H
#define MANYWORLDS_GEMM_THIN_H

#include "simd.h"

/* Up to so many rows of a. */
#define THIN 4
#define STRIP 4

/* c[i, j … j + count) for count ≤ 4 rows of b, m rows of a. */
INLINE void FN(dots)(const size_t m, const size_t count, size_t k, const float *a, const float *b, float *c, size_t ldc,
                     uint32_t accumulate) {
  vf sum[THIN][4];
  UNROLL for (size_t i = 0; i < m; i++)
    UNROLL for (size_t j = 0; j < count; j++) sum[i][j] = splat(0);
  size_t p = 0;
  for (; p + VL <= k; p += VL) {
    vf x[THIN];
    UNROLL for (size_t i = 0; i < m; i++) x[i] = load(a + i * k + p);
    UNROLL for (size_t j = 0; j < count; j++) {
      vf y = load(b + j * k + p);
      UNROLL for (size_t i = 0; i < m; i++) sum[i][j] += x[i] * y;
    }
  }
  if (p < k) {
    UNROLL for (size_t j = 0; j < count; j++) {
      vf y = load_some(b + j * k + p, k - p);
      UNROLL for (size_t i = 0; i < m; i++) sum[i][j] += load_some(a + i * k + p, k - p) * y;
    }
  }
  UNROLL for (size_t i = 0; i < m; i++)
    UNROLL for (size_t j = 0; j < count; j++) {
      float s = sum_lanes(sum[i][j]);
      c[i * ldc + j] = accumulate ? c[i * ldc + j] + s : s;
    }
}

INLINE void FN(thin_nt)(const size_t m, size_t n, size_t k, const float *a, const float *b, float *c,
                        uint32_t accumulate) {
  size_t j = 0;
  for (; j + 4 <= n; j += 4) FN(dots)(m, 4, k, a, b + j * k, c + j, n, accumulate);
  for (; j < n; j++) FN(dots)(m, 1, k, a, b + j * k, c + j, n, accumulate);
}

/* Columns [j, j + width) of c; width = STRIP·VL in vectors, or fewer. Row i, depth p of a is a[i·row + p·step]. */
INLINE void FN(strip)(const size_t m, const size_t nv, size_t width, size_t n, size_t k, const float *a, size_t row,
                      size_t step, const float *b, float *c, uint32_t accumulate) {
  vf sum[THIN][STRIP];
  size_t last = width - (nv - 1) * VL;
  UNROLL for (size_t i = 0; i < m; i++)
    UNROLL for (size_t v = 0; v < nv; v++) {
      const float *from = c + i * n + v * VL;
      sum[i][v] = !accumulate ? splat(0) : v + 1 < nv || last == VL ? load(from) : load_some(from, last);
    }
  for (size_t p = 0; p < k; p++) {
    UNROLL for (size_t v = 0; v < nv; v++) {
      vf y = v + 1 < nv || last == VL ? load(b + p * n + v * VL) : load_some(b + p * n + v * VL, last);
      UNROLL for (size_t i = 0; i < m; i++) sum[i][v] += a[i * row + p * step] * y;
    }
  }
  UNROLL for (size_t i = 0; i < m; i++)
    UNROLL for (size_t v = 0; v < nv; v++) {
      float *to = c + i * n + v * VL;
      size_t count = v + 1 < nv ? VL : last;
      if (count == VL) store(to, sum[i][v]);
      else store_some(to, sum[i][v], count);
    }
}

INLINE void FN(thin_nn)(const size_t m, size_t n, size_t k, const float *a, size_t row, size_t step, const float *b,
                        float *c, uint32_t accumulate) {
  size_t j = 0;
  for (; j + STRIP * VL <= n; j += STRIP * VL)
    FN(strip)(m, STRIP, STRIP * VL, n, k, a, row, step, b + j, c + j, accumulate);
  for (; j < n; j += VL) FN(strip)(m, 1, n - j < VL ? n - j : VL, n, k, a, row, step, b + j, c + j, accumulate);
}

#define THIN_CASE(rows)                                                                                                \
  case rows:                                                                                                           \
    if (form == GEMM_NT) FN(thin_nt)(rows, n, k, a, b, c, accumulate);                                                 \
    else FN(thin_nn)(rows, n, k, a, form == GEMM_TN ? 1 : k, form == GEMM_TN ? rows : 1, b, c, accumulate);            \
    break;

static void FN(gemm_thin)(uint32_t form, size_t m, size_t n, size_t k, const float *a, const float *b, float *c,
                          uint32_t accumulate) {
  switch (m) {
    THIN_CASE(1)
    THIN_CASE(2)
    THIN_CASE(3)
    THIN_CASE(4)
  }
}

#endif
