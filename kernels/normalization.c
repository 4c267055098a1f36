/*
 * Normalisation over the batch, channel by channel, and within rows.
 *
 *   channels of one number a row (S = 1)   vectors of channels, rows one after another
 *   channels of S numbers a row            vectors within a channel's S numbers
 *   rows                                   vectors within the row
 *
 * Moments take one pass: with d = x − (a number of the channel), mean = that number + Σd/n and variance = (Σd² −
 * (Σd)²/n)/n, in f64, where d² of two f32 numbers loses next to nothing. The shift keeps a large common mean from
 * cancelling, and makes the variance of constants exactly 0 (Chan, Golub, LeVeque, "Algorithms for Computing the Sample
 * Variance", The American Statistician 37, 1983, §2).
 */

typedef double vd __attribute__((vector_size(VL * 8)));

INLINE vd FN(widen)(vf x) { return __builtin_convertvector(x, vd); }
INLINE vf FN(narrow)(vd x) { return __builtin_convertvector(x, vf); }
INLINE vd FN(splat_f64)(double x) { return x - (vd){0}; }

INLINE double FN(sum_lanes_f64)(vd x) {
  double sum = 0;
  for (int i = 0; i < VL; i++) sum += x[i];
  return sum;
}

/* A vector at p, of which n lanes count. */
INLINE vf FN(load_lanes)(const float *p, size_t n) { return n == VL ? load(p) : load_some(p, n); }
INLINE void FN(store_lanes)(float *p, vf x, size_t n) {
  if (n == VL) store(p, x);
  else store_some(p, x, n);
}

/* sum += Σd, squares += Σd² over n numbers, d = x − shift. */
INLINE void FN(add_moments)(size_t n, const float *x, float shift, vd *sum, vd *squares) {
  vd from = FN(splat_f64)(shift);
  size_t i = 0;
  for (; i + VL <= n; i += VL) {
    vd d = FN(widen)(load(x + i)) - from;
    *sum += d;
    *squares += d * d;
  }
  if (i < n) {
    vd d = FN(widen)(FN(load_filled)(x + i, n - i, shift)) - from;
    *sum += d;
    *squares += d * d;
  }
}

INLINE double FN(variance_of)(double sum, double squares, double n) {
  double variance = (squares - sum * sum / n) / n;
  return variance < 0 ? 0 : variance;
}

OP(void, f32_channel_moments)
(size_t rows, size_t channels, size_t size, in_f32 x, out_f32 mean, out_f32 variance) {
  double count = (double)rows * (double)size;
  if (size == 1) {
    for (size_t c = 0; c < channels; c += VL) {
      size_t n = channels - c < VL ? channels - c : VL;
      vd from = FN(widen)(FN(load_lanes)(x + c, n)), sum = {0}, squares = {0};
      for (size_t i = 0; i < rows; i++) {
        vd d = FN(widen)(FN(load_lanes)(x + i * channels + c, n)) - from;
        sum += d;
        squares += d * d;
      }
      vf v = FN(narrow)((squares - sum * sum / count) / count);
      FN(store_lanes)(mean + c, FN(narrow)(from + sum / count), n);
      FN(store_lanes)(variance + c, choose(v < 0.0f, splat(0.0f), v), n);
    }
    return;
  }
  for (size_t c = 0; c < channels; c++) {
    float shift = x[c * size];
    vd sum = {0}, squares = {0};
    for (size_t i = 0; i < rows; i++) FN(add_moments)(size, x + (i * channels + c) * size, shift, &sum, &squares);
    double total = FN(sum_lanes_f64)(sum);
    mean[c] = (float)(shift + total / count);
    variance[c] = (float)FN(variance_of)(total, FN(sum_lanes_f64)(squares), count);
  }
}

/* 1/√(variance + ε). */
INLINE float FN(inverse_root)(float variance, float epsilon) { return 1.0f / __builtin_sqrtf(variance + epsilon); }

/*
 * With S = 1 rows are gone through front to back: going down the columns would put loads and stores a whole row apart,
 * often the same line of the cache. What belongs to a channel is computed once for CHANNEL_BLOCK of them.
 */
enum { CHANNEL_BLOCK = 1024 };

