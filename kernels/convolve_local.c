/*
 * Convolution without shared weights: a kernel of its own for each output position, one product over the batch for each.
 *
 *   position s:   ys [N, P] = windows [N, K]·w[s]ᵀ      w [S, P, K], so that a position's weights lie together
 *                 dw[s] (+)= dysᵀ·windows               dwindows = dys·w[s], added to dx
 *
 * Windows are gathered into the caller's scratch, position by position; the products are gemm's, which owns the
 * workspace. Outputs [N, P, S] have positions innermost, products have them outermost: sixteen positions are turned at
 * once, in registers. The weights are read once a batch and used N times: with few images their memory is the limit.
 *
 * Source: Le et al., "Building High-level Features Using Large Scale Unsupervised Learning", ICML 2012, §3; Dean et
 * al., "Large Scale Distributed Deep Networks", NIPS 2012, §3 (untied, locally connected).
 */
#include "convolve_patch.h"

/* The cells of a window that lie inside the image: rows [y0, y1) and columns [x0, x1) of the kernel. */
typedef struct {
  size_t y0, y1, x0, x1;
} Cells;

INLINE Cells FN(inner_cells)(const Convolution *s, size_t position) {
  size_t y = position / s->ow * s->sh, x = position % s->ow * s->sw;
  Cells c = {y < s->ph ? s->ph - y : 0, least(s->kh, s->height + s->ph > y ? s->height + s->ph - y : 0),
             x < s->pw ? s->pw - x : 0, least(s->kw, s->width + s->pw > x ? s->width + s->pw - x : 0)};
  c.y0 = least(c.y0, s->kh);
  c.x0 = least(c.x0, s->kw);
  return c;
}

/* For rows of a kernel, shorter than a vector mostly: without masks number by number. */
INLINE void FN(copy_cells)(float *to, const float *from, size_t n) {
#if VL == 16
  copy_f32(to, from, n);
#else
  for (size_t i = 0; i < n; i++) to[i] = from[i];
#endif
}

/* windows [N, K] ← the windows of one position. */
static void FN(gather_windows)(const Convolution *s, size_t position, const float *x, float *windows) {
  Cells in = FN(inner_cells)(s, position);
  size_t top = position / s->ow * s->sh, left = position % s->ow * s->sw;
  int whole = in.y0 == 0 && in.y1 == s->kh && in.x0 == 0 && in.x1 == s->kw;
  if (!whole) FN(fill_row)(s->batch * s->depth, 0, windows);
  if (in.x0 >= in.x1) return;
  for (size_t i = 0; i < s->batch * s->planes; i++, x += s->height * s->width, windows += s->area)
    for (size_t ky = in.y0; ky < in.y1; ky++)
      FN(copy_cells)(windows + ky * s->kw + in.x0, x + (top + ky - s->ph) * s->width + left + in.x0 - s->pw,
                     in.x1 - in.x0);
}

/*
 * Adds windows [N, K] of one position to where they were in dx. The same row of all planes in turn: neighbouring rows
 * lie within a vector of one another, and a load would wait for the store before it.
 */
static void FN(scatter_windows)(const Convolution *s, size_t position, const float *windows, float *dx) {
  Cells in = FN(inner_cells)(s, position);
  size_t top = position / s->ow * s->sh, left = position % s->ow * s->sw;
  if (in.x0 >= in.x1) return;
  for (size_t ky = in.y0; ky < in.y1; ky++) {
    const float *from = windows + ky * s->kw + in.x0;
    float *to = dx + (top + ky - s->ph) * s->width + left + in.x0 - s->pw;
    for (size_t i = 0; i < s->batch * s->planes; i++, from += s->area, to += s->height * s->width)
      FN(put_run)(in.x1 - in.x0, from, 0, 1, to);
  }
}

