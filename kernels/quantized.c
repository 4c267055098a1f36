/*
 * Products with weights of 8 or 4 bits, which are widened to f32 on their way from memory to the registers.
 *
 *   8 bits   one signed byte a code
 *   4 bits   byte i of a group of S: code i + 8 below, code ⌈S/2⌉ + i + 8 above
 *
 * A query alone is bound by reading and widening the codes, a quarter of what f32 would read; several share each code
 * that was widened. Sixteen codes are widened at a time whatever VL is: that fills a register of bytes, and narrower
 * registers give as many independent sums as they need.
 */

enum { WIDE = 16 };

typedef int8_t codes16 __attribute__((vector_size(WIDE)));
typedef uint8_t halves16 __attribute__((vector_size(WIDE)));
typedef int8_t codes16_memory __attribute__((vector_size(WIDE), aligned(1), may_alias));
typedef uint8_t halves16_memory __attribute__((vector_size(WIDE), aligned(1), may_alias));
typedef float wide __attribute__((vector_size(WIDE * 4)));
typedef float wide_memory __attribute__((vector_size(WIDE * 4), aligned(4), may_alias));

#define WIDEN(codes) __builtin_convertvector(codes, wide)

/* Rows of a, and outputs, whose sums are under way together: as many as registers hold. */
#define QUANTIZED_ROWS (VL == 16 ? 4 : 2)
#define QUANTIZED_OUTPUTS (VL == 16 ? 4 : 1)
#define QUANTIZED_OUTPUTS_ALONE (VL == 16 ? 8 : 2)

INLINE float FN(sum_wide)(const wide *x) {
  float s[WIDE];
  *(wide_memory *)s = *x;
  for (int w = WIDE / 2; w > 0; w /= 2)
    for (int i = 0; i < w; i++) s[i] += s[i + w];
  return s[0];
}

/* c [mt, nt] of the output's n columns. */
INLINE void FN(quantized_tile)(const size_t mt, const size_t nt, size_t n, size_t k, const float *a,
                               const int8_t *codes, const float *scales, float *c) {
  wide sum[4 * 8] = {0};
  size_t l = 0;
  for (; l + WIDE <= k; l += WIDE) {
    wide x[4];
    UNROLL for (size_t i = 0; i < mt; i++) x[i] = *(const wide_memory *)(a + i * k + l);
    UNROLL for (size_t j = 0; j < nt; j++) {
      wide w = WIDEN(*(const codes16_memory *)(codes + j * k + l));
      UNROLL for (size_t i = 0; i < mt; i++) sum[i * nt + j] += x[i] * w;
    }
  }
  UNROLL for (size_t i = 0; i < mt; i++) {
    UNROLL for (size_t j = 0; j < nt; j++) {
      float total = FN(sum_wide)(&sum[i * nt + j]);
      for (size_t r = l; r < k; r++) total += a[i * k + r] * (float)codes[j * k + r];
      c[i * n + j] = scales[j] * total;
    }
  }
}

OP(void, f32_q8_gemm)(size_t m, size_t n, size_t k, in_f32 a, const uint8_t *bytes, in_f32 scales, out_f32 c) {
  const int8_t *codes = (const int8_t *)bytes;
  size_t i = 0;
  for (; i + QUANTIZED_ROWS <= m; i += QUANTIZED_ROWS) {
    size_t j = 0;
    for (; j + QUANTIZED_OUTPUTS <= n; j += QUANTIZED_OUTPUTS)
      FN(quantized_tile)
    (QUANTIZED_ROWS, QUANTIZED_OUTPUTS, n, k, a + i * k, codes + j * k, scales + j, c + i * n + j);
    for (; j < n; j++)
      FN(quantized_tile)(QUANTIZED_ROWS, 1, n, k, a + i * k, codes + j * k, scales + j, c + i * n + j);
  }
  for (; i < m; i++) {
    size_t j = 0;
    for (; j + QUANTIZED_OUTPUTS_ALONE <= n; j += QUANTIZED_OUTPUTS_ALONE)
      FN(quantized_tile)
    (1, QUANTIZED_OUTPUTS_ALONE, n, k, a + i * k, codes + j * k, scales + j, c + i * n + j);
    for (; j < n; j++) FN(quantized_tile)(1, 1, n, k, a + i * k, codes + j * k, scales + j, c + i * n + j);
  }
}

/* y[0 … n) += x·codes. */
INLINE void FN(add_codes)(size_t n, float x, const int8_t *codes, float *y) {
  size_t s = 0;
  for (; s + WIDE <= n; s += WIDE) {
    wide_memory *to = (wide_memory *)(y + s);
    *to = *to + x * WIDEN(*(const codes16_memory *)(codes + s));
  }
  for (; s < n; s++) y[s] += x * (float)codes[s];
}

/* As add_codes, for a group of n codes of 4 bits. */
INLINE void FN(add_half_codes)(size_t n, float x, const uint8_t *bytes, float *y) {
  size_t half = (n + 1) / 2, rest = n - half, s = 0;
  for (; s + WIDE <= rest; s += WIDE) {
    halves16 b = *(const halves16_memory *)(bytes + s);
    wide_memory *low = (wide_memory *)(y + s), *high = (wide_memory *)(y + half + s);
    *low = *low + x * WIDEN((codes16)(b & 15) - 8);
    *high = *high + x * WIDEN((codes16)(b >> 4) - 8);
  }
  for (; s < half; s++) {
    y[s] += x * (float)((int)(bytes[s] & 15) - 8);
    if (s < rest) y[half + s] += x * (float)((int)(bytes[s] >> 4) - 8);
  }
}

OP(void, csr_quantized_gemm)
(size_t rows, size_t groups, size_t size, uint32_t bits, in_u32 offsets, in_u32 columns, in_f32 values,
 const uint8_t *codes, in_f32 scales, out_f32 y) {
  size_t bytes = bits == 8 ? size : (size + 1) / 2;
  for (size_t i = 0; i < rows; i++, y += groups * size) {
    for (size_t j = 0; j < groups * size; j++) y[j] = 0;
    for (size_t e = offsets[i]; e < offsets[i + 1]; e++) {
      size_t first = (size_t)columns[e] * groups;
      for (size_t g = 0; g < groups; g++) {
        float x = values[e] * scales[first + g];
        const uint8_t *from = codes + (first + g) * bytes;
        if (bits == 8) FN(add_codes)(size, x, (const int8_t *)from, y + g * size);
        else FN(add_half_codes)(size, x, from, y + g * size);
      }
    }
  }
}
