/*
 * Element by element and row by row on dense matrices: bias, ReLU, column sums, axpby.
 *
 * All are bound by memory; each reads and writes once. NaN stays NaN through ReLU: NaN < 0 is false, and only what is
 * less than 0 is replaced, so that divergence is seen.
 */

INLINE vf FN(positive_part)(vf x) { return (vf)((vi)x & ~(x < 0.0f)); }

OP(void, f32_add_bias)(size_t rows, size_t cols, in_f32 bias, out_f32 x) {
  for (size_t i = 0; i < rows; i++, x += cols) {
    size_t j = 0;
    for (; j + VL <= cols; j += VL) store(x + j, load(x + j) + load(bias + j));
    for (; j < cols; j++) x[j] += bias[j];
  }
}

OP(void, f32_add_bias_relu)(size_t rows, size_t cols, in_f32 bias, out_f32 x) {
  for (size_t i = 0; i < rows; i++, x += cols) {
    size_t j = 0;
    for (; j + VL <= cols; j += VL) store(x + j, FN(positive_part)(load(x + j) + load(bias + j)));
    for (; j < cols; j++) {
      float s = x[j] + bias[j];
      x[j] = s < 0 ? 0 : s;
    }
  }
}

/* Strips of 4·VL columns stay in registers while the rows go by. */
OP(void, f32_sum_rows)(size_t rows, size_t cols, in_f32 x, out_f32 out, uint32_t accumulate) {
  size_t j = 0;
  for (; j + 4 * VL <= cols; j += 4 * VL) {
    vf sum[4];
    for (size_t v = 0; v < 4; v++) sum[v] = accumulate ? load(out + j + v * VL) : splat(0);
    for (size_t i = 0; i < rows; i++)
      for (size_t v = 0; v < 4; v++) sum[v] += load(x + i * cols + j + v * VL);
    for (size_t v = 0; v < 4; v++) store(out + j + v * VL, sum[v]);
  }
  for (; j < cols; j += VL) {
    size_t n = cols - j < VL ? cols - j : VL;
    vf sum = accumulate ? load_some(out + j, n) : splat(0);
    for (size_t i = 0; i < rows; i++) sum += load_some(x + i * cols + j, n);
    store_some(out + j, sum, n);
  }
}

OP(void, f32_relu)(size_t n, in_f32 x, out_f32 out) {
  size_t i = 0;
  for (; i + VL <= n; i += VL) store(out + i, FN(positive_part)(load(x + i)));
  for (; i < n; i++) out[i] = x[i] < 0 ? 0 : x[i];
}

OP(void, f32_relu_grad)(size_t n, in_f32 y, in_f32 dy, out_f32 dx) {
  size_t i = 0;
  for (; i + VL <= n; i += VL) store(dx + i, (vf)((vi)load(dy + i) & (load(y + i) > 0.0f)));
  for (; i < n; i++) dx[i] = y[i] > 0 ? dy[i] : 0;
}

/* beta = 0 does not read y: it may hold NaN. */
OP(void, f32_axpby)(size_t n, float alpha, in_f32 x, float beta, out_f32 y) {
  size_t i = 0;
  if (beta == 0) {
    for (; i + VL <= n; i += VL) store(y + i, alpha * load(x + i));
    for (; i < n; i++) y[i] = alpha * x[i];
  } else {
    for (; i + VL <= n; i += VL) store(y + i, alpha * load(x + i) + beta * load(y + i));
    for (; i < n; i++) y[i] = alpha * x[i] + beta * y[i];
  }
}
