/*
 * Which bucket of a world does a label fall into, and which buckets are a batch's targets?
 *
 *   h(i) = ((a·i + c) mod p) mod B,  a ∈ [1, p), c ∈ [0, p), p prime < 2³²
 *
 * (2³² − 1)² + 2³² − 1 < 2⁶⁴, so the sum fits unsigned 64-bit integers exactly.
 * Source: Carter and Wegman, "Universal Classes of Hash Functions", JCSS 18(2), 1979.
 * Not here: hashing all labels in turn, where products give way to sums (top_labels.c).
 */

INLINE uint32_t FN(bucket)(uint32_t a, uint32_t c, uint32_t p, uint32_t num_buckets, uint32_t label) {
  return (uint32_t)(((uint64_t)a * label + c) % p) % num_buckets;
}

OP(void, u32_hash_labels)
(uint32_t a, uint32_t c, uint32_t p, uint32_t num_buckets, size_t count, in_u32 labels, out_u32 out) {
  for (size_t i = 0; i < count; i++) out[i] = FN(bucket)(a, c, p, num_buckets, labels[i]);
}

/* Ascending; insertion for short rows, a heap for long ones. */
static void FN(sort_u32)(uint32_t *x, size_t n) {
  if (n <= 48) {
    for (size_t i = 1; i < n; i++) {
      uint32_t value = x[i];
      size_t j = i;
      for (; j > 0 && x[j - 1] > value; j--) x[j] = x[j - 1];
      x[j] = value;
    }
    return;
  }
  for (size_t start = n / 2, end = n; end > 1;) {
    uint32_t value;
    if (start > 0) {
      value = x[--start];
    } else {
      value = x[--end];
      x[end] = x[0];
    }
    size_t i = start;
    for (size_t child = 2 * i + 1; child < end; child = 2 * i + 1) {
      if (child + 1 < end && x[child + 1] > x[child]) child++;
      if (x[child] <= value) break;
      x[i] = x[child];
      i = child;
    }
    x[i] = value;
  }
}

OP(uint32_t, u32_hash_targets)
(uint32_t a, uint32_t c, uint32_t p, uint32_t num_buckets, size_t rows, in_u32 label_offsets, in_u32 label_ids,
 uint32_t binary, out_u32 out_offsets, out_u32 out_columns, out_f32 out_values) {
  uint32_t filled = 0;
  out_offsets[0] = 0;
  for (size_t i = 0; i < rows; i++) {
    uint32_t *row = out_columns + filled;
    size_t n = label_offsets[i + 1] - label_offsets[i], distinct = 0;
    const uint32_t *labels = label_ids + label_offsets[i];
    for (size_t j = 0; j < n; j++) row[j] = FN(bucket)(a, c, p, num_buckets, labels[j]);
    FN(sort_u32)(row, n);
    for (size_t j = 0; j < n; j++)
      if (j == 0 || row[j] != row[distinct - 1]) row[distinct++] = row[j];
    float value = binary ? 1.0f : 1.0f / (float)distinct;
    for (size_t j = 0; j < distinct; j++) out_values[filled + j] = value;
    filled += (uint32_t)distinct;
    out_offsets[i + 1] = filled;
  }
  return filled;
}
