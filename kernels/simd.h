/*
 * How does one source become code for several instruction sets?
 *
 * Every kernel is written for vectors of VL floats (GCC/Clang vector extensions); VL is the width of the registers of
 * the instruction set that this compilation is for. The build compiles `kernels.c` once per set with -DISA=name and the
 * matching -mcpu; `FN` puts the name into every symbol, so that a profile shows `f32_gemm_8x48__avx512`.
 *
 *   ISA        avx512   avx2   x86_64   arm64   simd128
 *   VL         16       8      4        4       4
 *
 * NaN and infinities are real values here: nothing may be compiled with -ffinite-math-only.
 * Deliberately absent: intrinsics, but for masked loads and gathers, which the vector extensions cannot say.
 */
#ifndef MANYWORLDS_SIMD_H
#define MANYWORLDS_SIMD_H

#include <stddef.h>
#include <stdint.h>

#define PASTE2(a, b) a##__##b
#define PASTE(a, b) PASTE2(a, b)
#define FN(name) PASTE(name, ISA)
#define TEXT2(a) #a
#define TEXT(a) TEXT2(a)

/* OP starts the definition of an operation of ops.h: exported by name from WebAssembly, else reached through a table. */
#ifdef __wasm__
#define OP(result, name) __attribute__((export_name(#name))) result FN(name)
#else
#define OP(result, name) static result FN(name)
#endif

#define INLINE static inline __attribute__((always_inline))
/* Before a loop whose counter indexes registers: it must disappear. */
#ifdef __clang__
#define UNROLL _Pragma("clang loop unroll(full)")
#else
#define UNROLL _Pragma("GCC unroll 32")
#endif
/* For code whose every operation must round on its own, so that backends agree bit for bit. */
#ifdef __clang__
#define NO_CONTRACTION _Pragma("clang fp contract(off)")
#define NO_CONTRACTION_GCC
#else
#define NO_CONTRACTION
#define NO_CONTRACTION_GCC __attribute__((optimize("fp-contract=off")))
#endif

#if defined(__AVX512F__)
#include <immintrin.h>
#define VL 16
#elif defined(__AVX2__)
#include <immintrin.h>
#define VL 8
#else
#define VL 4
#endif

typedef float vf __attribute__((vector_size(VL * 4)));
typedef int32_t vi __attribute__((vector_size(VL * 4)));
typedef uint32_t vu __attribute__((vector_size(VL * 4)));
/* The same in memory, at any address. */
typedef float vf_memory __attribute__((vector_size(VL * 4), aligned(4), may_alias));
typedef uint32_t vu_memory __attribute__((vector_size(VL * 4), aligned(4), may_alias));

INLINE vf load(const float *p) { return *(const vf_memory *)p; }
INLINE void store(float *p, vf x) { *(vf_memory *)p = x; }
INLINE vu load_u32(const uint32_t *p) { return *(const vu_memory *)p; }
INLINE void store_u32(uint32_t *p, vu x) { *(vu_memory *)p = x; }
INLINE vf splat(float x) { return x - (vf){0}; }
INLINE vu splat_u32(uint32_t x) { return x + (vu){0}; }
INLINE vf choose(vi mask, vf yes, vf no) { return (vf)(((vi)yes & mask) | ((vi)no & ~mask)); }

/* The first n < VL floats at p; the other lanes are zero. */
INLINE vf load_some(const float *p, size_t n) {
#if VL == 16
  return _mm512_maskz_loadu_ps((__mmask16)((1u << n) - 1), p);
#else
  vf x = {0};
  for (size_t i = 0; i < n; i++) x[i] = p[i];
  return x;
#endif
}

INLINE void store_some(float *p, vf x, size_t n) {
#if VL == 16
  _mm512_mask_storeu_ps(p, (__mmask16)((1u << n) - 1), x);
#else
  for (size_t i = 0; i < n; i++) p[i] = x[i];
#endif
}

INLINE float sum_lanes(vf x) {
  float s[VL];
  store(s, x);
  for (int w = VL / 2; w > 0; w /= 2)
    for (int i = 0; i < w; i++) s[i] += s[i + w];
  return s[0];
}

INLINE vf square_root(vf x) {
#if defined(__has_builtin) && __has_builtin(__builtin_elementwise_sqrt)
  return __builtin_elementwise_sqrt(x);
#else
  for (int i = 0; i < VL; i++) x[i] = __builtin_sqrtf(x[i]);
  return x;
#endif
}

/*
 * Asks for the cache line at p, or i numbers after p, for reading (0) or writing (1), LINE_FLOATS floats. A hint: that
 * place need not exist, and as an address beyond an array is not to be formed from its pointer, PREFETCH_AT counts in
 * integers. Without it, loops have no reason to go by lines.
 */
#ifdef __wasm__
#define PREFETCH_AT(p, i, write) ((void)(p), (void)(i))
#define LINE_FLOATS VL
#else
#define PREFETCH_AT(p, i, write) __builtin_prefetch((const void *)((uintptr_t)(p) + (i) * sizeof *(p)), (write), 3)
#define LINE_FLOATS 16
#endif
#define PREFETCH(p, write) PREFETCH_AT(p, 0, write)

/*
 * WebAssembly has no prefetch: there the lines of a row of n floats that will be needed soon are read and forgotten, all
 * at once, so that their misses overlap. That takes a fifth off csr_gemm on 300 MB.
 */
INLINE void touch_row(const float *p, size_t n) {
#ifdef __wasm__
  for (size_t j = 0; j < n; j += 16) (void)*(const volatile float *)(p + j);
#else
  (void)p, (void)n;
#endif
}

INLINE void copy_f32(float *to, const float *from, size_t n) {
  size_t i = 0;
  for (; i + VL <= n; i += VL) store(to + i, load(from + i));
  if (i < n) store_some(to + i, load_some(from + i, n - i), n - i);
}

/*
 * Scratch memory of the calling thread: packed panels of gemm, hash states of the label scan. An operation owns it
 * from its start to its end.
 */
#define WORKSPACE_FLOATS (192 * 1024)
#ifdef __wasm__
extern float workspace[WORKSPACE_FLOATS];
#else
extern _Thread_local float workspace[WORKSPACE_FLOATS];
#endif

#endif
