/*
 * Losses of dense predictions, fused with their gradients: one pass reads prediction and target and writes the gradient.
 *
 *   element_loss     a term for each number:   squared (x − t)² · absolute |x − t| · smooth L1 (delta: its width)
 *                    binary −t·ln p − (1 − t)·ln(1 − p) (delta: p's distance from 0 and 1) · divergence t·(ln t − x)
 *                    hinge max(0, delta − t·x)
 *   class_nll        −w[c]·x[i, c] of each row's class c
 *   multi_margin     max(0, margin − x[i, c] + x[i, j])ᵖ over the other columns j
 *   cosine_embedding 1 − cos(a[i], b[i]) or max(0, cos − margin)
 *
 * Sums run in f32 over SUM_BLOCK numbers, then in f64. At a kink the gradient is 0. NaN goes through: whatever is cut
 * off is cut by a comparison that is false for NaN.
 */

/* One vector of terms; `kind` is a constant where this is inlined. */
INLINE vf FN(element_term)(uint32_t kind, float delta, vf x, vf t, vf *grad) {
  vf zero = splat(0), d = x - t;
  switch (kind) {
  case LOSS_SQUARED:
    *grad = d + d;
    return d * d;
  case LOSS_ABSOLUTE:
    *grad = choose(d > 0.0f, splat(1), choose(d < 0.0f, splat(-1), d)); /* d: 0 or NaN */
    return FN(magnitude)(d);
  case LOSS_SMOOTH_L1: {
    vf size = FN(magnitude)(d), ratio = d / delta;
    *grad = choose(ratio > 1.0f, splat(1), choose(ratio < -1.0f, splat(-1), ratio));
    return choose(size < delta, 0.5f * ratio * d, size - 0.5f * delta);
  }
  case LOSS_BINARY: {
    vf p = choose(x < delta, splat(delta), choose(x > 1 - delta, splat(1 - delta), x)), rest = 1.0f - p;
    *grad = (p - t) / (p * rest);
    return -(t * log_of(p) + (1.0f - t) * log_of(rest));
  }
  case LOSS_DIVERGENCE:
    *grad = -t;
    return choose(t == 0.0f, choose(x == x, zero, x), t * (log_of(t) - x));
  default: {
    vf short_of = delta - t * x;
    *grad = choose(short_of <= 0.0f, zero, choose(short_of > 0.0f, -t, short_of)); /* short_of: NaN */
    return choose(short_of < 0.0f, zero, short_of);
  }
  }
}

INLINE double FN(element_row)(uint32_t kind, size_t n, float delta, const float *x, const float *t, const float *weights,
                              float scale, float *grad) {
  double total = 0;
  for (size_t start = 0; start < n; start += SUM_BLOCK) {
    size_t end = n - start < SUM_BLOCK ? n : start + SUM_BLOCK, j = start;
    vf sum = splat(0), slope;
    for (; j + VL <= end; j += VL) {
      vf term = FN(element_term)(kind, delta, load(x + j), load(t + j), &slope), w = splat(1);
      if (weights) w = load(weights + j);
      sum += w * term;
      store(grad + j, slope * (w * scale));
    }
    if (j < end) {
      size_t rest = end - j;
      vf term = FN(element_term)(kind, delta, load_some(x + j, rest), load_some(t + j, rest), &slope), w = splat(1);
      if (weights) w = load_some(weights + j, rest);
      term *= w;
      store_some(grad + j, slope * (w * scale), rest);
      for (size_t l = 0; l < rest; l++) total += term[l];
    }
    total += sum_lanes(sum);
  }
  return total;
}

#define ELEMENT_CASE(KIND)                                                                                             \
  case KIND:                                                                                                           \
    for (size_t i = 0; i < rows; i++)                                                                                  \
      loss += FN(element_row)(KIND, cols, delta, x + i * cols, target + i * cols, weights, grad_scale, grad + i * cols);\
    break;

/* weights null: ones, and the matrix is one long row. */
OP(double, f32_element_loss)
(uint32_t kind, size_t rows, size_t cols, float delta, in_f32 x, in_f32 target, in_f32 weights, float grad_scale,
 out_f32 grad) {
  double loss = 0;
  if (!weights) cols *= rows, rows = 1;
  switch (kind) {
    ELEMENT_CASE(LOSS_SQUARED)
    ELEMENT_CASE(LOSS_ABSOLUTE)
    ELEMENT_CASE(LOSS_SMOOTH_L1)
    ELEMENT_CASE(LOSS_BINARY)
    ELEMENT_CASE(LOSS_DIVERGENCE)
    ELEMENT_CASE(LOSS_HINGE)
  }
  return loss;
}

