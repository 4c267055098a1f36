/*
 * Which output columns does a sampled step compute? The batch's positives and some random others.
 *
 *   out: │ union of the target columns, ascending │ distinct others, in the order drawn │
 *
 * Draw t is floor(counterHash(seed, t)·B / 2³²); what is already in `out` is rejected. When all B columns are wanted,
 * nothing is drawn and the others follow in ascending order. Target columns are rewritten to positions in `out`.
 * scratch [B]: position + 1 of the columns chosen so far; all zero before and after.
 */

/* The union of the target columns goes to `out`; targets become positions there. Returns how many they are. */
INLINE uint32_t FN(choose_positives)(size_t from, size_t end, uint32_t *columns, size_t num_columns, uint32_t *scratch,
                                     uint32_t *out) {
  uint32_t chosen = 0;
  for (size_t e = from; e < end; e++) scratch[columns[e]] = 1;
  for (size_t j = 0; j < num_columns; j++) {
    if (!scratch[j]) continue;
    out[chosen++] = (uint32_t)j;
    scratch[j] = chosen;
  }
  for (size_t e = from; e < end; e++) columns[e] = scratch[columns[e]] - 1;
  return chosen;
}

/* Returns the number of positives; the caller knows how many columns are chosen: min(B, positives + num_negatives). */
OP(uint32_t, u32_sample_columns)
(size_t rows, in_u32 offsets, out_u32 columns, size_t num_columns, size_t num_negatives, uint32_t seed, out_u32 scratch,
 out_u32 out) {
  uint32_t positives = FN(choose_positives)(offsets[0], offsets[rows], columns, num_columns, scratch, out);
  uint32_t chosen = positives;
  if (num_negatives >= num_columns - positives) {
    for (size_t j = 0; j < num_columns; j++)
      if (!scratch[j]) out[chosen++] = (uint32_t)j;
  } else {
    uint32_t mixed = FN(mix32)(seed), wanted = positives + (uint32_t)num_negatives;
    for (uint32_t t = 0; chosen < wanted; t++) {
      uint32_t j = (uint32_t)(((uint64_t)FN(counter_hash)(mixed, t) * num_columns) >> 32);
      if (scratch[j]) continue;
      out[chosen++] = j;
      scratch[j] = chosen;
    }
  }
  for (uint32_t i = 0; i < chosen; i++) scratch[out[i]] = 0;
  return positives;
}

/*
 * The same with draws by the alias method: a column and its alias share a cell, the threshold says where it is cut
 * (Walker 1977). counts: chosen, positives, draws made.
 */
OP(void, u32_sample_weighted_columns)
(size_t rows, in_u32 offsets, out_u32 columns, size_t num_columns, size_t num_negatives, in_u32 thresholds,
 in_u32 aliases, uint32_t max_tries, uint32_t seed, out_u32 scratch, out_u32 out, out_u32 counts) {
  uint32_t positives = FN(choose_positives)(offsets[0], offsets[rows], columns, num_columns, scratch, out);
  uint32_t chosen = positives, t = 0;
  if (num_negatives >= num_columns - positives) {
    for (size_t j = 0; j < num_columns; j++)
      if (!scratch[j]) out[chosen++] = (uint32_t)j;
  } else {
    uint32_t mixed = FN(mix32)(seed), wanted = positives + (uint32_t)num_negatives;
    for (; chosen < wanted && t < max_tries; t++) {
      uint32_t cell = (uint32_t)(((uint64_t)FN(counter_hash)(mixed, 2 * t) * num_columns) >> 32);
      uint32_t cut = thresholds[cell];
      uint32_t j = FN(counter_hash)(mixed, 2 * t + 1) < cut || cut == UINT32_MAX ? cell : aliases[cell];
      if (scratch[j]) continue;
      out[chosen++] = j;
      scratch[j] = chosen;
    }
  }
  for (uint32_t i = 0; i < chosen; i++) scratch[out[i]] = 0;
  counts[0] = chosen;
  counts[1] = positives;
  counts[2] = t;
}
