/*
 * Softmax in two levels: rows of unequal length for training, scores of all labels, and the best labels without them.
 *
 *   score of a label = score of its cluster + log softmax within the cluster, which is ≤ 0, also as rounded:
 *   so no label of a cluster beats the cluster's score, and the search may stop at the first that is too low.
 *
 * Clusters are contiguous in x and in the weights; `order` says which label stands where.
 */

OP(double, f32_ragged_softmax_cross_entropy)
(size_t rows, in_u32 offsets, in_f32 x, in_u32 target_offsets, in_u32 target_columns, in_f32 target_values,
 float grad_scale, out_f32 grad) {
  double loss = 0;
  for (size_t i = 0; i < rows; i++) {
    size_t from = offsets[i];
    loss += FN(f32_softmax_cross_entropy)(1, offsets[i + 1] - from, x + from, target_offsets + i, target_columns,
                                          target_values, grad_scale, grad + from);
  }
  return loss;
}

/* The maximum of n numbers and log Σ e^(x − maximum) ≥ 0. */
INLINE float FN(log_sum_exp)(size_t n, const float *x, float *maximum) {
  *maximum = FN(row_maximum)(n, x);
  return (float)log_f64(FN(sum_exp)(n, x, *maximum, NULL));
}

OP(void, f32_grouped_log_softmax)
(size_t rows, size_t cols, size_t groups, in_u32 offsets, in_f32 scores, in_u32 order, in_f32 x, out_f32 out) {
  for (size_t i = 0; i < rows; i++, x += cols, out += cols, scores += groups) {
    for (size_t g = 0; g < groups; g++) {
      size_t from = offsets[g], to = offsets[g + 1];
      float maximum, log_sum = FN(log_sum_exp)(to - from, x + from, &maximum);
      for (size_t p = from; p < to; p++) out[order[p]] = scores[g] + (x[p] - maximum - log_sum);
    }
  }
}

/* scratch ← the logits of rows [from, to) of w for x. */
INLINE void FN(cluster_logits)(size_t from, size_t to, size_t cols, const float *x, const float *w, const float *bias,
                               float *scratch) {
  const float *rows[DOTS_ABREAST];
  size_t p = from;
  for (; p + DOTS_ABREAST <= to; p += DOTS_ABREAST) {
    UNROLL for (size_t i = 0; i < DOTS_ABREAST; i++) rows[i] = w + (p + i) * cols;
    FN(dots_abreast)(DOTS_ABREAST, cols, x, rows, scratch + (p - from));
  }
  for (; p < to; p++) {
    rows[0] = w + p * cols;
    FN(dots_abreast)(1, cols, x, rows, scratch + (p - from));
  }
  for (p = from; p < to; p++) scratch[p - from] += bias[p];
}

/* dims: rows, cols, clusters, k. Clusters that were searched are marked by a score of −∞. */
OP(void, f32_cluster_top_labels)
(in_u32 dims, in_f32 x, out_f32 cluster_scores, in_u32 offsets, in_u32 order, in_f32 w, in_f32 bias, out_f32 scratch,
 out_u32 out_labels, out_f32 out_scores, out_u32 out_counts) {
  const float none = -__builtin_inff();
  size_t rows = dims[0], cols = dims[1], clusters = dims[2], k = dims[3];
  for (size_t i = 0; i < rows; i++, x += cols, cluster_scores += clusters) {
    Heap heap = {out_labels + i * k, out_scores + i * k, k, 0};
    while (k > 0) {
      float best = FN(row_maximum)(clusters, cluster_scores), maximum;
      if (best == none || (heap.count == k && best < heap.scores[0])) break;
      size_t c = 0;
      while (cluster_scores[c] != best) c++;
      cluster_scores[c] = none;
      size_t from = offsets[c], to = offsets[c + 1];
      FN(cluster_logits)(from, to, cols, x, w, bias, scratch);
      float log_sum = FN(log_sum_exp)(to - from, scratch, &maximum);
      for (size_t p = from; p < to; p++)
        FN(offer_any)(&heap, best + (scratch[p - from] - maximum - log_sum), order[p]);
    }
    FN(sort_heap)(&heap);
    out_counts[i] = heap.count;
  }
}
