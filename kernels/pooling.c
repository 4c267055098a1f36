/*
 * The greatest number or the mean of each window of each plane.
 *
 * Windows are products of rows and columns, so each row of outputs takes two steps, both on vectors:
 *
 *   down      line[t] = greatest (sum) over the window's rows, for each column t of the input, padding filled in
 *   across    y[ox]   = greatest (sum) over line[ox·sw + kx]
 *
 * The greatest number carries its place in the plane along: of equal ones the lower place wins, which is the first in
 * the order of reading. NaN beats all numbers, of two NaN the first stands. A line holds at most LINE columns; wider
 * images are cut.
 */
#include "convolve_patch.h"

#define LINE (32 * 1024)
/* Place of what is no number of the plane. */
#define NOWHERE 0x7fffffff
_Static_assert(4 * (LINE + SLACK) <= WORKSPACE_FLOATS, "lines fit");

/* Outputs [x0, x0 + cols) of each row, and the columns of the input that they need. */
typedef struct {
  size_t x0, cols, length; /* of the line */
  size_t from, to, at;     /* [from, to) of the line lies in the image, from column `at` */
} Strip;

INLINE size_t FN(strip_cols)(const Convolution *s) {
  return s->kw >= LINE ? 1 : least(s->ow, (LINE - s->kw) / s->sw + 1);
}

static Strip FN(strip_at)(const Convolution *s, size_t x0, size_t cols) {
  size_t start = x0 * s->sw, end = s->width + s->pw;
  Strip strip = {x0, cols, (cols - 1) * s->sw + s->kw, 0, 0, 0};
  strip.from = least(start < s->pw ? s->pw - start : 0, strip.length);
  strip.to = least(end > start ? end - start : 0, strip.length);
  if (strip.to < strip.from) strip.to = strip.from;
  strip.at = start + strip.from - s->pw;
  return strip;
}

/* The rows of the image under the windows of output row oy: [from, to). */
INLINE void FN(rows_under)(const Convolution *s, size_t oy, size_t *from, size_t *to) {
  size_t top = oy * s->sh, bottom = top + s->kh;
  *from = least(top > s->ph ? top - s->ph : 0, s->height);
  *to = least(bottom > s->ph ? bottom - s->ph : 0, s->height);
}

