/*
 * Sparse batches as lists: checking, gathering, transposing, and the gradient of the rows that occur.
 *
 * The gradient of the first layer is xᵀ·dy, [D, H], nearly all of it zero. The transpose of the batch is therefore kept
 * compact: U ≤ nnz distinct columns in order of first appearance, and dw [U, H] with them. U and nnz fit the caches
 * better than D ever could: slot_of [D], four bytes a column, is the only array touched at random.
 */

/* 0: sound; 1: offsets fall or run beyond the `available` entries; 2: a column ≥ num_columns. */
OP(uint32_t, csr_fault)(size_t rows, in_u32 offsets, in_u32 columns, size_t available, size_t num_columns) {
  uint32_t falls = 0;
  for (size_t i = 0; i < rows; i++) falls |= offsets[i] > offsets[i + 1];
  if (falls || offsets[rows] > available) return 1;
  size_t from = offsets[0];
  return FN(ids_fault)(offsets[rows] - from, columns + from, num_columns) ? 2 : 0;
}

/* 1 when an id is ≥ limit. */
OP(uint32_t, ids_fault)(size_t count, in_u32 ids, size_t limit) {
  if (limit > UINT32_MAX) return 0;
  vi beyond = {0};
  size_t i = 0;
  for (; i + VL <= count; i += VL) beyond |= (vi)(load_u32(ids + i) >= (uint32_t)limit);
  int32_t any = 0;
  for (size_t j = 0; j < VL; j++) any |= beyond[j];
  for (; i < count; i++) any |= ids[i] >= limit;
  return any != 0;
}

/*
 * Rows stand in no order, so that each is a miss or several: in the first pass over the ids, where a row starts is fetched
 * ahead; in the second, what the rows GATHER_AHEAD places on hold.
 *
 * @returns entries copied; nothing is copied where an id is ≥ num_rows (−1), offsets fall (−2), rows end beyond the
 * `available` entries (−3) or do not fit the `room` entries of the output (−4).
 */
#define GATHER_AHEAD 8

OP(double, csr_gather_rows)
(size_t num_rows, in_u32 offsets, in_u32 columns, in_f32 values, size_t available, in_u32 ids, size_t count,
 out_u32 out_offsets, out_u32 out_columns, out_f32 out_values, size_t room) {
  uint64_t total = 0;
  out_offsets[0] = 0;
  if (FN(ids_fault)(count, ids, num_rows)) return -1;
  for (size_t i = 0; i < count; i++) {
    PREFETCH(offsets + ids[i + 2 * GATHER_AHEAD < count ? i + 2 * GATHER_AHEAD : i], 0);
    uint32_t from = offsets[ids[i]], to = offsets[ids[i] + 1];
    if (from > to) return -2;
    if (to > available) return -3;
    total += to - from;
  }
  if (total > room) return -4;
  uint32_t filled = 0;
  for (size_t i = 0; i < count; i++) {
    uint32_t from = offsets[ids[i]], n = offsets[ids[i] + 1] - from;
    if (i + GATHER_AHEAD < count) {
      uint32_t soon = offsets[ids[i + GATHER_AHEAD]], end = offsets[ids[i + GATHER_AHEAD] + 1];
      for (size_t e = soon; e < end; e += LINE_FLOATS) PREFETCH(columns + e, 0), PREFETCH(values + e, 0);
    }
    __builtin_memcpy(out_columns + filled, columns + from, n * sizeof(uint32_t));
    __builtin_memcpy(out_values + filled, values + from, n * sizeof(float));
    filled += n;
    out_offsets[i + 1] = filled;
  }
  return filled;
}

/*
 * A counting sort by slot: count, prefix sums, scatter. slot_of holds slot + 1, so that zero means "not met". Where the
 * scatter will write is fetched while counting: by the next batch, products have driven it from the near caches.
 */