OP(double, f32_class_nll)(size_t rows, size_t cols, in_f32 x, in_u32 classes, in_f32 weights, out_f32 grad) {
  double total = weights ? 0 : (double)rows, loss = 0;
  if (weights)
    for (size_t i = 0; i < rows; i++) total += weights[classes[i]];
  if (rows > 0) __builtin_memset(grad, 0, rows * cols * sizeof *grad); /* an array of none may be null */
  if (total == 0) return 0;
  for (size_t i = 0; i < rows; i++) {
    size_t at = i * cols + classes[i];
    double weight = weights ? weights[classes[i]] : 1;
    loss -= weight * x[at];
    grad[at] = (float)(-weight / total);
  }
  return loss / total;
}

/* max(0, over)ᵖ; its derivative, times `scale`, to *slope. */
INLINE vf FN(violation)(uint32_t squared, vf over, float scale, vf *slope) {
  vf part = choose(over < 0.0f, splat(0), over);
  *slope = scale * (squared ? part + part : choose(over > 0.0f, splat(1), part)); /* part: 0 or NaN */
  return squared ? part * part : part;
}

/* Σ max(0, base + x[j])ᵖ over n columns, their gradients times `scale`, and the sum of those to *sum_grad. */
INLINE double FN(margin_part)(size_t n, uint32_t squared, float base, const float *x, float scale, float *grad,
                              double *sum_grad) {
  double total = 0;
  for (size_t start = 0; start < n; start += SUM_BLOCK) {
    size_t end = n - start < SUM_BLOCK ? n : start + SUM_BLOCK, j = start;
    vf sum = splat(0), sum_slope = splat(0), slope;
    for (; j + VL <= end; j += VL) {
      sum += FN(violation)(squared, base + load(x + j), scale, &slope);
      sum_slope += slope;
      store(grad + j, slope);
    }
    if (j < end) {
      vf part = FN(violation)(squared, base + load_some(x + j, end - j), scale, &slope);
      store_some(grad + j, slope, end - j);
      for (size_t l = 0; l < end - j; l++) total += part[l], *sum_grad += slope[l];
    }
    total += sum_lanes(sum);
    *sum_grad += sum_lanes(sum_slope);
  }
  return total;
}

OP(double, f32_multi_margin)
(size_t rows, size_t cols, uint32_t squared, float margin, in_f32 x, in_u32 classes, in_f32 weights, float grad_scale,
 out_f32 grad) {
  double loss = 0;
  for (size_t i = 0; i < rows; i++, x += cols, grad += cols) {
    size_t c = classes[i];
    double weight = (weights ? weights[c] : 1) / (double)cols, sum_grad = 0;
    float base = margin - x[c], scale = (float)(grad_scale * weight);
    double part = FN(margin_part)(c, squared, base, x, scale, grad, &sum_grad);
    part += FN(margin_part)(cols - c - 1, squared, base, x + c + 1, scale, grad + c + 1, &sum_grad);
    grad[c] = (float)-sum_grad;
    loss += weight * part;
  }
  return loss;
}

/* out ← p·u + q·v */
INLINE void FN(combine)(size_t n, float p, const float *u, float q, const float *v, float *out) {
  size_t j = 0;
  for (; j + VL <= n; j += VL) store(out + j, p * load(u + j) + q * load(v + j));
  if (j < n) store_some(out + j, p * load_some(u + j, n - j) + q * load_some(v + j, n - j), n - j);
}

/* ∂cos/∂a = b/(|a||b|) − cos·a/|a|², and likewise for b. A row of zeros has no direction: cosine 0, gradient 0.
 * Squares beyond f32 are ∞ and give NaN: 1/∞ would make it a right angle, and hide that a model diverges. */
OP(double, f32_cosine_embedding)
(size_t rows, size_t cols, float margin, in_f32 a, in_f32 b, in_f32 labels, float grad_scale, out_f32 grad_a,
 out_f32 grad_b) {
  double loss = 0;
  for (size_t i = 0; i < rows; i++, a += cols, b += cols, grad_a += cols, grad_b += cols) {
    double ab = 0, aa = 0, bb = 0;
    for (size_t j = 0; j < cols; j += SUM_BLOCK) {
      size_t n = cols - j < SUM_BLOCK ? cols - j : SUM_BLOCK;
      ab += FN(dot_f32)(n, a + j, b + j);
      aa += FN(dot_f32)(n, a + j, a + j);
      bb += FN(dot_f32)(n, b + j, b + j);
    }
    double cosine = 0, across = 0, along_a = 0, along_b = 0;
    if (aa * bb != 0) {
      across = aa * bb < __builtin_inf() ? 1 / __builtin_sqrt(aa * bb) : __builtin_nan("");
      cosine = ab * across;
      along_a = -cosine / aa;
      along_b = -cosine / bb;
    }
    double over = cosine - margin, slope = labels[i] > 0 ? -grad_scale : over <= 0 ? 0 : grad_scale;
    loss += labels[i] > 0 ? 1 - cosine : over < 0 ? 0 : over;
    FN(combine)(cols, (float)(slope * across), b, (float)(slope * along_a), a, grad_a);
    FN(combine)(cols, (float)(slope * across), a, (float)(slope * along_b), b, grad_b);
  }
  return loss;
}
