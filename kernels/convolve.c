/*
 * Convolution of a whole batch, and the gradient of its input, at the speed of the matrix product.
 *
 *   y [N, P, S] = w [P, K]·columns [K, S] + bias      for each image; S = oh·ow outputs of a plane, K = planes·kh·kw
 *   dx          = columns⁻¹(wᵀ·dy)                    each window's gradient is added to where the window was
 *
 * Forward: panels of NR columns are packed straight from the patch (convolve_patch.h) and multiplied by gemm's tiles,
 * whose rows of `a` are those of the weights, in place. A vector of a panel consists of pieces of rows of outputs;
 * each piece is copied as a whole vector, and what it has too much is overwritten by the next one. Small images go
 * through one product together; their results take a detour over the workspace.
 *
 * Gradient of the input: wᵀ is packed once for a block of rows k, a tile of MR × NR window gradients is made from dy and
 * added to a patch of zeros, and the patch to dx. The flipped convolution of the textbooks would multiply the zeros
 * around dy as well: 2.25 times the work for 12×12 → 8×8.
 *
 * Measured on AVX-512 for seven shapes, beside gemm on a matrix of windows that lies ready in memory (bench/convolution.mjs):
 * forward 74 to 127 % of its rate, the gradient of the weights 73 to 134 % (convolve_weight.c), that of the input 63 to
 * 93 %. Above 100 % gemm reads the larger matrix from beyond the L2 cache. 7×7 images with 256 planes are slowest: 49
 * outputs fill vectors badly, and their pieces are short.
 *
 * Sources: Chellapilla, Puri, Simard, "High Performance Convolutional Neural Networks for Document Processing", IWFHR
 * 2006 (unrolling); Chetlur et al., "cuDNN: Efficient Primitives for Deep Learning", arXiv:1410.0759, §3 (lazily, by
 * tiles).
 */
#include "convolve_patch.h"

#define OFFSETS (16 * 1024)
/* Rows of weights that stay in the L2 cache while panels go by: 512·KC are 512 KB. */
#define CONVOLVE_ROWS 512
_Static_assert(PATCH_END + OFFSETS + KC * NR + SLACK + CONVOLVE_ROWS * NR <= WORKSPACE_FLOATS, "forward fits");

/* A vector from the patch to a panel. */
typedef struct {
  uint32_t from, to;
} Piece;

static size_t FN(list_pieces)(size_t count, const Run *runs, Piece *pieces) {
  size_t n = 0;
  for (size_t i = 0; i < count; i++)
    for (size_t at = 0; at < runs[i].length; at += VL)
      pieces[n++] = (Piece){(uint32_t)(runs[i].patch + at), (uint32_t)(runs[i].column + at)};
  return n;
}

INLINE void FN(pack_pieces)(const size_t count, size_t kc, size_t width, const Piece *pieces, const uint32_t *offset,
                            const float *patch, float *to) {
  for (size_t k = 0; k < kc; k++, to += width) {
    const float *from = patch + offset[k];
    for (size_t i = 0; i < count; i++) store(to + pieces[i].to, load(from + pieces[i].from));
  }
}

/* A panel of kc rows. Few pieces stay in registers as constants of a loop of their own. */
static void FN(pack_panel)(size_t count, size_t kc, size_t width, const Piece *pieces, const uint32_t *offset,
                           const float *patch, float *to) {
  if (count == 2) FN(pack_pieces)(2, kc, width, pieces, offset, patch, to);
  else if (count == 3) FN(pack_pieces)(3, kc, width, pieces, offset, patch, to);
  else if (count == 4) FN(pack_pieces)(4, kc, width, pieces, offset, patch, to);
  else FN(pack_pieces)(count, kc, width, pieces, offset, patch, to);
}

INLINE void FN(fill_row)(size_t n, float value, float *x) {
  size_t i = 0;
  for (; i + VL <= n; i += VL) store(x + i, splat(value));
  if (i < n) store_some(x + i, splat(value), n - i);
}

/* y ← addend + x, or y ← y + x where `add`. */
INLINE void FN(put_run)(size_t n, const float *x, float addend, uint32_t add, float *y) {
  size_t i = 0;
  for (; i + VL <= n; i += VL) store(y + i, load(x + i) + (add ? load(y + i) : splat(addend)));
#if VL == 16
  if (i < n) store_some(y + i, load_some(x + i, n - i) + (add ? load_some(y + i, n - i) : splat(addend)), n - i);
#else
  for (; i < n; i++) y[i] = x[i] + (add ? y[i] : addend);
#endif
}

