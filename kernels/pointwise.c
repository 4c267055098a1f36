/*
 * Functions of one number with their derivatives, and the gradient of softmax.
 *
 *   tanh      t = e^(−2|x|) − 1:  tanh |x| = −t/(2 + t), with the sign of x. t is within 1 ulp down to x = 0,
 *             and so tanh within 2.5 (measured on every 17th float from −20 to −1e-10).
 *   elu       alpha·(eˣ − 1) by expm1, for the same reason
 *   softPlus  as softplus of the cross-entropy: max(x, 0) + log1p(e^−|x|)
 *
 * Exponentials are of negative numbers only, so that nothing overflows. NaN goes through: comparisons with it are
 * false, and the branch that they then choose computes with x.
 */

/* Runs the last argument, an expression in v = x, for every vector of n numbers. */
#define MAP(...)                                                                                                       \
  for (; i + VL <= n; i += VL) {                                                                                       \
    vf v = load(x + i);                                                                                                \
    store(out + i, __VA_ARGS__);                                                                                       \
  }                                                                                                                    \
  if (i < n) {                                                                                                         \
    vf v = load_some(x + i, n - i);                                                                                    \
    store_some(out + i, __VA_ARGS__, n - i);                                                                           \
  }

INLINE vf FN(negative_part)(vf v) { return choose(v > 0.0f, splat(0.0f), v); }

INLINE vf FN(tanh)(vf v) {
  vf t = expm1_of_negative(-2.0f * FN(magnitude)(v));
  vf y = t / (t + 2.0f); /* negative or zero: its sign bit is set over */
  return (vf)(((vi)y & 0x7fffffff) | ((vi)v & (int32_t)0x80000000));
}

INLINE vf FN(soft_plus)(vf v) {
  vf sigmoid;
  return FN(softplus)(v, &sigmoid);
}

OP(void, f32_pointwise)(uint32_t f, size_t n, float alpha, float beta, in_f32 x, out_f32 out) {
  size_t i = 0;
  switch (f) {
    case POINTWISE_LEAKY_RELU: MAP(choose(v > 0.0f, v, alpha * v)) break;
    case POINTWISE_ELU: MAP(choose(v > 0.0f, v, alpha * expm1_of_negative(FN(negative_part)(v)))) break;
    case POINTWISE_TANH: MAP(FN(tanh)(v)) break;
    case POINTWISE_HARD_TANH: MAP(choose(v < alpha, splat(alpha), choose(v > beta, splat(beta), v))) break;
    case POINTWISE_SIGMOID: MAP(FN(sigmoid)(v)) break;
    case POINTWISE_LOG_SIGMOID: MAP(FN(log_sigmoid)(v)) break;
    default: MAP(FN(soft_plus)(alpha * v) / alpha) break;
  }
}

/* As MAP, with v = x, w = y, d = dy. */
#define MAP_GRAD(...)                                                                                                  \
  for (; i + VL <= n; i += VL) {                                                                                       \
    vf v = load(x + i), w = load(y + i), d = load(dy + i);                                                             \
    (void)v, (void)w;                                                                                                  \
    store(dx + i, __VA_ARGS__);                                                                                        \
  }                                                                                                                    \
  if (i < n) {                                                                                                         \
    vf v = load_some(x + i, n - i), w = load_some(y + i, n - i), d = load_some(dy + i, n - i);                         \
    (void)v, (void)w;                                                                                                  \
    store_some(dx + i, __VA_ARGS__, n - i);                                                                            \
  }

OP(void, f32_pointwise_grad)
(uint32_t f, size_t n, float alpha, float beta, in_f32 x, in_f32 y, in_f32 dy, out_f32 dx) {
  size_t i = 0;
  switch (f) {
    case POINTWISE_LEAKY_RELU: MAP_GRAD(choose(v > 0.0f, d, alpha * d)) break;
    case POINTWISE_ELU: MAP_GRAD(choose(v > 0.0f, d, d * alpha * exp_of_negative(FN(negative_part)(v)))) break;
    case POINTWISE_TANH: MAP_GRAD(d * (1.0f - w) * (1.0f + w)) break;
    case POINTWISE_HARD_TANH: MAP_GRAD((vf)((vi)d & (v > alpha) & (v < beta))) break;
    case POINTWISE_SIGMOID: MAP_GRAD(d * w * (1.0f - w)) break;
    case POINTWISE_LOG_SIGMOID: MAP_GRAD(d * FN(sigmoid)(-v)) break;
    default: MAP_GRAD(d * FN(sigmoid)(alpha * v)) break;
  }
}

#undef MAP
#undef MAP_GRAD

/* Σ of n numbers, f32 within blocks. */
INLINE double FN(sum_of)(size_t n, const float *x) {
  double total = 0;
  for (size_t start = 0; start < n; start += SUM_BLOCK) {
    size_t end = n - start < SUM_BLOCK ? n : start + SUM_BLOCK, i = start;
    vf sum = splat(0);
    for (; i + VL <= end; i += VL) sum += load(x + i);
    if (i < end) sum += load_some(x + i, end - i);
    total += sum_lanes(sum);
  }
  return total;
}

OP(void, f32_softmax_grad)(uint32_t kind, size_t rows, size_t cols, in_f32 y, in_f32 dy, out_f32 dx) {
  for (size_t r = 0; r < rows; r++, y += cols, dy += cols, dx += cols) {
    float sum = (float)(kind == ACTIVATE_SOFTMAX ? FN(f32_dot)(cols, y, dy) : FN(sum_of)(cols, dy));
    for (size_t j = 0; j < cols; j += VL) {
      size_t n = cols - j < VL ? cols - j : VL;
      vf w = n == VL ? load(y + j) : load_some(y + j, n), d = n == VL ? load(dy + j) : load_some(dy + j, n);
      vf g = kind == ACTIVATE_SOFTMAX ? w * (d - sum) : d - exp_of_negative(w) * sum;
      if (n == VL) store(dx + j, g);
      else store_some(dx + j, g, n);
    }
  }
}
