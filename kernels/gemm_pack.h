/*
 * The tile of gemm on each instruction set, and how its operands are packed.
 *
 *   ISA      registers   tile MR × NR        sums + row of b + broadcast
 *   avx512   32 × 16     8 × 48              24 + 3, the broadcast is part of the multiply-add
 *   avx2     16 × 8      6 × 16              12 + 2 + 1
 *   x86_64   16 × 4      4 × 8               8 + 2 + 2 (multiply and add are apart)
 *   arm64    32 × 4      8 × 12              24 + 3 + 2
 *   simd128  16 × 4      4 × 8               as x86_64, on which it mostly runs
 */
#ifndef MANYWORLDS_GEMM_PACK_H
#define MANYWORLDS_GEMM_PACK_H

#include "simd.h"

#if VL == 16
#define MR 8
#define NV 3
#define GEMM_TILE f32_gemm_8x48
#elif VL == 8
#define MR 6
#define NV 2
#define GEMM_TILE f32_gemm_6x16
#elif defined(__aarch64__)
#define MR 8
#define NV 3
#define GEMM_TILE f32_gemm_8x12
#else
#define MR 4
#define NV 2
#define GEMM_TILE f32_gemm_4x8
#endif
#define NR (NV * VL)
#define GEMM_NAME2(name) TEXT(name)
#define GEMM_NAME GEMM_NAME2(FN(GEMM_TILE))

#define KC 256
#define NC 480
#define MC 192
_Static_assert(KC * NC + MC * KC <= WORKSPACE_FLOATS && NC % NR == 0 && MC % MR == 0, "blocks fit the workspace");

/*
 * Cuts n columns into panels of at most NR, as equal as whole vectors allow: 64 are 32 + 32, not 48 + 16, and 256 are
 * 2 · (32 + 48 + 48), not 5 · 48 + 16. A tile of one vector's width waits for its loads.
 */
INLINE size_t FN(panel_start)(size_t n, size_t panels, size_t i) {
  size_t start = (n + VL - 1) / VL * i / panels * VL;
  return start < n ? start : n;
}
INLINE size_t FN(count_panels)(size_t n) { return (n + NR - 1) / NR; }

/*
 * Panels of `width` columns from x [kc, n] with rows `ldx` apart. The last panel is as narrow as a multiple of `step`
 * allows, or `width` when step = width; what it has beyond n is zero.
 */
static void FN(pack_rows)(size_t kc, size_t n, size_t width, size_t step, const float *x, size_t ldx, float *to) {
  for (size_t j = 0; j < n; j += width) {
    size_t filled = n - j < width ? n - j : width, w = (filled + step - 1) / step * step;
    for (size_t k = 0; k < kc; k++, to += w) {
      const float *from = x + k * ldx + j;
      if (filled % VL == 0) {
        for (size_t i = 0; i < filled; i += VL) store(to + i, load(from + i));
      } else if (filled == MR) {
        __builtin_memcpy(to, from, MR * sizeof(float));
      } else {
        for (size_t i = 0; i < filled; i++) to[i] = from[i];
        for (size_t i = filled; i < w; i++) to[i] = 0;
      }
    }
  }
}

#if VL == 16
#define ZIP_LOW(a, b) __builtin_shufflevector(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23)
#define ZIP_HIGH(a, b) __builtin_shufflevector(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31)
#elif VL == 8
#define ZIP_LOW(a, b) __builtin_shufflevector(a, b, 0, 8, 1, 9, 2, 10, 3, 11)
#define ZIP_HIGH(a, b) __builtin_shufflevector(a, b, 4, 12, 5, 13, 6, 14, 7, 15)
#else
#define ZIP_LOW(a, b) __builtin_shufflevector(a, b, 0, 4, 1, 5)
#define ZIP_HIGH(a, b) __builtin_shufflevector(a, b, 2, 6, 3, 7)
#endif

/* Transposes VL × VL in registers: zipping row i with row i + VL/2, log₂ VL times, rotates the bits of (row, column). */
INLINE void FN(transpose)(vf *x) {
  vf t[VL];
  for (int width = 1; width < VL; width *= 2) {
    for (int i = 0; i < VL / 2; i++) {
      t[2 * i] = ZIP_LOW(x[i], x[i + VL / 2]);
      t[2 * i + 1] = ZIP_HIGH(x[i], x[i + VL / 2]);
    }
    for (int i = 0; i < VL; i++) x[i] = t[i];
  }
}

/*
 * A panel of n ≤ NR columns of b from its transpose x [n, kc], rows `ldx` apart. The next VL rows are fetched meanwhile: of
 * 1100 × 256 weights from the L3 cache, that takes a quarter off a product with 64 rows of a, 7 % with 256.
 */
static void FN(pack_columns)(size_t kc, size_t n, const float *x, size_t ldx, float *to) {
  size_t w = (n + VL - 1) / VL * VL;
  for (size_t v = 0; v < w; v += VL) {
    size_t rows = n - v < VL ? n - v : VL;
    const float *from = x + v * ldx;
    for (size_t k = 0; k < kc; k += VL) {
      size_t depth = kc - k < VL ? kc - k : VL;
      vf block[VL];
      for (size_t i = VL; k % LINE_FLOATS == 0 && i < 2 * VL; i++) PREFETCH_AT(from, i * ldx + k, 0);
      if (depth == VL && rows == VL) {
        for (size_t i = 0; i < VL; i++) block[i] = load(from + i * ldx + k);
      } else {
        for (size_t i = 0; i < VL; i++) block[i] = i < rows ? load_some(from + i * ldx + k, depth) : splat(0);
      }
      FN(transpose)(block);
      for (size_t i = 0; i < depth; i++) store(to + (k + i) * w + v, block[i]);
    }
  }
}

#endif
