/*
 * Chosen elements of a product x·wᵀ, and what trees of logistic nodes need around them: the loss of each element and the
 * paths of a batch's labels.
 *
 *   out[e] = x[row of e] · w[columns[e]]        a row of x stays in the L1 cache while its entries go by, DOTS_ABREAST
 *                                               at a time; rows of w are met in no order and fetched AHEAD of their use
 */

#define DOTS_ABREAST 4

/* out[i] = x·rows[i] for i < count, n numbers each. */
INLINE void FN(dots_abreast)(const size_t count, size_t n, const float *x, const float *const *rows, float *out) {
  vf sum[DOTS_ABREAST];
  UNROLL for (size_t i = 0; i < count; i++) sum[i] = splat(0);
  size_t j = 0;
  for (; j + VL <= n; j += VL) {
    vf a = load(x + j);
    UNROLL for (size_t i = 0; i < count; i++) sum[i] += a * load(rows[i] + j);
  }
  if (j < n) {
    vf a = load_some(x + j, n - j);
    UNROLL for (size_t i = 0; i < count; i++) sum[i] += a * load_some(rows[i] + j, n - j);
  }
  UNROLL for (size_t i = 0; i < count; i++) out[i] = sum_lanes(sum[i]);
}

/* Entries [e, e + count) of a row; entries up to `end` may be fetched. */
INLINE void FN(csr_dots_from)(const size_t count, size_t cols, size_t e, size_t end, const uint32_t *columns,
                              const float *x, const float *w, const float *bias, float *out) {
  const float *rows[DOTS_ABREAST];
  UNROLL for (size_t i = 0; i < count; i++) {
    rows[i] = w + (size_t)columns[e + i] * cols;
    const float *soon = w + (size_t)columns[e + i + AHEAD < end ? e + i + AHEAD : e] * cols;
    for (size_t j = 0; j < cols; j += 16) PREFETCH(soon + j, 0);
    touch_row(soon, cols);
  }
  float dots[DOTS_ABREAST];
  FN(dots_abreast)(count, cols, x, rows, dots);
  UNROLL for (size_t i = 0; i < count; i++) out[e + i] = bias ? dots[i] + bias[columns[e + i]] : dots[i];
}

/* bias NULL: none. */
OP(void, csr_dots)
(size_t rows, size_t cols, in_u32 offsets, in_u32 columns, in_f32 x, in_f32 w, in_f32 bias, out_f32 out) {
  size_t end = offsets[rows];
  for (size_t i = 0; i < rows; i++, x += cols) {
    size_t e = offsets[i], to = offsets[i + 1];
    for (; e + DOTS_ABREAST <= to; e += DOTS_ABREAST)
      FN(csr_dots_from)(DOTS_ABREAST, cols, e, end, columns, x, w, bias, out);
    for (; e < to; e++) FN(csr_dots_from)(1, cols, e, end, columns, x, w, bias, out);
  }
}

/* weights·(softplus(x) − codes·x); its gradient, scaled, goes to *grad. */
INLINE vf FN(logistic_loss)(vf x, vf code, vf weight, float grad_scale, vf *grad) {
  vf sigmoid, softplus = FN(softplus)(x, &sigmoid);
  *grad = weight * grad_scale * (sigmoid - code);
  return weight * (softplus - code * x);
}

OP(double, f32_logistic_cross_entropy)(size_t n, in_f32 x, in_f32 codes, in_f32 weights, float grad_scale, out_f32 grad) {
  double loss = 0;
  for (size_t start = 0; start < n; start += SUM_BLOCK) {
    size_t end = n - start < SUM_BLOCK ? n : start + SUM_BLOCK, j = start;
    vf sum = splat(0), g;
    for (; j + VL <= end; j += VL) {
      sum += FN(logistic_loss)(load(x + j), load(codes + j), load(weights + j), grad_scale, &g);
      store(grad + j, g);
    }
    if (j < end) {
      size_t rest = end - j; /* the other lanes have weight 0 */
      sum += FN(logistic_loss)(load_some(x + j, rest), load_some(codes + j, rest), load_some(weights + j, rest),
                               grad_scale, &g);
      store_some(grad + j, g, rest);
    }
    loss += sum_lanes(sum);
  }
  return loss;
}

OP(uint32_t, csr_gather_paths)
(size_t rows, in_u32 offsets, in_u32 columns, in_f32 values, in_u32 path_offsets, in_u32 path_nodes, in_f32 path_codes,
 out_u32 out_offsets, out_u32 out_nodes, out_f32 out_values, out_f32 out_codes) {
  uint32_t filled = 0;
  out_offsets[0] = 0;
  for (size_t i = 0; i < rows; i++) {
    for (size_t e = offsets[i]; e < offsets[i + 1]; e++) {
      for (size_t s = path_offsets[columns[e]]; s < path_offsets[columns[e] + 1]; s++, filled++) {
        out_nodes[filled] = path_nodes[s];
        out_codes[filled] = path_codes[s];
        out_values[filled] = values[e];
      }
    }
    out_offsets[i + 1] = filled;
  }
  return filled;
}
