/*
 * Rectangles, outer products of rows, and the maximum over pieces of a row.
 *
 *   outer products   out[i, a, :] = x[i, a] · y[i, :]; backward goes twice over d[i], [A, B], which is in the cache then
 *   pieces           [rows, pieces, cols]: numbers that compete stand `cols` apart, so that vectors of them do
 */

OP(void, f32_copy_block)
(size_t rows, size_t cols, in_f32 x, size_t x_offset, size_t x_stride, out_f32 out, size_t out_offset,
 size_t out_stride) {
  x += x_offset;
  out += out_offset;
  if (x_stride == cols && out_stride == cols) {
    copy_f32(out, x, rows * cols);
  } else if (cols < 4) {
    for (size_t i = 0; i < rows; i++, x += x_stride, out += out_stride)
      for (size_t j = 0; j < cols; j++) out[j] = x[j];
  } else {
    for (size_t i = 0; i < rows; i++, x += x_stride, out += out_stride) copy_f32(out, x, cols);
  }
}

OP(void, f32_outer_products)(size_t rows, size_t left, size_t right, in_f32 x, in_f32 y, out_f32 out) {
  for (size_t i = 0; i < rows; i++, y += right) {
    for (size_t a = 0; a < left; a++, out += right) {
      float factor = *x++;
      size_t j = 0;
      for (; j + VL <= right; j += VL) store(out + j, factor * load(y + j));
      if (j < right) store_some(out + j, factor * load_some(y + j, right - j), right - j);
    }
  }
}

OP(void, f32_outer_products_grad)
(size_t rows, size_t left, size_t right, in_f32 x, in_f32 y, in_f32 d, out_f32 dx, out_f32 dy) {
  for (size_t i = 0; i < rows; i++, x += left, y += right, d += left * right, dx += left, dy += right) {
    for (size_t a = 0; a < left; a++) dx[a] = FN(dot_f32)(right, d + a * right, y);
    for (size_t j = 0; j < right; j += VL) {
      size_t n = right - j < VL ? right - j : VL;
      vf sum = splat(0);
      if (n == VL)
        for (size_t a = 0; a < left; a++) sum += x[a] * load(d + a * right + j);
      else
        for (size_t a = 0; a < left; a++) sum += x[a] * load_some(d + a * right + j, n);
      store_some(dy + j, sum, n);
    }
  }
}

/* Whether v beats best: greater, or the first NaN. */
INLINE vi FN(beats)(vf v, vf best) { return (v > best) | ((v != v) & (best == best)); }

OP(void, f32_max_of_pieces)(size_t rows, size_t pieces, size_t cols, in_f32 x, out_f32 out, out_u32 argmax) {
  for (size_t i = 0; i < rows; i++, x += pieces * cols, out += cols, argmax += cols) {
    for (size_t j = 0; j < cols; j += VL) {
      size_t n = cols - j < VL ? cols - j : VL;
      vf best = n == VL ? load(x + j) : load_some(x + j, n);
      vi at = {0};
      for (size_t p = 1; p < pieces; p++) {
        vf v = n == VL ? load(x + p * cols + j) : load_some(x + p * cols + j, n);
        vi wins = FN(beats)(v, best);
        best = choose(wins, v, best);
        at = (wins & (int32_t)p) | (~wins & at);
      }
      if (n == VL) {
        store(out + j, best);
        store_u32(argmax + j, (vu)at);
      } else {
        store_some(out + j, best, n);
        for (size_t l = 0; l < n; l++) argmax[j + l] = (uint32_t)at[l];
      }
    }
  }
}

OP(void, f32_max_of_pieces_grad)(size_t rows, size_t pieces, size_t cols, in_u32 argmax, in_f32 dy, out_f32 dx) {
  for (size_t i = 0; i < rows; i++, argmax += cols, dy += cols) {
    for (size_t p = 0; p < pieces; p++, dx += cols) {
      size_t j = 0;
      for (; j + VL <= cols; j += VL)
        store(dx + j, (vf)((vi)load(dy + j) & (vi)(load_u32(argmax + j) == (uint32_t)p)));
      for (; j < cols; j++) dx[j] = argmax[j] == p ? dy[j] : 0;
    }
  }
}
