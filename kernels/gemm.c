/*
 * How does a matrix product reach the speed of the multipliers?
 *
 *   c [M, N] ← (c +) op(a)·op(b) (+ bias [N]); forms NN: a [M, K] b [K, N] · NT: b [N, K] · TN: a [K, M]
 *
 * A tile of MR × NV·VL sums stays in registers while k runs: per step NV loads of b, MR broadcasts of a, MR·NV
 * multiply-adds. For that, b is packed: of each KC × NC block, panels of at most NR = NV·VL columns lie one after another,
 *
 *   panel of columns [j, j'): for k = 0 … KC: b[k, j … j')   read by the tile from front to back, all of about one
 *                                                            width, the last with zeros up to a multiple of VL
 *
 * Rows of `a` are read where they are (NN, NT: each of the MR rows runs along k), or, for TN, packed into panels of MR,
 * since there k runs across memory pages. A block of KC × NC (480 KB) and one of MC × KC (192 KB) share the L2 cache;
 * one panel of a (8 KB) and a piece of a panel of b the L1.
 *
 * Not here: few rows, where packing b would cost more than the product (gemm_thin.h).
 * Source: Goto and van de Geijn, "Anatomy of High-Performance Matrix Multiplication", ACM TOMS 34(3), 2008.
 */
#include "gemm_pack.h"
#include "gemm_thin.h"

/* c [mr, n] (+)= a·b (+ bias) for one tile, each sum one chain over k that starts from 0 or c, so that pieces of k give the
 * bits of the whole; n ≤ nv·VL, and only the last of the nv vectors may be partial. */
INLINE void FN(tile)(const size_t mr, const size_t nv, size_t n, size_t kc, const float *a, size_t row_stride,
                     size_t k_stride, const float *b, size_t b_stride, const float *bias, float *c, size_t ldc,
                     uint32_t accumulate) {
  vf sum[MR][NV];
  size_t last = n - (nv - 1) * VL;
  for (size_t i = 0; i < mr; i++)
    for (size_t j = 0; j < nv; j++) {
      const float *from = c + i * ldc + j * VL;
      sum[i][j] = !accumulate ? splat(0) : j + 1 < nv || last == VL ? load(from) : load_some(from, last);
    }
  for (size_t k = 0; k < kc; k++) {
    vf row[NV];
    for (size_t j = 0; j < nv; j++) row[j] = load(b + j * VL);
    for (size_t i = 0; i < mr; i++) {
      vf x = splat(a[i * row_stride]);
      for (size_t j = 0; j < nv; j++) sum[i][j] += x * row[j];
    }
    a += k_stride;
    b += b_stride;
  }
  for (size_t j = 0; bias && j < nv; j++) {
    vf x = j + 1 < nv || last == VL ? load(bias + j * VL) : load_some(bias + j * VL, last);
    for (size_t i = 0; i < mr; i++) sum[i][j] += x;
  }
  for (size_t i = 0; i < mr; i++) {
    float *to = c + i * ldc;
    for (size_t j = 0; j < nv; j++, to += VL) {
      if (j + 1 < nv || last == VL) store(to, sum[i][j]);
      else store_some(to, sum[i][j], last);
    }
  }
}

typedef void TileKernel(size_t n, size_t kc, const float *a, size_t row_stride, size_t k_stride, const float *b,
                        size_t b_stride, const float *bias, float *c, size_t ldc, uint32_t accumulate);

/* A kernel of its own for each height and width in vectors, so that sums stay in registers at every edge too. */
#define TILE(mr, nv)                                                                                                   \
  static void FN(f32_gemm_##mr##x##nv##v)(size_t n, size_t kc, const float *a, size_t row_stride, size_t k_stride,     \
                                          const float *b, size_t b_stride, const float *bias, float *c, size_t ldc,    \
                                          uint32_t accumulate) {                                                       \
    FN(tile)(mr, nv, n, kc, a, row_stride, k_stride, b, b_stride, bias, c, ldc, accumulate);                           \
  }
