/*
 * The product with few rows of a (a query, a batch of them in a server): b is read in place, not packed, once.
 *
 *   NT, b [N, K]       each result is a dot product; vectors run along k, GROUP rows of b at a time
 *   NN, TN, b [K, N]   vectors run along n; a strip of GROUP·VL columns of c stays in registers while k runs
 *
 *           ┌─ depth ─┬──           Up to TALL_… rows of a meet a piece of b at once, their sums filling registers; the
 *   b GROUP │ piece   │ …           next rows of a meet it while it is in the L1 cache. With the first (NT), lines of
 *           ├─────────┼──           the piece below are asked for. With 8 rows, packing took 107 µs for 1100 × 256
 *           │ fetched │ …           weights that lie in the L3 cache, this takes 70 µs without asking, 33 µs with it.
 *
 * The sums of a place are made in an order that depends on k and the form, not on how many rows or columns there are: a
 * query gets the same bits alone and in a batch.
 */
#ifndef MANYWORLDS_GEMM_THIN_H
#define MANYWORLDS_GEMM_THIN_H

#include "gemm_pack.h"

/*
 * FEW_…: up to so many rows of a; for NT with k = 64, where adding up lanes weighs most, packing is as fast from 24 on.
 * TALL_…: how many at once; their TALL·GROUP sums, a vector of each and one of b fit 32 or 16 registers.
 *
 * NN and TN have the bits of the packed product, so that their limit is free. Rows of b that are a multiple of 4 KB
 * apart fall into few sets of the L1 cache, where the next rows of a find little of a piece: with fewer registers, up
 * to four rows meet b at once, though some sums are spilled, and from five on b is packed. Engines of WebAssembly spill
 * registers too, and have no way to ask for lines: there, packing is faster from five rows on in every form.
 */
#if VL == 16
#define FEW_NT 24
#define FEW_NN 24
#define TALL_NT 6
#define TALL_NN 6
#else
#define FEW_NN 4
#define TALL_NN 4
#if defined(__wasm__)
#define FEW_NT 4
#define TALL_NT 4
#elif VL == 8
#define FEW_NT 24
#define TALL_NT 3
#elif defined(__aarch64__)
#define FEW_NT 24
#define TALL_NT 4
#else
#define FEW_NT 24
#define TALL_NT 2
#endif
#endif
#define GROUP 4
/* Depth of a piece of b, of GROUP × DEPTH_NT or DEPTH_NN × GROUP·VL floats, 16 KB; all, where no rows meet it again. */
#define DEPTH_NT 1024
#define DEPTH_NN(k) (FEW_NN > TALL_NN ? DEPTH_NT / VL : (k))

typedef float vf4 __attribute__((vector_size(16)));
typedef float vf4_memory __attribute__((vector_size(16), aligned(4), may_alias));

/* The sums of four vectors: two rounds of zipping halves add up and transpose, the rest adds up halves. */
INLINE vf4 FN(sum_lanes_of_4)(const vf *x) {
  vf even = ZIP_LOW(x[0], x[2]) + ZIP_HIGH(x[0], x[2]), odd = ZIP_LOW(x[1], x[3]) + ZIP_HIGH(x[1], x[3]);
  vf sums = ZIP_LOW(even, odd) + ZIP_HIGH(even, odd);
#if VL == 4
  return sums;
#else
#if VL == 16
  sums += __builtin_shufflevector(sums, sums, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7);
#endif
  return __builtin_shufflevector(sums, sums, 0, 1, 2, 3) + __builtin_shufflevector(sums, sums, 4, 5, 6, 7);
#endif
}

/* sum[i][j] += a[i, 0 … VL)·b[j, 0 … VL), rows ldk apart. */
INLINE void FN(dots_step)(const size_t m, const size_t count, size_t ldk, const float *a, const float *b,
                          vf (*sum)[GROUP]) {
  vf x[TALL_NT];
  UNROLL for (size_t i = 0; i < m; i++) x[i] = load(a + i * ldk);
  UNROLL for (size_t j = 0; j < count; j++) {
    vf y = load(b + j * ldk);
    UNROLL for (size_t i = 0; i < m; i++) sum[i][j] += x[i] * y;
  }
}

