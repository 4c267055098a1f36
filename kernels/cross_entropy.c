/*
 * The two losses, fused with their gradients: one row at a time, so that a row of logits stays in the cache.
 *
 *   softmax:  loss = Σⱼ tⱼ·(log Σ − (xⱼ − max)) over the targets;  grad = s·(T·e^(x − max)/Σ − t),  T = Σⱼ tⱼ
 *   sigmoid:  loss = Σⱼ softplus(xⱼ) − tⱼ·xⱼ;                      grad = s·(sigmoid(x) − t)
 *
 * The dense part of the gradient is written for all columns first, then the few targets are subtracted. grad may be x,
 * so whatever needs logits of targets reads them before. Losses are summed in f64.
 */

OP(double, f32_softmax_cross_entropy)
(size_t rows, size_t cols, in_f32 x, in_u32 offsets, in_u32 columns, in_f32 values, float grad_scale, out_f32 grad) {
  double loss = 0;
  for (size_t i = 0; i < rows; i++, x += cols, grad += cols) {
    float maximum = FN(row_maximum)(cols, x);
    double target_sum = 0, below_maximum = 0;
    for (size_t e = offsets[i]; e < offsets[i + 1]; e++) {
      target_sum += values[e];
      below_maximum += values[e] * ((double)maximum - (double)x[columns[e]]);
    }
    double sum = FN(sum_exp)(cols, x, maximum, grad);
    loss += target_sum * log_f64(sum) + below_maximum;
    FN(scale_row)(cols, (float)(grad_scale * target_sum / sum), grad);
    for (size_t e = offsets[i]; e < offsets[i + 1]; e++) grad[columns[e]] -= grad_scale * values[e];
  }
  return loss;
}

/* softplus(x) = max(x, 0) + log1p(e^−|x|); its exponential also makes the sigmoid. */
INLINE vf FN(softplus)(vf x, vf *sigmoid) {
  vf e = exp_of_negative(-FN(magnitude)(x));
  *sigmoid = choose(x < 0.0f, e, splat(1.0f)) / (1.0f + e);
  return choose(x < 0.0f, splat(0.0f), x) + log1p_of_unit(e);
}

OP(double, f32_sigmoid_cross_entropy)
(size_t rows, size_t cols, in_f32 x, in_u32 offsets, in_u32 columns, in_f32 values, float grad_scale, out_f32 grad) {
  double loss = 0;
  for (size_t i = 0; i < rows; i++, x += cols, grad += cols) {
    for (size_t e = offsets[i]; e < offsets[i + 1]; e++) loss -= (double)values[e] * x[columns[e]];
    for (size_t start = 0; start < cols; start += SUM_BLOCK) {
      size_t end = cols - start < SUM_BLOCK ? cols : start + SUM_BLOCK, j = start;
      vf sum = splat(0), sigmoid;
      for (; j + VL <= end; j += VL) {
        sum += FN(softplus)(load(x + j), &sigmoid);
        store(grad + j, sigmoid * grad_scale);
      }
      if (j < end) {
        vf rest = FN(softplus)(load_some(x + j, end - j), &sigmoid);
        store_some(grad + j, sigmoid * grad_scale, end - j);
        for (size_t l = 0; l < end - j; l++) loss += rest[l];
      }
      loss += sum_lanes(sum);
    }
    for (size_t e = offsets[i]; e < offsets[i + 1]; e++) grad[columns[e]] -= grad_scale * values[e];
  }
  return loss;
}

/*
 * The softmax loss of a row whose columns are in parts, one a thread. Parts start at multiples of SUM_BLOCK, and sums of
 * blocks travel, not of parts: so the parts together give the bits that f32_softmax_cross_entropy gives.
 */
OP(void, f32_row_maxima)(size_t rows, size_t cols, in_f32 x, out_f32 maxima) {
  for (size_t i = 0; i < rows; i++) maxima[i] = FN(row_maximum)(cols, x + i * cols);
}

OP(void, f32_exp_sums)(size_t rows, size_t cols, in_f32 x, in_f32 maxima, out_f32 exps, out_f32 sums) {
  for (size_t i = 0; i < rows; i++, x += cols, exps += cols)
    for (size_t j = 0; j < cols; j += SUM_BLOCK)
      *sums++ = (float)FN(sum_exp)(cols - j < SUM_BLOCK ? cols - j : SUM_BLOCK, x + j, maxima[i], exps + j);
}

/* What holds for the row as a whole is counted by the part that starts at column 0. */
OP(double, f32_softmax_part)
(size_t rows, size_t cols, size_t first, size_t num_sums, in_f32 x, in_f32 maxima, in_f32 sums, in_u32 offsets,
 in_u32 columns, in_f32 values, float grad_scale, out_f32 grad) {
  double loss = 0;
  for (size_t i = 0; i < rows; i++, x += cols, grad += cols, sums += num_sums) {
    double target_sum = 0, below_maximum = 0, sum = 0;
    for (size_t e = offsets[i]; e < offsets[i + 1]; e++) {
      target_sum += values[e];
      size_t j = columns[e] - first;
      if (j < cols) below_maximum += values[e] * ((double)maxima[i] - (double)x[j]);
    }
    for (size_t b = 0; b < num_sums; b++) sum += sums[b];
    loss += (first == 0 ? target_sum * log_f64(sum) : 0) + below_maximum;
    FN(scale_row)(cols, (float)(grad_scale * target_sum / sum), grad);
    for (size_t e = offsets[i]; e < offsets[i + 1]; e++)
      if (columns[e] - first < cols) grad[columns[e] - first] -= grad_scale * values[e];
  }
  return loss;
}