OP(uint32_t, csr_compact_transpose)
(size_t rows, in_u32 offsets, in_u32 columns, in_f32 values, out_u32 slot_of, out_u32 out_columns, out_u32 out_offsets,
 out_u32 out_rows, out_f32 out_values) {
  size_t from = offsets[0], end = offsets[rows];
  uint32_t slots = 0;
  for (size_t e = from; e < end; e++) {
    PREFETCH(slot_of + columns[e + 16 < end ? e + 16 : e], 1);
    if ((e - from) % 16 == 0) PREFETCH(out_rows + (e - from), 1), PREFETCH(out_values + (e - from), 1);
    uint32_t slot = slot_of[columns[e]];
    if (slot == 0) {
      out_columns[slots] = columns[e];
      slot = slot_of[columns[e]] = ++slots;
      out_offsets[slot] = 0;
    }
    out_offsets[slot]++;
  }
  out_offsets[0] = 0;
  /* offsets[u + 1] becomes the start of slot u; scattering moves it on to the slot's end, the start of slot u + 1. */
  uint32_t start = 0;
  for (uint32_t u = 1; u <= slots; u++) {
    uint32_t n = out_offsets[u];
    out_offsets[u] = start;
    start += n;
  }
  for (size_t i = 0; i < rows; i++) {
    for (size_t e = offsets[i]; e < offsets[i + 1]; e++) {
      uint32_t to = out_offsets[slot_of[columns[e]]]++;
      out_rows[to] = (uint32_t)i;
      out_values[to] = values[e];
    }
  }
  for (uint32_t u = 0; u < slots; u++) slot_of[out_columns[u]] = 0;
  return slots;
}

/* out[0 … width) = Σ values[e]·dy[rows[e]·cols + (0 … width)). */
INLINE void FN(grad_strip)(const size_t nv, size_t width, size_t cols, size_t from, size_t to, const uint32_t *rows,
                           const float *values, const float *dy, float *out) {
  vf sum[ROW_VECTORS];
  size_t last = width - (nv - 1) * VL;
  UNROLL for (size_t v = 0; v < nv; v++) sum[v] = splat(0);
  for (size_t e = from; e < to; e++) {
    const float *row = dy + (size_t)rows[e] * cols;
    vf x = splat(values[e]);
    UNROLL for (size_t v = 0; v < nv; v++)
      sum[v] += x * (v + 1 < nv || last == VL ? load(row + v * VL) : load_some(row + v * VL, last));
  }
  UNROLL for (size_t v = 0; v < nv; v++) {
    if (v + 1 < nv || last == VL) store(out + v * VL, sum[v]);
    else store_some(out + v * VL, sum[v], last);
  }
}

/* One row of the gradient, the entries [from, to) of its column. */
INLINE void FN(grad_row)(size_t cols, size_t from, size_t to, const uint32_t *rows, const float *values,
                         const float *dy, float *out) {
  size_t j = 0;
  for (; j + ROW_VECTORS * VL <= cols; j += ROW_VECTORS * VL)
    FN(grad_strip)(ROW_VECTORS, ROW_VECTORS * VL, cols, from, to, rows, values, dy + j, out + j);
  for (; j + 4 * VL <= cols; j += 4 * VL) FN(grad_strip)(4, 4 * VL, cols, from, to, rows, values, dy + j, out + j);
  for (; j < cols; j += VL)
    FN(grad_strip)(1, cols - j < VL ? cols - j : VL, cols, from, to, rows, values, dy + j, out + j);
}

/* dy stays in the cache, dw is written once, from front to back. */
OP(void, csr_grad_rows)
(size_t num_columns, size_t cols, in_u32 offsets, in_u32 rows, in_f32 values, in_f32 dy, out_f32 dw) {
  for (size_t u = 0; u < num_columns; u++, dw += cols)
    FN(grad_row)(cols, offsets[u], offsets[u + 1], rows, values, dy, dw);
}

OP(void, f32_gather_rows)(size_t count, size_t cols, in_u32 ids, in_f32 src, out_f32 out) {
  for (size_t i = 0; i < count; i++, out += cols) {
    const float *soon = src + (size_t)ids[i + 4 < count ? i + 4 : i] * cols;
    for (size_t j = 0; j < cols; j += 16) PREFETCH(soon + j, 0);
    touch_row(soon, cols);
    copy_f32(out, src + (size_t)ids[i] * cols, cols);
  }
}

/* Columns first … first + count of each row, counted from `first`, in the order of the row. */
OP(void, csr_select_columns)
(size_t rows, in_u32 offsets, in_u32 columns, in_f32 values, uint32_t first, uint32_t count, out_u32 out_offsets,
 out_u32 out_columns, out_f32 out_values) {
  uint32_t filled = 0;
  out_offsets[0] = 0;
  for (size_t i = 0; i < rows; i++) {
    for (size_t e = offsets[i]; e < offsets[i + 1]; e++) {
      if (columns[e] - first >= count) continue;
      out_columns[filled] = columns[e] - first;
      out_values[filled++] = values[e];
    }
    out_offsets[i + 1] = filled;
  }
}