#if NV > 2
#define TILE_ROW(mr) TILE(mr, 1) TILE(mr, 2) TILE(mr, 3)
#define TILE_ENTRY(mr) {FN(f32_gemm_##mr##x1v), FN(f32_gemm_##mr##x2v), FN(f32_gemm_##mr##x3v)}
#else
#define TILE_ROW(mr) TILE(mr, 1) TILE(mr, 2)
#define TILE_ENTRY(mr) {FN(f32_gemm_##mr##x1v), FN(f32_gemm_##mr##x2v)}
#endif
TILE_ROW(1)
TILE_ROW(2)
TILE_ROW(3)
TILE_ROW(4)
#if MR > 4
TILE_ROW(5)
TILE_ROW(6)
#endif
#if MR > 6
TILE_ROW(7)
TILE_ROW(8)
#endif
static TileKernel *const FN(tiles)[MR][NV] = {
    TILE_ENTRY(1), TILE_ENTRY(2), TILE_ENTRY(3), TILE_ENTRY(4),
#if MR > 4
    TILE_ENTRY(5), TILE_ENTRY(6),
#endif
#if MR > 6
    TILE_ENTRY(7), TILE_ENTRY(8),
#endif
};

/* All tiles of one packed block of b: c [mc, nc] (+)= a [mc, kc]·b [kc, nc] (+ bias [nc]). */
static void FN(gemm_block)(size_t mc, size_t nc, size_t kc, const float *a, size_t row_stride, size_t k_stride,
                           size_t panel_stride, const float *packed, const float *bias, float *c, size_t ldc,
                           uint32_t accumulate) {
  size_t panels = FN(count_panels)(nc);
  for (size_t p = 0; p < panels; p++) {
    size_t j = FN(panel_start)(nc, panels, p), n = FN(panel_start)(nc, panels, p + 1) - j, nv = (n + VL - 1) / VL;
    for (size_t i = 0; i < mc; i += MR) {
      size_t mr = mc - i < MR ? mc - i : MR;
      FN(tiles)[mr - 1][nv - 1](n, kc, a + i / MR * panel_stride, row_stride, k_stride, packed + j * kc, nv * VL,
                                bias ? bias + j : NULL, c + i * ldc + j, ldc, accumulate);
    }
  }
}

/* Panels of op(b) [kc, nc], of which b points at the first number; its rows are ldb apart. */
static void FN(pack_b)(uint32_t form, size_t kc, size_t nc, const float *b, size_t ldb, float *packed) {
  size_t panels = FN(count_panels)(nc);
  for (size_t p = 0; p < panels; p++) {
    size_t j = FN(panel_start)(nc, panels, p), n = FN(panel_start)(nc, panels, p + 1) - j;
    if (form == GEMM_NT) FN(pack_columns)(kc, n, b + j * ldb, ldb, packed + j * kc);
    else FN(pack_rows)(kc, n, NR, VL, b + j, ldb, packed + j * kc);
  }
}

OP(void, f32_gemm)
(uint32_t form, size_t m, size_t n, size_t k, in_f32 a, in_f32 b, in_f32 bias, out_f32 c, uint32_t accumulate) {
  if (k == 0 && !accumulate)
    for (size_t i = 0; i < m * n; i++) c[i] = 0;
  if (m == 0 || n == 0) return;
  if (k == 0 || m <= (form == GEMM_NT ? FEW_NT : FEW_NN)) {
    FN(gemm_thin)(form, m, n, k, a, b, c, accumulate);
    if (bias) FN(f32_add_bias)(m, n, bias, c);
    return;
  }
  float *packed_b = workspace, *packed_a = workspace + KC * NC;
  for (size_t jc = 0; jc < n; jc += NC) {
    size_t nc = n - jc < NC ? n - jc : NC;
    for (size_t pc = 0; pc < k; pc += KC) {
      size_t kc = k - pc < KC ? k - pc : KC;
      uint32_t add = accumulate || pc > 0;
      const float *last = bias && pc + kc == k ? bias + jc : NULL;
      FN(pack_b)(form, kc, nc, form == GEMM_NT ? b + jc * k + pc : b + pc * n + jc, form == GEMM_NT ? k : n, packed_b);
      for (size_t ic = 0; ic < m; ic += MC) {
        size_t mc = m - ic < MC ? m - ic : MC;
        float *to = c + ic * n + jc;
        if (form == GEMM_TN) {
          FN(pack_rows)(kc, mc, MR, MR, a + pc * m + ic, m, packed_a);
          FN(gemm_block)(mc, nc, kc, packed_a, 1, MR, MR * kc, packed_b, last, to, n, add);
        } else {
          FN(gemm_block)(mc, nc, kc, a + ic * k + pc, k, 1, MR * k, packed_b, last, to, n, add);
        }
      }
    }
  }
}
