/*
 * softmax and sigmoid in place, as probabilities or as logarithms.
 *
 *   softmax      e^(x − max) / Σ        three passes over a row: maximum, exponentials and their sum, scaling
 *   logSoftmax   x − max − log Σ        the exponentials are not kept
 *   sigmoid      e = e^−|x|: 1/(1 + e) for x ≥ 0, e/(1 + e) below, so that nothing overflows
 *   logSigmoid   min(x, 0) − log1p(e^−|x|)
 *
 * Sums run in f32 over SUM_BLOCK numbers, then in f64, so that rows of any length keep the bound. A row with NaN, or
 * with +∞ or nothing but −∞ under softmax, becomes NaN.
 */

#define SUM_BLOCK 1024

/* The last vector of a row of n, as the other vectors see it: lanes beyond the row are `fill`. */
INLINE vf FN(load_filled)(const float *p, size_t n, float fill) {
  vf x = splat(fill);
  for (size_t i = 0; i < n; i++) x[i] = p[i];
  return x;
}

/* The greatest of n numbers; NaN are passed over. */
INLINE float FN(row_maximum)(size_t n, const float *x) {
  const float none = -__builtin_inff();
  vf top = splat(none), second = splat(none);
  size_t i = 0;
  for (; i + 2 * VL <= n; i += 2 * VL) {
    vf a = load(x + i), b = load(x + i + VL);
    top = choose(a > top, a, top);
    second = choose(b > second, b, second);
  }
  float lanes[2 * VL], maximum = none;
  store(lanes, top);
  store(lanes + VL, second);
  for (size_t j = 0; j < 2 * VL; j++) maximum = lanes[j] > maximum ? lanes[j] : maximum;
  for (; i < n; i++) maximum = x[i] > maximum ? x[i] : maximum;
  return maximum;
}

/* Σ e^(x − maximum); the terms go to `out` unless it is null. out may be x. */
INLINE double FN(sum_exp)(size_t n, const float *x, float maximum, float *out) {
  double total = 0;
  for (size_t start = 0; start < n; start += SUM_BLOCK) {
    size_t end = n - start < SUM_BLOCK ? n : start + SUM_BLOCK, i = start;
    vf sum = splat(0);
    for (; i + VL <= end; i += VL) {
      vf e = exp_of_negative(load(x + i) - maximum);
      if (out) store(out + i, e);
      sum += e;
    }
    if (i < end) {
      vf e = exp_of_negative(FN(load_filled)(x + i, end - i, -__builtin_inff()) - maximum);
      if (out) store_some(out + i, e, end - i);
      sum += e; /* e^−∞ = 0 in the lanes beyond the end */
    }
    total += sum_lanes(sum);
  }
  return total;
}

INLINE void FN(scale_row)(size_t n, float factor, float *x) {
  size_t i = 0;
  for (; i + VL <= n; i += VL) store(x + i, load(x + i) * factor);
  for (; i < n; i++) x[i] *= factor;
}

INLINE vf FN(magnitude)(vf x) { return (vf)((vi)x & 0x7fffffff); }

INLINE vf FN(sigmoid)(vf x) {
  vf e = exp_of_negative(-FN(magnitude)(x));
  return choose(x < 0.0f, e, splat(1.0f)) / (1.0f + e);
}

INLINE vf FN(log_sigmoid)(vf x) {
  vf e = exp_of_negative(-FN(magnitude)(x));
  return choose(x < 0.0f, x, splat(0.0f)) - log1p_of_unit(e);
}

OP(void, f32_activate)(uint32_t kind, size_t rows, size_t cols, out_f32 x) {
  if (kind == ACTIVATE_SIGMOID || kind == ACTIVATE_LOG_SIGMOID) {
    size_t n = rows * cols, i = 0;
    for (; i + VL <= n; i += VL)
      store(x + i, kind == ACTIVATE_SIGMOID ? FN(sigmoid)(load(x + i)) : FN(log_sigmoid)(load(x + i)));
    vf rest = load_some(x + i, n - i);
    if (i < n) store_some(x + i, kind == ACTIVATE_SIGMOID ? FN(sigmoid)(rest) : FN(log_sigmoid)(rest), n - i);
    return;
  }
  for (size_t r = 0; r < rows; r++, x += cols) {
    float maximum = FN(row_maximum)(cols, x);
    if (kind == ACTIVATE_SOFTMAX) {
      double sum = FN(sum_exp)(cols, x, maximum, x);
      FN(scale_row)(cols, (float)(1 / sum), x);
    } else {
      float log_sum = (float)log_f64(FN(sum_exp)(cols, x, maximum, NULL));
      size_t i = 0;
      for (; i + VL <= cols; i += VL) store(x + i, load(x + i) - maximum - log_sum);
      for (; i < cols; i++) x[i] = x[i] - maximum - log_sum;
    }
  }
}
