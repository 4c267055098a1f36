/*
 * The k greatest of each row: one pass, 16 numbers against the k-th best so far; only what exceeds it meets the heap.
 */

OP(void, f32_top_columns)
(size_t rows, size_t cols, size_t k, in_f32 x, out_u32 out_columns, out_f32 out_scores, out_u32 out_counts) {
  for (size_t i = 0; i < rows; i++, x += cols) {
    Heap heap = {out_columns + i * k, out_scores + i * k, k, 0};
    float worst = -__builtin_inff();
    size_t j = 0;
    for (; k > 0 && j + 16 <= cols; j += 16) {
      for (uint32_t hits = greater16(load16(x + j), worst - (f16){0}); hits != 0; hits &= hits - 1) {
        size_t at = j + (size_t)__builtin_ctz(hits);
        if (x[at] > worst) worst = FN(offer)(&heap, x[at], (uint32_t)at);
      }
    }
    for (; k > 0 && j < cols; j++)
      if (x[j] > worst) worst = FN(offer)(&heap, x[j], (uint32_t)j);
    FN(sort_heap)(&heap);
    out_counts[i] = heap.count;
  }
}

/* As offer, for labels that come in no order: a newcomer with the worst's score is taken for a smaller label. */
INLINE void FN(offer_any)(Heap *heap, float score, uint32_t label) {
  if (!(score > -__builtin_inff())) return;
  if (heap->count < heap->k) FN(offer)(heap, score, label);
  else if (!FN(worse)(score, label, heap, 0)) FN(sift_down)(heap, 0, heap->k, score, label);
}