/* turned [count, rows] ← columns [0, count) of y [rows, size], count ≤ VL. */
static void FN(turn_in)(size_t rows, size_t count, size_t size, const float *y, float *turned) {
  for (size_t r = 0; r < rows; r += VL) {
    size_t depth = least(VL, rows - r);
    vf block[VL];
    for (size_t i = 0; i < VL; i++) {
      const float *from = y + (r + i) * size;
      block[i] = i >= depth ? splat(0) : count == VL ? load(from) : load_some(from, count);
    }
    FN(transpose)(block);
    for (size_t i = 0; i < count; i++) {
      if (depth == VL) store(turned + i * rows + r, block[i]);
      else store_some(turned + i * rows + r, block[i], depth);
    }
  }
}

/* The way back. */
static void FN(turn_out)(size_t rows, size_t count, size_t size, const float *turned, float *y) {
  for (size_t r = 0; r < rows; r += VL) {
    size_t depth = least(VL, rows - r);
    vf block[VL];
    for (size_t i = 0; i < VL; i++) {
      const float *from = turned + i * rows + r;
      block[i] = i >= count ? splat(0) : depth == VL ? load(from) : load_some(from, depth);
    }
    FN(transpose)(block);
    for (size_t i = 0; i < depth; i++) {
      if (count == VL) store(y + (r + i) * size, block[i]);
      else store_some(y + (r + i) * size, block[i], count);
    }
  }
}

OP(void, f32_convolve_local)(in_u32 dims, in_f32 x, in_f32 weight, out_f32 scratch, out_f32 y) {
  Convolution s = FN(read_convolution)(dims);
  size_t size = s.oh * s.ow, rows = s.batch * s.outputs;
  float *windows = scratch, *turned = scratch + s.batch * s.depth;
  for (size_t t = 0; t < size; t += VL) {
    size_t count = least(VL, size - t);
    for (size_t i = 0; i < count; i++) {
      FN(gather_windows)(&s, t + i, x, windows);
      FN(f32_gemm)(GEMM_NT, s.batch, s.outputs, s.depth, windows, weight + (t + i) * s.outputs * s.depth,
                   NULL, turned + i * rows, 0);
    }
    FN(turn_out)(rows, count, size, turned, y + t);
  }
}

OP(void, f32_convolve_local_grad_weight)
(in_u32 dims, in_f32 x, in_f32 dy, out_f32 scratch, out_f32 dw, uint32_t accumulate) {
  Convolution s = FN(read_convolution)(dims);
  size_t size = s.oh * s.ow, rows = s.batch * s.outputs;
  float *windows = scratch, *turned = scratch + s.batch * s.depth;
  for (size_t t = 0; t < size; t += VL) {
    size_t count = least(VL, size - t);
    FN(turn_in)(rows, count, size, dy + t, turned);
    for (size_t i = 0; i < count; i++) {
      FN(gather_windows)(&s, t + i, x, windows);
      FN(f32_gemm)(GEMM_TN, s.outputs, s.depth, s.batch, turned + i * rows, windows, NULL,
                   dw + (t + i) * s.outputs * s.depth, accumulate);
    }
  }
}

OP(void, f32_convolve_local_grad_input)(in_u32 dims, in_f32 weight, in_f32 dy, out_f32 scratch, out_f32 dx) {
  Convolution s = FN(read_convolution)(dims);
  size_t size = s.oh * s.ow, rows = s.batch * s.outputs;
  float *windows = scratch, *turned = scratch + s.batch * s.depth;
  FN(fill_row)(s.batch * s.planes * s.height * s.width, 0, dx);
  for (size_t t = 0; t < size; t += VL) {
    size_t count = least(VL, size - t);
    FN(turn_in)(rows, count, size, dy + t, turned);
    for (size_t i = 0; i < count; i++) {
      FN(f32_gemm)(GEMM_NN, s.batch, s.depth, s.outputs, turned + i * rows, weight + (t + i) * s.outputs * s.depth,
                   NULL, windows, 0);
      FN(scatter_windows)(&s, t + i, windows, dx);
    }
  }
}