/* c [mc, n] (+)= a [mc, kc]·panel; a has rows `lda` apart. */
INLINE void FN(panel_product)(size_t mc, size_t n, size_t kc, const float *a, size_t lda, const float *panel, float *c,
                              size_t ldc, uint32_t accumulate) {
  size_t nv = (n + VL - 1) / VL;
  for (size_t i = 0; i < mc; i += MR)
    FN(tiles)[least(MR, mc - i) - 1][nv - 1](n, kc, a + i * lda, lda, 1, panel, nv * VL, NULL, c + i * ldc, ldc,
                                              accumulate);
}

/* Adds to the unit's outputs the part of the product with rows k of the patch's planes, k0 + [0, depth). */
static void FN(convolve_unit)(const Convolution *s, const Patch *p, const Unit *u, size_t k0, size_t depth,
                              const uint32_t *offset, const float *patch, const float *weight, const float *bias,
                              float *y) {
  float *packed = workspace + PATCH_END + OFFSETS, *block = packed + KC * NR + SLACK;
  size_t columns = u->images * u->rows * u->cols, panels = FN(count_panels)(columns), size = s->oh * s->ow;
  Run runs[NR];
  Piece pieces[NR];
  for (size_t m = 0; m < s->outputs; m += CONVOLVE_ROWS) {
    size_t mc = least(CONVOLVE_ROWS, s->outputs - m), part = even_part(depth, KC);
    for (size_t k = 0; k < depth; k += part) {
      size_t kc = least(part, depth - k);
      const float *a = weight + m * s->depth + k0 + k;
      for (size_t i = 0; i < panels; i++) {
        size_t j = FN(panel_start)(columns, panels, i), n = FN(panel_start)(columns, panels, i + 1) - j;
        size_t count = FN(list_runs)(s, p, u, j, n, runs), first = k0 + k == 0;
        FN(pack_panel)(FN(list_pieces)(count, runs, pieces), kc, (n + VL - 1) / VL * VL, pieces, offset + k, patch, packed);
        if (u->images == 1) {
          float *c = y + runs[0].y + m * size;
          if (first && bias)
            for (size_t r = 0; r < mc; r++) FN(fill_row)(n, bias[m + r], c + r * size);
          FN(panel_product)(mc, n, kc, a, s->depth, packed, c, size, !first || bias);
        } else {
          FN(panel_product)(mc, n, kc, a, s->depth, packed, block, NR, 0);
          for (size_t r = 0; r < mc; r++)
            for (size_t t = 0; t < count; t++)
              FN(put_run)(runs[t].length, block + r * NR + runs[t].column, first && bias ? bias[m + r] : 0, !first,
                          y + runs[t].y + (m + r) * size);
        }
      }
    }
  }
}

OP(void, f32_convolve)(in_u32 dims, in_f32 x, in_f32 weight, in_f32 bias, out_f32 y) {
  Convolution s = FN(read_convolution)(dims);
  if (s.batch == 0) return;
  size_t size = s.oh * s.ow, wasted = (size + VL - 1) / VL * VL - size;
  Patch p = FN(plan_patch)(&s, least(s.planes, OFFSETS / s.area), (size_t)1 << 20,
                           wasted * 16 > size || size < NR ? 10 * NR : 0);
  float *patch = workspace;
  uint32_t *offset = (uint32_t *)(workspace + PATCH_END);
  FN(list_offsets)(&s, &p, 0, p.planes * s.area, offset);
  for (size_t i = 0, units = FN(count_units)(&s, &p); i < units; i++) {
    Unit u = FN(unit_at)(&s, &p, i);
    for (size_t c = 0; c < s.planes; c += p.planes) {
      size_t planes = least(p.planes, s.planes - c);
      FN(fill_patch)(&s, &p, &u, c, planes, x, patch);
      FN(convolve_unit)(&s, &p, &u, c * s.area, planes * s.area, offset, patch, weight, bias, y);
    }
  }
}

/* Rows k of wᵀ at a time, planes of dy at a time, and wᵀ packed for both. */
#define GRAD_ROWS 480
#define GRAD_PLANES 512
#define GRAD_WEIGHTS (48 * 1024)
_Static_assert(PATCH_END + GRAD_WEIGHTS + GRAD_PLANES * NR + GRAD_ROWS * (NR + 1) <= WORKSPACE_FLOATS,
               "gradient of the input fits");