/* VL numbers of a line, `step` apart. May read up to 2·VL numbers for steps 1 and 2. */
INLINE vf FN(load_every)(const float *p, size_t step) {
  if (step == 1) return load(p);
  if (step == 2) {
#if VL == 16
    return __builtin_shufflevector(load(p), load(p + VL), 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
#elif VL == 8
    return __builtin_shufflevector(load(p), load(p + VL), 0, 2, 4, 6, 8, 10, 12, 14);
#else
    return __builtin_shufflevector(load(p), load(p + VL), 0, 2, 4, 6);
#endif
  }
  vf x;
  for (size_t i = 0; i < VL; i++) x[i] = p[i * step];
  return x;
}

/* Cols of the last vector beyond n read the line's first column again where steps are wide: nothing is read far out. */
INLINE vf FN(load_outputs)(const float *line, size_t x, size_t n, size_t step) {
  if (step <= 2 || x + VL <= n) return FN(load_every)(line + x * step, step);
  vf y;
  for (size_t i = 0; i < VL; i++) y[i] = line[x + i < n ? (x + i) * step : 0];
  return y;
}

INLINE void FN(put)(float *to, vf x, size_t n) {
  if (n >= VL) store(to, x);
  else store_some(to, x, n);
}

/* line, place ← the greatest of rows [from, to) of each column. */
static void FN(greatest_down)(const Convolution *s, const Strip *strip, size_t from, size_t to, const float *plane,
                              float *line, float *place) {
  const vf none = splat(-__builtin_inff());
  const vi nowhere = (vi){0} + NOWHERE;
  vi lane;
  for (int i = 0; i < VL; i++) lane[i] = i;
  size_t inside = from < to ? strip->to - strip->from : 0, after = inside ? strip->to : strip->from;
  /* The padding on both sides is written first, and may run over what comes next. */
  for (size_t t = 0; t < strip->from; t += VL) store(line + t, none), store(place + t, (vf)nowhere);
  const float *image = plane + strip->at;
  for (size_t t = 0; t < inside; t += VL) {
    size_t n = inside - t;
    vi at = lane + (int32_t)(from * s->width + strip->at + t);
    vf best = n >= VL ? load(image + from * s->width + t) : load_some(image + from * s->width + t, n);
    vi best_at = at;
    for (size_t y = from + 1; y < to; y++) {
      at += (int32_t)s->width;
      vf x = n >= VL ? load(image + y * s->width + t) : load_some(image + y * s->width + t, n);
      vi better = (x > best) | ((x != x) & (best == best));
      best = choose(better, x, best);
      best_at = (at & better) | (best_at & ~better);
    }
    store(line + strip->from + t, best);
    store(place + strip->from + t, (vf)best_at);
  }
  for (size_t t = after; t < strip->length; t += VL) store(line + t, none), store(place + t, (vf)nowhere);
}

OP(void, f32_max_pool)(in_u32 dims, in_f32 x, out_f32 y, out_u32 indices) {
  Convolution s = FN(read_convolution)(dims);
  float *line = workspace, *place = workspace + 2 * (LINE + SLACK);
  size_t cols = FN(strip_cols)(&s);
  for (size_t x0 = 0; x0 < s.ow; x0 += cols) {
    Strip strip = FN(strip_at)(&s, x0, least(cols, s.ow - x0));
    for (size_t row = 0; row < s.batch * s.planes * s.oh; row++) {
      size_t from, to;
      FN(rows_under)(&s, row % s.oh, &from, &to);
      FN(greatest_down)(&s, &strip, from, to, x + row / s.oh * s.height * s.width, line, place);
      for (size_t t = 0; t < strip.cols; t += VL) {
        vf best = FN(load_outputs)(line, t, strip.cols, s.sw);
        vi best_at = (vi)FN(load_outputs)(place, t, strip.cols, s.sw);
        for (size_t k = 1; k < s.kw; k++) {
          vf value = FN(load_outputs)(line + k, t, strip.cols, s.sw);
          vi at = (vi)FN(load_outputs)(place + k, t, strip.cols, s.sw);
          vi earlier = at < best_at;
          vi better = (value > best) | ((value == best) & earlier) | ((value != value) & ((best == best) | earlier));
          best = choose(better, value, best);
          best_at = (at & better) | (best_at & ~better);
        }
        FN(put)(y + row * s.ow + x0 + t, best, strip.cols - t);
        FN(put)((float *)indices + row * s.ow + x0 + t, (vf)best_at, strip.cols - t);
      }
    }
  }
}

OP(void, f32_max_pool_grad)(in_u32 dims, in_u32 indices, in_f32 dy, out_f32 dx) {
  Convolution s = FN(read_convolution)(dims);
  size_t size = s.oh * s.ow, plane = s.height * s.width;
  FN(fill_row)(s.batch * s.planes * plane, 0, dx);
  for (size_t i = 0; i < s.batch * s.planes; i++, dx += plane, dy += size, indices += size)
    for (size_t t = 0; t < size; t++) dx[indices[t]] += dy[t];
}

/* share[t] ← 1 / columns that the window of each output of the strip counts. */
static void FN(list_shares)(const Convolution *s, const Strip *strip, uint32_t count_padding, float *share) {
  for (size_t t = 0; t < strip->cols; t++) {
    size_t start = t * s->sw, end = least(start + s->kw, strip->to), from = start > strip->from ? start : strip->from;
    share[t] = 1.0f / (float)(count_padding ? s->kw : end - from);
  }
}

OP(void, f32_average_pool)(in_u32 dims, uint32_t count_padding, in_f32 x, out_f32 y) {
  Convolution s = FN(read_convolution)(dims);
  float *line = workspace, *share = workspace + 2 * (LINE + SLACK);
  size_t cols = FN(strip_cols)(&s);
  for (size_t x0 = 0; x0 < s.ow; x0 += cols) {
    Strip strip = FN(strip_at)(&s, x0, least(cols, s.ow - x0));
    size_t inside = strip.to - strip.from;
    FN(list_shares)(&s, &strip, count_padding, share);
    FN(fill_row)(strip.length + SLACK, 0, line);
    for (size_t row = 0; row < s.batch * s.planes * s.oh; row++) {
      size_t from, to;
      FN(rows_under)(&s, row % s.oh, &from, &to);
      const float *image = x + row / s.oh * s.height * s.width + strip.at;
      float part = 1.0f / (float)(count_padding ? s.kh : to - from);
      for (size_t t = 0; t < inside; t += VL) {
        size_t n = inside - t;
        vf sum = splat(0);
        for (size_t r = from; r < to; r++)
          sum += n >= VL ? load(image + r * s.width + t) : load_some(image + r * s.width + t, n);
        FN(put)(line + strip.from + t, sum, n);
      }
      for (size_t t = 0; t < strip.cols; t += VL) {
        vf sum = splat(0);
        for (size_t k = 0; k < s.kw; k++) sum += FN(load_outputs)(line + k, t, strip.cols, s.sw);
        FN(put)(y + row * s.ow + x0 + t, sum * (load(share + t) * part), strip.cols - t);
      }
    }
  }
}

OP(void, f32_average_pool_grad)(in_u32 dims, uint32_t count_padding, in_f32 dy, out_f32 dx) {
  Convolution s = FN(read_convolution)(dims);
  float *line = workspace, *share = workspace + 2 * (LINE + SLACK);
  size_t cols = FN(strip_cols)(&s);
  FN(fill_row)(s.batch * s.planes * s.height * s.width, 0, dx);
  for (size_t x0 = 0; x0 < s.ow; x0 += cols) {
    Strip strip = FN(strip_at)(&s, x0, least(cols, s.ow - x0));
    size_t inside = strip.to - strip.from;
    FN(list_shares)(&s, &strip, count_padding, share);
    for (size_t row = 0; row < s.batch * s.planes * s.oh; row++) {
      size_t from, to;
      FN(rows_under)(&s, row % s.oh, &from, &to);
      float *image = dx + row / s.oh * s.height * s.width + strip.at;
      float part = 1.0f / (float)(count_padding ? s.kh : to - from);
      FN(fill_row)(strip.length, 0, line);
      for (size_t t = 0; t < strip.cols; t++) {
        float each = dy[row * s.ow + x0 + t] * (share[t] * part);
        for (size_t k = 0; k < s.kw; k++) line[t * s.sw + k] += each;
      }
      for (size_t r = from; r < to; r++)
        for (size_t t = 0; t < inside; t += VL) {
          float *to_row = image + r * s.width + t;
          size_t n = inside - t;
          if (n >= VL) store(to_row, load(to_row) + load(line + strip.from + t));
          else store_some(to_row, load_some(to_row, n) + load_some(line + strip.from + t, n), n);
        }
    }
  }
}
