/*
 * Each number divided by a power of the energy of its neighbours in other planes.
 *
 *   scale_c = k + α·Σ_{|d − c| ≤ half} x_d²        y_c = x_c·scale_c^−β
 *   dx_c    = dy_c·scale_c^−β − 2αβ·x_c·Σ_{|d − c| ≤ half} dy_d·y_d/scale_d
 *
 * VL positions of all planes at a time. Windows are summed anew for each plane, since running sums would lose what small
 * numbers beside large ones have; the gradient's quotients pass through a ring of one window.
 * −β of ½, ¾ and 1, which are what is used, are roots; others go through exp and log.
 *
 * Source: Krizhevsky, Sutskever, Hinton, "ImageNet Classification with Deep Convolutional Neural Networks", NIPS 2012,
 * §3.3.
 */
#include "exp_log.h"

#define MOST_RING 1023
_Static_assert(MOST_RING * VL <= WORKSPACE_FLOATS, "the ring fits");

/* log x for x > 0 in the normal range; NaN and ∞ stay. Within 2 ulp, or 2⁻²⁴ beside 1. */
INLINE vf FN(log_of_positive)(vf x) {
  vi exponent = ((vi)x - 0x3f3504f3) >> 23; /* 0x3f3504f3: √½, so that √½ ≤ m < √2 */
  vf n = __builtin_convertvector(exponent, vf);
  vf rest = log1p_of_unit((vf)((vi)x - (exponent << 23)) - 1.0f); /* its series holds for −0.3 as for 0.42 */
  return choose(x < __builtin_inff(), n * 0.693145752f + (n * 1.42860677e-6f + rest), x);
}

/* x^−beta for x > 0. */
INLINE vf FN(inverse_power)(vf x, float beta) {
  if (beta == 0.75f) {
    vf root = square_root(x);
    return 1.0f / (root * square_root(root));
  }
  if (beta == 0.5f) return 1.0f / square_root(x);
  if (beta == 1.0f) return 1.0f / x;
  vf t = FN(log_of_positive)(x) * beta;
  vf e = exp_of_negative(-FN(magnitude)(t));
  return choose(t < 0.0f, 1.0f / e, e);
}

INLINE vf FN(load_planes)(const float *p, size_t n, float fill) {
  return n >= VL ? load(p) : FN(load_filled)(p, n, fill);
}

OP(void, f32_cross_map_normalize)
(size_t batch, size_t planes, size_t size, size_t window, float alpha, float beta, float k, in_f32 x, out_f32 scale,
 out_f32 y) {
  size_t half = window / 2;
  for (size_t i = 0; i < batch; i++, x += planes * size, scale += planes * size, y += planes * size) {
    for (size_t s = 0; s < size; s += VL) {
      size_t n = size - s;
      for (size_t c = 0; c < planes; c++) {
        size_t first = c < half ? 0 : c - half, last = c + half < planes ? c + half : planes - 1;
        vf sum = splat(0);
        for (size_t d = first; d <= last; d++) {
          vf v = FN(load_planes)(x + d * size + s, n, 0);
          sum += v * v;
        }
        vf base = k + alpha * sum, out = FN(load_planes)(x + c * size + s, n, 0) * FN(inverse_power)(base, beta);
        size_t at = c * size + s;
        if (n >= VL) store(scale + at, base), store(y + at, out);
        else store_some(scale + at, base, n), store_some(y + at, out, n);
      }
    }
  }
}

OP(void, f32_cross_map_normalize_grad)
(size_t batch, size_t planes, size_t size, size_t window, float alpha, float beta, in_f32 x, in_f32 scale, in_f32 y,
 in_f32 dy, out_f32 dx) {
  size_t half = window / 2, step = planes * size;
  float factor = 2 * alpha * beta, *ring = workspace;
  for (size_t i = 0; i < batch; i++, x += step, scale += step, y += step, dy += step, dx += step) {
    for (size_t s = 0; s < size; s += VL) {
      size_t n = size - s;
      /* Plane d enters the ring, plane d − half leaves; zeros stand for planes beyond both ends. */
      for (size_t r = 0; r < window; r++) store(ring + r * VL, splat(0));
      for (size_t d = 0, slot = 0; d < planes + half; d++, slot = slot + 1 == window ? 0 : slot + 1) {
        size_t at = d * size + s;
        vf ratio = splat(0);
        if (d < planes)
          ratio = FN(load_planes)(dy + at, n, 0) * FN(load_planes)(y + at, n, 0) / FN(load_planes)(scale + at, n, 1);
        store(ring + slot * VL, ratio);
        if (d < half) continue;
        at = (d - half) * size + s;
        vf sum = splat(0);
        for (size_t r = 0; r < window; r++) sum += load(ring + r * VL);
        vf power = FN(inverse_power)(FN(load_planes)(scale + at, n, 1), beta);
        vf out = FN(load_planes)(dy + at, n, 0) * power - factor * FN(load_planes)(x + at, n, 0) * sum;
        if (n >= VL) store(dx + at, out);
        else store_some(dx + at, out, n);
      }
    }
  }
}