/* patch ← window gradients of rows [k0, k0 + depth) summed over planes [m, m + mc) of dy; `wt` packed by MR. */
static void FN(convolve_back_unit)(const Convolution *s, const Patch *p, const Unit *u, size_t depth, size_t m,
                                   size_t mc, const uint32_t *offset, const float *wt, const float *dy, float *patch) {
  float *packed = workspace + PATCH_END + GRAD_WEIGHTS, *block = packed + GRAD_PLANES * NR;
  size_t columns = u->images * u->rows * u->cols, panels = FN(count_panels)(columns), size = s->oh * s->ow;
  Run runs[NR];
  for (size_t i = 0; i < panels; i++) {
    size_t j = FN(panel_start)(columns, panels, i), n = FN(panel_start)(columns, panels, i + 1) - j;
    size_t count = FN(list_runs)(s, p, u, j, n, runs), nv = (n + VL - 1) / VL;
    for (size_t r = 0; r < mc; r++) {
      const float *row = dy + (m + r) * size;
      for (size_t t = 0; t < count; t++)
        copy_f32(packed + r * nv * VL + runs[t].column, row + runs[t].y, runs[t].length);
      /* The next panel: rows of dy are far apart, which no processor guesses. 100 to 140 GFLOP/s for kernels of 1×1. */
      for (size_t q = 0; q < NR; q += 16) PREFETCH_AT(row, runs[0].y + n + q, 0);
    }
    for (size_t k = 0; k < depth; k += MR) {
      size_t mr = least(MR, depth - k);
      FN(tiles)[mr - 1][nv - 1](n, mc, wt + k * mc, 1, MR, packed, nv * VL, NULL, block + k * NR, NR, 0);
    }
    /*
     * One cell of the kernel for all planes in turn. Plane by plane the sums of neighbouring cells would lie within a vector
     * of one another, and each load would wait for the store before it: 88 instead of 150 GFLOP/s for 12×12 → 8×8, 5×5.
     */
    size_t step = least(s->area, depth);
    for (size_t cell = 0; cell < step; cell++)
      for (size_t t = 0; t < count; t++)
        for (size_t k = cell; k < depth; k += step)
          FN(put_run)(runs[t].length, block + k * NR + runs[t].column, 0, 1, patch + offset[k] + runs[t].patch);
  }
}

OP(void, f32_convolve_grad_input)(in_u32 dims, in_f32 weight, in_f32 dy, out_f32 dx) {
  Convolution s = FN(read_convolution)(dims);
  FN(fill_row)(s.batch * s.planes * s.height * s.width, 0, dx);
  if (s.batch == 0) return;
  size_t planes_part = even_part(s.outputs, GRAD_PLANES), most = least(GRAD_ROWS, GRAD_WEIGHTS / planes_part / MR * MR);
  Patch p = FN(plan_patch)(&s, least(s.planes, most < s.area ? 1 : most / s.area), (size_t)1 << 20, 10 * NR);
  float *patch = workspace, *wt = workspace + PATCH_END;
  uint32_t *offset = (uint32_t *)(wt + GRAD_WEIGHTS + GRAD_PLANES * NR + GRAD_ROWS * NR);
  for (size_t m = 0; m < s.outputs; m += planes_part) {
    size_t mc = least(planes_part, s.outputs - m);
    for (size_t k = 0, end; k < s.depth; k = end) {
      /* Whole planes, or a part of one plane where its kernel is larger than a block. */
      end = most < s.area ? least(k + most, (k / s.area + 1) * s.area) : least(k + p.planes * s.area, s.depth);
      size_t c = k / s.area, planes = (end - 1) / s.area + 1 - c;
      FN(list_offsets)(&s, &p, k, end, offset);
      FN(pack_rows)(mc, end - k, MR, MR, weight + m * s.depth + k, s.depth, wt);
      for (size_t i = 0, units = FN(count_units)(&s, &p); i < units; i++) {
        Unit u = FN(unit_at)(&s, &p, i);
        FN(fill_row)(u.images * p.image, 0, patch);
        FN(convolve_back_unit)(&s, &p, &u, end - k, m, mc, offset, wt, dy, patch);
        FN(add_patch)(&s, &p, &u, c, planes, patch, dx);
      }
    }
  }
}
