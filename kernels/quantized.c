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

/* sum [mt, nt] += a [mt, k]·w [nt, k] at place l, for WIDE codes w of a row. */
#define ADD_PRODUCTS(place, codes_of_row)                                                                              \
  do {                                                                                                                 \
    wide x[4];                                                                                                         \
    UNROLL for (size_t i = 0; i < mt; i++) x[i] = *(const wide_memory *)(a + i * k + (place));                         \
    UNROLL for (size_t j = 0; j < nt; j++) {                                                                           \
      wide w = WIDEN(codes_of_row);                                                                                    \
      UNROLL for (size_t i = 0; i < mt; i++) sum[i * nt + j] += x[i] * w;                                              \
    }                                                                                                                  \
  } while (0)

/* c [mt, nt] of the output's n columns. */
INLINE void FN(quantized_tile)(const uint32_t bits, const size_t mt, const size_t nt, size_t n, size_t k,
                               const float *a, const uint8_t *codes, const float *scales, float *c) {
  wide sum[4 * 8] = {0};
  size_t bytes = bits == 8 ? k : (k + 1) / 2, high = bits == 8 ? 0 : k - bytes, l = 0;
  for (; l + WIDE <= (bits == 8 ? k : high); l += WIDE) {
    const uint8_t *at = codes + l;
    if (bits == 8) {
      ADD_PRODUCTS(l, *(const codes16_memory *)(at + j * bytes));
    } else {
      ADD_PRODUCTS(l, (codes16)(*(const halves16_memory *)(at + j * bytes) & 15) - 8);
      ADD_PRODUCTS(bytes + l, (codes16)(*(const halves16_memory *)(at + j * bytes) >> 4) - 8);
    }
  }
  UNROLL for (size_t i = 0; i < mt; i++) {
    UNROLL for (size_t j = 0; j < nt; j++) {
      float total = FN(sum_wide)(&sum[i * nt + j]);
      for (size_t r = l; r < bytes; r++) {
        uint8_t byte = codes[j * bytes + r];
        if (bits == 8) {
          total += a[i * k + r] * (float)(int8_t)byte;
          continue;
        }
        total += a[i * k + r] * (float)((int)(byte & 15) - 8);
        if (r < high) total += a[i * k + bytes + r] * (float)((int)(byte >> 4) - 8);
      }
      c[i * n + j] = scales[j] * total;
    }
  }
}

INLINE void FN(quantized_gemm)(const uint32_t bits, size_t m, size_t n, size_t k, const float *a, const uint8_t *codes,
                               const float *scales, float *c) {
  size_t bytes = bits == 8 ? k : (k + 1) / 2, i = 0;
#define QUANTIZED_TILE(mt, nt)                                                                                         \
  FN(quantized_tile)(bits, mt, nt, n, k, a + i * k, codes + j * bytes, scales + j, c + i * n + j)
  for (; i + QUANTIZED_ROWS <= m; i += QUANTIZED_ROWS) {
    size_t j = 0;
    for (; j + QUANTIZED_OUTPUTS <= n; j += QUANTIZED_OUTPUTS) QUANTIZED_TILE(QUANTIZED_ROWS, QUANTIZED_OUTPUTS);
    for (; j < n; j++) QUANTIZED_TILE(QUANTIZED_ROWS, 1);
  }
  for (; i < m; i++) {
    size_t j = 0;
    for (; j + QUANTIZED_OUTPUTS_ALONE <= n; j += QUANTIZED_OUTPUTS_ALONE) QUANTIZED_TILE(1, QUANTIZED_OUTPUTS_ALONE);
    for (; j < n; j++) QUANTIZED_TILE(1, 1);
  }
#undef QUANTIZED_TILE
}

OP(void, f32_quantized_gemm)
(size_t m, size_t n, size_t k, uint32_t bits, in_f32 a, const uint8_t *codes, in_f32 scales, out_f32 c) {
  if (bits == 8) FN(quantized_gemm)(8, m, n, k, a, codes, scales, c);
  else FN(quantized_gemm)(4, m, n, k, a, codes, scales, c);
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
