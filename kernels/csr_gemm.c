/*
 * Sparse times dense: the first layer's forward, y [N, H] (+)= x·w, x sparse, w [D, H].
 *
 *   y[i, :] = Σ over the entries e of row i: values[e] · w[columns[e], :]
 *
 * w is far larger than the caches and its rows are met in no order, so the time is that of fetching one row of w per
 * entry. Two ways, by the number of registers:
 *
 *   AVX-512   a strip of y of 256 floats stays in registers while all entries of a row go by
 *   others    y stays in the L1 cache; ABREAST_ROWS rows of w are added at a time, each read from front to back, so
 *             that where prefetching by hand is not to be had (WASM) the processor does it
 *
 * The rows of w of the entries AHEAD places on are prefetched; the entries of all batch rows stand in one list, so the
 * prefetches run on across the ends of rows. From 12 on, all the misses that one core may have under way are.
 */

#define ROW_VECTORS (VL == 16 ? 16 : 8)
#define AHEAD 12
#define ABREAST_ROWS 4

/* y[0 … width) (+)= Σ values[e]·w[columns[e]·cols + (0 … width)), e in [from, to). Entries up to `end` may be read. */
INLINE void FN(csr_strip)(const size_t nv, size_t width, size_t cols, size_t from, size_t to, size_t end,
                          const uint32_t *columns, const float *values, const float *w, float *y,
                          uint32_t accumulate) {
  vf sum[ROW_VECTORS];
  size_t last = width - (nv - 1) * VL;
  UNROLL for (size_t v = 0; v < nv; v++) {
    size_t n = v + 1 < nv ? VL : last;
    sum[v] = !accumulate ? splat(0) : n == VL ? load(y + v * VL) : load_some(y + v * VL, n);
  }
  for (size_t e = from; e < to; e++) {
    const float *row = w + (size_t)columns[e] * cols;
    const float *soon = w + (size_t)columns[e + AHEAD < end ? e + AHEAD : e] * cols;
    vf x = splat(values[e]);
    UNROLL for (size_t v = 0; v < nv; v++) {
      if (v % (64 / (4 * VL)) == 0) PREFETCH(soon + v * VL, 0);
      sum[v] += x * (v + 1 < nv || last == VL ? load(row + v * VL) : load_some(row + v * VL, last));
    }
  }
  UNROLL for (size_t v = 0; v < nv; v++) {
    size_t n = v + 1 < nv ? VL : last;
    if (n == VL) store(y + v * VL, sum[v]);
    else store_some(y + v * VL, sum[v], n);
  }
}

/* y [cols] += Σ values[e]·w[columns[e], :] for `count` entries from e on. */
INLINE void FN(add_rows)(const size_t count, size_t cols, size_t e, size_t end, const uint32_t *columns,
                         const float *values, const float *w, float *y) {
  const float *row[ABREAST_ROWS], *soon[ABREAST_ROWS];
  UNROLL for (size_t i = 0; i < count; i++) {
    row[i] = w + (size_t)columns[e + i] * cols;
    soon[i] = w + (size_t)columns[e + i + AHEAD < end ? e + i + AHEAD : e] * cols;
    touch_row(soon[i], cols);
  }
  size_t j = 0;
  for (; j + VL <= cols; j += VL) {
    vf sum = load(y + j);
    UNROLL for (size_t i = 0; i < count; i++) {
      if (j % 16 == 0) PREFETCH(soon[i] + j, 0);
      sum += values[e + i] * load(row[i] + j);
    }
    store(y + j, sum);
  }
  for (; j < cols; j++)
    for (size_t i = 0; i < count; i++) y[j] += values[e + i] * row[i][j];
}

OP(void, csr_gemm)
(size_t rows, size_t cols, in_u32 offsets, in_u32 columns, in_f32 values, in_f32 w, out_f32 y, uint32_t accumulate) {
  size_t end = offsets[rows];
  for (size_t i = 0; i < rows; i++, y += cols) {
    size_t from = offsets[i], to = offsets[i + 1], j = 0;
    if (VL < 16) {
      size_t e = from;
      if (!accumulate)
        for (size_t h = 0; h < cols; h++) y[h] = 0;
      for (; e + ABREAST_ROWS <= to; e += ABREAST_ROWS)
        FN(add_rows)(ABREAST_ROWS, cols, e, end, columns, values, w, y);
      for (; e < to; e++) FN(add_rows)(1, cols, e, end, columns, values, w, y);
      continue;
    }
    for (; j + ROW_VECTORS * VL <= cols; j += ROW_VECTORS * VL)
      FN(csr_strip)(ROW_VECTORS, ROW_VECTORS * VL, cols, from, to, end, columns, values, w + j, y + j, accumulate);
    for (; j + 4 * VL <= cols; j += 4 * VL)
      FN(csr_strip)(4, 4 * VL, cols, from, to, end, columns, values, w + j, y + j, accumulate);
    for (; j < cols; j += VL)
      FN(csr_strip)(1, cols - j < VL ? cols - j : VL, cols, from, to, end, columns, values, w + j, y + j, accumulate);
  }
}