OP(void, f32_normalize_channels)
(size_t rows, size_t channels, size_t size, float epsilon, in_f32 x, in_f32 mean, in_f32 variance, in_f32 weight,
 in_f32 bias, out_f32 y) {
  if (size == 1) {
    float *scale = workspace;
    for (size_t start = 0; start < channels; start += CHANNEL_BLOCK) {
      size_t end = channels - start < CHANNEL_BLOCK ? channels : start + CHANNEL_BLOCK;
      for (size_t c = start; c < end; c++)
        scale[c - start] = FN(inverse_root)(variance[c], epsilon) * (weight ? weight[c] : 1);
      for (size_t i = 0; i < rows; i++) {
        const float *from = x + i * channels;
        float *to = y + i * channels;
        for (size_t c = start; c < end; c += VL) {
          size_t n = end - c < VL ? end - c : VL;
          vf v = (FN(load_lanes)(from + c, n) - FN(load_lanes)(mean + c, n)) * FN(load_lanes)(scale + c - start, n);
          FN(store_lanes)(to + c, bias ? v + FN(load_lanes)(bias + c, n) : v, n);
        }
      }
    }
    return;
  }
  for (size_t i = 0; i < rows; i++) {
    for (size_t c = 0; c < channels; c++, x += size, y += size) {
      float scale = FN(inverse_root)(variance[c], epsilon) * (weight ? weight[c] : 1), add = bias ? bias[c] : 0;
      for (size_t s = 0; s < size; s += VL) {
        size_t n = size - s < VL ? size - s : VL;
        FN(store_lanes)(y + s, (FN(load_lanes)(x + s, n) - mean[c]) * scale + add, n);
      }
    }
  }
}

OP(void, f32_channel_grad_sums)
(size_t rows, size_t channels, size_t size, float epsilon, in_f32 x, in_f32 mean, in_f32 variance, in_f32 dy,
 out_f32 sum_dy_x, out_f32 sum_dy) {
  if (size == 1) {
    for (size_t c = 0; c < channels; c += VL) {
      size_t n = channels - c < VL ? channels - c : VL;
      vf from = FN(load_lanes)(mean + c, n);
      vd products = {0}, sum = {0};
      for (size_t i = 0; i < rows; i++) {
        vf d = FN(load_lanes)(dy + i * channels + c, n);
        products += FN(widen)(d * (FN(load_lanes)(x + i * channels + c, n) - from));
        sum += FN(widen)(d);
      }
      vf inverse = 1.0f / square_root(FN(load_lanes)(variance + c, n) + epsilon);
      FN(store_lanes)(sum_dy_x + c, FN(narrow)(products) * inverse, n);
      FN(store_lanes)(sum_dy + c, FN(narrow)(sum), n);
    }
    return;
  }
  for (size_t c = 0; c < channels; c++) {
    vd products = {0}, sum = {0};
    for (size_t i = 0; i < rows; i++) {
      const float *xr = x + (i * channels + c) * size, *dr = dy + (i * channels + c) * size;
      for (size_t s = 0; s < size; s += VL) {
        size_t n = size - s < VL ? size - s : VL;
        vf d = FN(load_lanes)(dr + s, n);
        products += FN(widen)(d * (FN(load_lanes)(xr + s, n) - mean[c])); /* d is 0 beyond the channel */
        sum += FN(widen)(d);
      }
    }
    sum_dy_x[c] = (float)(FN(sum_lanes_f64)(products) * FN(inverse_root)(variance[c], epsilon));
    sum_dy[c] = (float)FN(sum_lanes_f64)(sum);
  }
}

/* sum_dy_x, sum_dy NULL: mean and variance are constants. */
OP(void, f32_normalize_channels_grad)
(size_t rows, size_t channels, size_t size, float epsilon, in_f32 x, in_f32 mean, in_f32 variance, in_f32 weight,
 in_f32 dy, in_f32 sum_dy_x, in_f32 sum_dy, out_f32 dx) {
  float share = sum_dy ? (float)(1 / ((double)rows * (double)size)) : 0;
  if (size == 1) {
    float *scale = workspace, *level = workspace + CHANNEL_BLOCK, *slope = workspace + 2 * CHANNEL_BLOCK;
    for (size_t start = 0; start < channels; start += CHANNEL_BLOCK) {
      size_t end = channels - start < CHANNEL_BLOCK ? channels : start + CHANNEL_BLOCK;
      for (size_t c = start; c < end; c++) {
        float inverse = FN(inverse_root)(variance[c], epsilon);
        scale[c - start] = weight ? inverse * weight[c] : inverse;
        level[c - start] = sum_dy ? sum_dy[c] * share : 0;
        slope[c - start] = sum_dy ? sum_dy_x[c] * share * inverse : 0;
      }
      for (size_t i = 0; i < rows; i++) {
        for (size_t c = start; c < end; c += VL) {
          size_t n = end - c < VL ? end - c : VL, at = i * channels + c;
          vf d = FN(load_lanes)(dy + at, n);
          if (sum_dy) {
            vf distance = FN(load_lanes)(x + at, n) - FN(load_lanes)(mean + c, n);
            d -= FN(load_lanes)(level + c - start, n) + distance * FN(load_lanes)(slope + c - start, n);
          }
          FN(store_lanes)(dx + at, d * FN(load_lanes)(scale + c - start, n), n);
        }
      }
    }
    return;
  }
  for (size_t i = 0; i < rows; i++) {
    for (size_t c = 0; c < channels; c++, x += size, dy += size, dx += size) {
      float inverse = FN(inverse_root)(variance[c], epsilon), scale = weight ? inverse * weight[c] : inverse;
      float level = sum_dy ? sum_dy[c] * share : 0, slope = sum_dy ? sum_dy_x[c] * share * inverse : 0;
      for (size_t s = 0; s < size; s += VL) {
        size_t n = size - s < VL ? size - s : VL;
        vf d = FN(load_lanes)(dy + s, n);
        if (sum_dy) d -= level + (FN(load_lanes)(x + s, n) - mean[c]) * slope;
        FN(store_lanes)(dx + s, d * scale, n);
      }
    }
  }
}

