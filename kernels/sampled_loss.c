/*
 * The two losses on a sample of the columns, fused with their gradients. Row i has the logits x[i, 0 … cols) of the drawn
 * columns, which it shares with all rows, and in `rest` those of its own targets that were not drawn.
 *
 *   softmax  a logit that is no target of the row is raised by shift[j]; then as in cross_entropy.c
 *   sigmoid  the loss of such a logit counts weight[j] times
 *
 * Target e of a row is at column columns[e] if that is below cols, else it is the next of the row's rest. Logits of rest
 * are replaced by their gradients; grad may be x, so whatever needs logits of targets reads them before.
 */

OP(double, f32_sampled_softmax)
(size_t rows, size_t cols, in_f32 x, in_f32 shift, in_u32 offsets, in_u32 columns, in_f32 values, in_u32 rest_offsets,
 out_f32 rest, float grad_scale, out_f32 grad) {
  double loss = 0;
  for (size_t i = 0; i < rows; i++, x += cols, grad += cols) {
    size_t from = rest_offsets[i], end = rest_offsets[i + 1], j = 0, r = from;
    if (cols + (end - from) == 0) continue;
    for (; j + VL <= cols; j += VL) store(grad + j, load(x + j) + load(shift + j));
    for (; j < cols; j++) grad[j] = x[j] + shift[j];
    for (size_t e = offsets[i]; e < offsets[i + 1]; e++)
      if (columns[e] < cols) grad[columns[e]] -= shift[columns[e]];

    float maximum = FN(row_maximum)(cols, grad);
    for (r = from; r < end; r++) maximum = rest[r] > maximum ? rest[r] : maximum;
    double target_sum = 0, below_maximum = 0, sum = 0;
    r = from;
    for (size_t e = offsets[i]; e < offsets[i + 1]; e++) {
      float logit = columns[e] < cols ? grad[columns[e]] : r < end ? rest[r++] : 0;
      target_sum += values[e];
      below_maximum += values[e] * ((double)maximum - (double)logit);
    }
    for (r = from; r < end; r++) sum += rest[r] = exp_of_negative(splat(rest[r] - maximum))[0];
    sum += FN(sum_exp)(cols, grad, maximum, grad);
    loss += target_sum * log_f64(sum) + below_maximum;

    float factor = (float)(grad_scale * target_sum / sum);
    FN(scale_row)(cols, factor, grad);
    for (r = from; r < end; r++) rest[r] *= factor;
    r = from;
    for (size_t e = offsets[i]; e < offsets[i + 1]; e++) {
      if (columns[e] < cols) grad[columns[e]] -= grad_scale * values[e];
      else if (r < end) rest[r++] -= grad_scale * values[e];
    }
  }
  return loss;
}

/* Σ weight·softplus(x) over n numbers; grad ← scale·weight·sigmoid(x). */
INLINE double FN(weighted_softplus)(size_t n, const float *x, const float *weight, float scale, float *grad) {
  double loss = 0;
  for (size_t start = 0; start < n; start += SUM_BLOCK) {
    size_t end = n - start < SUM_BLOCK ? n : start + SUM_BLOCK, j = start;
    vf sum = splat(0), sigmoid;
    for (; j + VL <= end; j += VL) {
      sum += load(weight + j) * FN(softplus)(load(x + j), &sigmoid);
      store(grad + j, sigmoid * (load(weight + j) * scale));
    }
    if (j < end) {
      vf rest = load_some(weight + j, end - j) * FN(softplus)(load_some(x + j, end - j), &sigmoid);
      store_some(grad + j, sigmoid * (load_some(weight + j, end - j) * scale), end - j);
      for (size_t l = 0; l < end - j; l++) loss += rest[l];
    }
    loss += sum_lanes(sum);
  }
  return loss;
}

OP(double, f32_sampled_sigmoid)
(size_t rows, size_t cols, in_f32 x, in_f32 weight, in_u32 offsets, in_u32 columns, in_f32 values, in_u32 rest_offsets,
 out_f32 rest, float grad_scale, out_f32 grad) {
  double loss = 0;
  vf sigmoid;
  for (size_t i = 0; i < rows; i++, x += cols, grad += cols) {
    size_t r = rest_offsets[i], end = rest_offsets[i + 1];
    for (size_t e = offsets[i]; e < offsets[i + 1]; e++) {
      uint32_t j = columns[e];
      if (j < cols) {
        loss += (1.0 - (double)weight[j]) * (double)FN(softplus)(splat(x[j]), &sigmoid)[0] - (double)values[e] * x[j];
      } else if (r < end) {
        loss += (double)FN(softplus)(splat(rest[r]), &sigmoid)[0] - (double)values[e] * rest[r];
        rest[r++] = grad_scale * (sigmoid[0] - values[e]);
      }
    }
    loss += FN(weighted_softplus)(cols, x, weight, grad_scale, grad);
    for (size_t e = offsets[i]; e < offsets[i + 1]; e++)
      if (columns[e] < cols) grad[columns[e]] = grad[columns[e]] / weight[columns[e]] - grad_scale * values[e];
  }
  return loss;
}
