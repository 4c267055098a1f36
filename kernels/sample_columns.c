/*
 * Which output columns does a sampled step compute? Some drawn at random, and the batch's targets.
 *
 *   out: │ columns drawn, each once, in the order drawn │ target columns that were not drawn, in order of appearance │
 *
 * Draw t is floor(counterHash(seed, t)·B / 2³²) where all columns are alike. Else it takes two numbers, 2t and 2t + 1: a
 * column and its alias share a cell, and the threshold says where it is cut (Walker's alias method, 1977). A column that
 * is drawn again counts once. Targets become positions in `out`; those not drawn also go to `rest`, row by row.
 * scratch [B]: position + 1 of the columns in `out`; all zero before and after.
 *
 * Work follows the draws and the targets. Of what is as long as B, only the places of those columns are touched.
 */
OP(void, u32_sample_columns)
(size_t rows, in_u32 offsets, out_u32 columns, size_t num_columns, size_t num_draws, in_u32 thresholds, in_u32 aliases,
 uint32_t seed, out_u32 scratch, out_u32 out, out_u32 rest_offsets, out_u32 rest_columns, out_u32 counts) {
  uint32_t mixed = FN(mix32)(seed), chosen = 0, filled = 0;
  for (uint32_t t = 0; t < num_draws; t++) {
    uint32_t index = thresholds ? 2 * t : t;
    uint32_t j = (uint32_t)(((uint64_t)FN(counter_hash)(mixed, index) * num_columns) >> 32);
    if (thresholds && thresholds[j] != UINT32_MAX && FN(counter_hash)(mixed, index + 1) >= thresholds[j])
      j = aliases[j] < num_columns ? aliases[j] : j;
    if (scratch[j]) continue;
    out[chosen++] = j;
    scratch[j] = chosen;
  }
  uint32_t drawn = chosen;
  rest_offsets[0] = 0;
  for (size_t i = 0; i < rows; i++) {
    for (size_t e = offsets[i]; e < offsets[i + 1]; e++) {
      uint32_t j = columns[e];
      if (!scratch[j]) {
        out[chosen++] = j;
        scratch[j] = chosen;
      }
      columns[e] = scratch[j] - 1;
      if (columns[e] >= drawn) rest_columns[filled++] = j;
    }
    rest_offsets[i + 1] = filled;
  }
  for (uint32_t i = 0; i < chosen; i++) scratch[out[i]] = 0;
  counts[0] = chosen;
  counts[1] = drawn;
}