OP(void, f32_normalize_rows)
(size_t rows, size_t cols, float epsilon, in_f32 x, in_f32 weight, in_f32 bias, out_f32 y, out_f32 mean,
 out_f32 inverse_std) {
  for (size_t i = 0; i < rows; i++, x += cols, y += cols) {
    vd sums = {0}, squares = {0};
    float shift = cols ? x[0] : 0;
    FN(add_moments)(cols, x, shift, &sums, &squares);
    double sum = FN(sum_lanes_f64)(sums);
    mean[i] = (float)(shift + sum / (double)cols);
    inverse_std[i] = FN(inverse_root)((float)FN(variance_of)(sum, FN(sum_lanes_f64)(squares), (double)cols), epsilon);
    for (size_t j = 0; j < cols; j += VL) {
      size_t n = cols - j < VL ? cols - j : VL;
      vf normalized = (FN(load_lanes)(x + j, n) - mean[i]) * inverse_std[i];
      if (weight) normalized *= FN(load_lanes)(weight + j, n);
      FN(store_lanes)(y + j, bias ? normalized + FN(load_lanes)(bias + j, n) : normalized, n);
    }
  }
}

OP(void, f32_normalize_rows_grad)
(size_t rows, size_t cols, in_f32 x, in_f32 mean, in_f32 inverse_std, in_f32 weight, in_f32 dy, out_f32 dx) {
  for (size_t i = 0; i < rows; i++, x += cols, dy += cols, dx += cols) {
    vd sums = {0}, products = {0};
    for (size_t j = 0; j < cols; j += VL) {
      size_t n = cols - j < VL ? cols - j : VL;
      vf g = FN(load_lanes)(dy + j, n);
      if (weight) g *= FN(load_lanes)(weight + j, n);
      sums += FN(widen)(g);
      products += FN(widen)(g * (FN(load_lanes)(x + j, n) - mean[i])); /* g is 0 beyond the row */
    }
    double inverse = inverse_std[i];
    float level = (float)(FN(sum_lanes_f64)(sums) / (double)cols);
    float slope = (float)(FN(sum_lanes_f64)(products) * inverse * inverse / (double)cols);
    for (size_t j = 0; j < cols; j += VL) {
      size_t n = cols - j < VL ? cols - j : VL;
      vf g = FN(load_lanes)(dy + j, n);
      if (weight) g *= FN(load_lanes)(weight + j, n);
      FN(store_lanes)(dx + j, (g - (level + (FN(load_lanes)(x + j, n) - mean[i]) * slope)) * inverse_std[i], n);
    }
  }
}

OP(void, f32_normalize_rows_weight_grad)
(size_t rows, size_t cols, in_f32 x, in_f32 mean, in_f32 inverse_std, in_f32 dy, out_f32 d_weight,
 uint32_t accumulate) {
  for (size_t j = 0; j < cols; j += VL) {
    size_t n = cols - j < VL ? cols - j : VL;
    vd sum = {0};
    for (size_t i = 0; i < rows; i++) {
      vf normalized = (FN(load_lanes)(x + i * cols + j, n) - mean[i]) * inverse_std[i];
      sum += FN(widen)(FN(load_lanes)(dy + i * cols + j, n) * normalized);
    }
    vf total = FN(narrow)(sum);
    FN(store_lanes)(d_weight + j, accumulate ? FN(load_lanes)(d_weight + j, n) + total : total, n);
  }
}