/* c [m, count] (+)= a·bᵀ for m ≤ TALL_NT rows of a, count ≤ GROUP rows of b, both ldk apart. `ask`: for lines below. */
INLINE void FN(dots)(const size_t m, const size_t count, size_t k, size_t ldk, const float *a, const float *b, float *c,
                     size_t ldc, uint32_t accumulate, int ask) {
  vf sum[TALL_NT][GROUP];
  UNROLL for (size_t i = 0; i < m; i++)
    UNROLL for (size_t j = 0; j < count; j++) sum[i][j] = splat(0);
  size_t p = 0;
  for (; p + LINE_FLOATS <= k; p += LINE_FLOATS) {
    if (ask)
      UNROLL for (size_t j = 0; j < count; j++) PREFETCH_AT(b, (j + GROUP) * ldk + p, 0);
    UNROLL for (size_t q = p; q < p + LINE_FLOATS; q += VL) FN(dots_step)(m, count, ldk, a + q, b + q, sum);
  }
  for (; p + VL <= k; p += VL) FN(dots_step)(m, count, ldk, a + p, b + p, sum);
  if (p < k) {
    UNROLL for (size_t j = 0; j < count; j++) {
      vf y = load_some(b + j * ldk + p, k - p);
      UNROLL for (size_t i = 0; i < m; i++) sum[i][j] += load_some(a + i * ldk + p, k - p) * y;
    }
  }
  UNROLL for (size_t i = 0; i < m; i++) {
    float *to = c + i * ldc;
    if (count == GROUP) {
      vf4 s = FN(sum_lanes_of_4)(sum[i]);
      if (accumulate) s += *(vf4_memory *)to;
      *(vf4_memory *)to = s;
    } else {
      UNROLL for (size_t j = 0; j < count; j++) {
        float s = sum_lanes(sum[i][j]);
        to[j] = accumulate ? to[j] + s : s;
      }
    }
  }
}

/* c [m, width] (+)= a·b; width = GROUP·VL, or up to VL. Row i, depth p of a is a[i·row + p·step]. */
INLINE void FN(strip)(const size_t m, const size_t nv, size_t width, size_t n, size_t k, const float *a, size_t row,
                      size_t step, const float *b, float *c, uint32_t accumulate) {
  vf sum[TALL_NN][GROUP];
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

/*
 * One piece of b with `rows` rows of a: the cases make rows a constant, so that sums are registers. Not inlined:
 * engines of WebAssembly spill what loops around it keep.
 */
#define CASES__2(CASE) CASE(1) CASE(2)
#define CASES__3(CASE) CASES__2(CASE) CASE(3)
#define CASES__4(CASE) CASES__3(CASE) CASE(4)
#define CASES__6(CASE) CASES__4(CASE) CASE(5) CASE(6)

#define DOTS_CASE(rows)                                                                                                \
  case rows:                                                                                                           \
    if (width == GROUP) FN(dots)(rows, GROUP, kc, k, a, b, c, n, accumulate, ask);                                     \
    else FN(dots)(rows, 1, kc, k, a, b, c, n, accumulate, ask);                                                        \
    break;

static __attribute__((noinline)) void FN(dots_piece)(size_t rows, size_t width, size_t n, size_t k, size_t kc,
                                                     const float *a, const float *b, float *c, uint32_t accumulate,
                                                     int ask) {
  switch (rows) { PASTE(CASES, TALL_NT)(DOTS_CASE) }
}

#define STRIP_CASE(rows)                                                                                               \
  case rows:                                                                                                           \
    if (width == GROUP * VL) FN(strip)(rows, GROUP, width, n, kc, a, row, step, b, c, accumulate);                     \
    else FN(strip)(rows, 1, width, n, kc, a, row, step, b, c, accumulate);                                             \
    break;

static __attribute__((noinline)) void FN(strip_piece)(size_t rows, size_t width, size_t n, size_t kc, const float *a,
                                                      size_t row, size_t step, const float *b, float *c,
                                                      uint32_t accumulate) {
  switch (rows) { PASTE(CASES, TALL_NN)(STRIP_CASE) }
}

INLINE void FN(thin_pieces)(const int nt, size_t m, size_t n, size_t k, const float *a, size_t row, size_t step,
                            const float *b, float *c, uint32_t accumulate) {
  const size_t depth = nt ? DEPTH_NT : DEPTH_NN(k), tall = nt ? TALL_NT : TALL_NN, unit = nt ? 1 : VL;
  for (size_t p = 0; p < k; p += depth) {
    size_t kc = k - p < depth ? k - p : depth, width;
    uint32_t add = accumulate || p > 0;
    for (size_t j = 0; j < n; j += width) {
      width = n - j >= GROUP * unit ? GROUP * unit : n - j < unit ? n - j : unit;
      size_t i = 0, rows;
      for (size_t parts = (m + tall - 1) / tall; parts > 0; parts--, i += rows) {
        const float *part = a + i * row + p * step;
        float *to = c + i * n + j;
        rows = (m - i + parts - 1) / parts;
        if (nt) FN(dots_piece)(rows, width, n, k, kc, part, b + j * k + p, to, add, i == 0);
        else FN(strip_piece)(rows, width, n, kc, part, row, step, b + p * n + j, to, add);
      }
    }
  }
}

static void FN(gemm_thin)(uint32_t form, size_t m, size_t n, size_t k, const float *a, const float *b, float *c,
                          uint32_t accumulate) {
  if (form == GEMM_NT) FN(thin_pieces)(1, m, n, k, a, k, 1, b, c, accumulate);
  else if (form == GEMM_NN) FN(thin_pieces)(0, m, n, k, a, k, 1, b, c, accumulate);
  else FN(thin_pieces)(0, m, n, k, a, 1, m, b, c, accumulate);
}

#endif
