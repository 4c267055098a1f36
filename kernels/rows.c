/*
 * Products and sums row by row: dot products, scaling, and adding rows to places named by a list.
 *
 * All are bound by memory and read their arguments once, front to back; scatter_add_rows alone meets its output in no
 * order and prefetches it. Dot products keep DOT_CHAINS sums under way, so that an addition need not wait for the last.
 */

#define DOT_CHAINS 4

/* Σ a[i]·b[i] for i < n, in f32. */
INLINE float FN(dot_f32)(size_t n, const float *a, const float *b) {
  vf sum[DOT_CHAINS];
  UNROLL for (size_t c = 0; c < DOT_CHAINS; c++) sum[c] = splat(0);
  size_t i = 0;
  for (; i + DOT_CHAINS * VL <= n; i += DOT_CHAINS * VL)
    UNROLL for (size_t c = 0; c < DOT_CHAINS; c++) sum[c] += load(a + i + c * VL) * load(b + i + c * VL);
  for (; i + VL <= n; i += VL) sum[0] += load(a + i) * load(b + i);
  if (i < n) sum[1] += load_some(a + i, n - i) * load_some(b + i, n - i);
  return sum_lanes((sum[0] + sum[1]) + (sum[2] + sum[3]));
}

OP(double, f32_dot)(size_t n, in_f32 a, in_f32 b) {
  double total = 0;
  for (size_t i = 0; i < n; i += SUM_BLOCK) total += FN(dot_f32)(n - i < SUM_BLOCK ? n - i : SUM_BLOCK, a + i, b + i);
  return total;
}

OP(void, f32_multiply)(size_t n, in_f32 a, in_f32 b, out_f32 out, uint32_t accumulate) {
  size_t i = 0;
  if (accumulate) {
    for (; i + VL <= n; i += VL) store(out + i, load(out + i) + load(a + i) * load(b + i));
    for (; i < n; i++) out[i] += a[i] * b[i];
  } else {
    for (; i + VL <= n; i += VL) store(out + i, load(a + i) * load(b + i));
    for (; i < n; i++) out[i] = a[i] * b[i];
  }
}

OP(void, f32_row_dots)(size_t rows, size_t cols, in_f32 a, in_f32 b, out_f32 out) {
  for (size_t i = 0; i < rows; i++) out[i] = FN(dot_f32)(cols, a + i * cols, b + i * cols);
}

/* to[j] += scale·from[j] for j < n. */
INLINE void FN(add_scaled)(size_t n, float scale, const float *from, float *to) {
  size_t j = 0;
  for (; j + VL <= n; j += VL) store(to + j, load(to + j) + scale * load(from + j));
  if (j < n) store_some(to + j, load_some(to + j, n - j) + scale * load_some(from + j, n - j), n - j);
}

OP(void, f32_scale_rows)(size_t rows, size_t cols, in_f32 scale, in_f32 x, out_f32 out, uint32_t accumulate) {
  for (size_t i = 0; i < rows; i++, x += cols, out += cols) {
    if (accumulate) {
      FN(add_scaled)(cols, scale[i], x, out);
      continue;
    }
    size_t j = 0;
    for (; j + VL <= cols; j += VL) store(out + j, scale[i] * load(x + j));
    if (j < cols) store_some(out + j, scale[i] * load_some(x + j, cols - j), cols - j);
  }
}

/* scale NULL: ones. */
OP(void, f32_scatter_add_rows)(size_t count, size_t cols, in_u32 ids, in_f32 scale, in_f32 src, out_f32 out) {
  for (size_t i = 0; i < count; i++, src += cols) {
    const float *soon = out + (size_t)ids[i + 4 < count ? i + 4 : i] * cols;
    for (size_t j = 0; j < cols; j += 16) PREFETCH(soon + j, 1);
    touch_row(soon, cols);
    FN(add_scaled)(cols, scale ? scale[i] : 1.0f, src, out + (size_t)ids[i] * cols);
  }
}

/* Rows whose id is `part` modulo `parts` only, so that several threads merge the same lists, each its own ids. */
OP(uint32_t, f32_merge_rows)
(size_t count, size_t cols, uint32_t part, uint32_t parts, float scale, in_u32 ids, in_f32 src, out_u32 slot_of,
 uint32_t slots, out_u32 out_ids, out_f32 out) {
  for (size_t i = 0; i < count; i++, src += cols) {
    uint32_t id = ids[i];
    if (id % parts != part) continue;
    if (slot_of[id]) {
      FN(add_scaled)(cols, scale, src, out + (size_t)(slot_of[id] - 1) * cols);
      continue;
    }
    float *to = out + (size_t)slots * cols;
    size_t j = 0;
    for (; j + VL <= cols; j += VL) store(to + j, scale * load(src + j));
    if (j < cols) store_some(to + j, scale * load_some(src + j, cols - j), cols - j);
    out_ids[slots] = id;
    slot_of[id] = ++slots;
  }
  return slots;
}
