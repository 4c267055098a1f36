/*
 * The parts of the scan over all labels: buckets without multiplications, 16 scores at once, and a heap for each query.
 *
 * Buckets. With x(l) = (a·l + c) mod p and y(l) = x(l) mod B, VL labels further on
 *   x' = x + s − [x ≥ p − s]·p               s = VL·a mod p
 *   y' = (y + d[x ≥ p − s]) mod B            d[0] = s mod B, d[1] = (s − p) mod B
 * and a sum of two numbers below B is reduced by min(y, y − B) in unsigned arithmetic. Sums below 2³² or wrapping
 * exactly: all p < 2³², B < 2³¹.
 *
 * Heaps. Row q of the output arrays is a binary heap with its worst result at the root; worse is the lower score, or,
 * at equal scores, the greater label. Labels come ascending, so a newcomer must have a strictly greater score.
 */
#ifndef MANYWORLDS_LABEL_SCAN_H
#define MANYWORLDS_LABEL_SCAN_H

#include "simd.h"
#include "ops.h"

#define LABEL_BLOCK 64

typedef float f16 __attribute__((vector_size(64)));
typedef int32_t i16 __attribute__((vector_size(64)));
typedef float f16_memory __attribute__((vector_size(64), aligned(4), may_alias));

INLINE f16 load16(const float *p) { return *(const f16_memory *)p; }
INLINE f16 choose16(i16 mask, f16 yes, f16 no) { return (f16)(((i16)yes & mask) | ((i16)no & ~mask)); }

/* p[index[0]], …, p[index[15]]; indices below 2³¹. */
INLINE f16 gather16(const float *p, const uint32_t *index) {
#if VL == 16
  return (f16)_mm512_i32gather_ps(_mm512_loadu_si512(index), p, 4);
#else
  f16 x;
  UNROLL for (int i = 0; i < 16; i++) x[i] = p[index[i]];
  return x;
#endif
}

/* Bit i: a[i] > b[i]. False for NaN. */
INLINE uint32_t greater16(f16 a, f16 b) {
#if VL == 16
  return _mm512_cmp_ps_mask((__m512)a, (__m512)b, _CMP_GT_OQ);
#else
  union {
    i16 lanes;
    uint64_t words[8];
  } m = {a > b};
  uint64_t any = 0;
  UNROLL for (int i = 0; i < 8; i++) any |= m.words[i];
  uint32_t bits = 0;
  if (any)
    for (int i = 0; i < 16; i++) bits |= (uint32_t)(m.lanes[i] & 1) << i;
  return bits;
#endif
}

/* Where one world's hash stands, for VL labels in a row, and the constants that carry it VL labels on. */
typedef struct {
  vu x, y;
  uint32_t step, wrap_from, d[2], base;
} HashState;

INLINE void FN(start_hash)(HashState *state, uint32_t a, uint32_t c, uint32_t p, uint32_t num_buckets, uint32_t base) {
  for (uint32_t i = 0; i < VL; i++) {
    uint32_t x = (uint32_t)(((uint64_t)a * i + c) % p);
    state->x[i] = x;
    state->y[i] = x % num_buckets;
  }
  state->step = (uint32_t)((uint64_t)a * VL % p);
  state->wrap_from = p - state->step;
  state->d[0] = state->step % num_buckets;
  state->d[1] = (num_buckets - state->wrap_from % num_buckets) % num_buckets;
  state->base = base;
}

/* lines[i] ← (base + bucket of the state's i-th label) << shift; the state moves on by LABEL_BLOCK. */
INLINE void FN(next_lines)(HashState *state, uint32_t num_buckets, const int shift, uint32_t *lines) {
  vu x = state->x, y = state->y, step = splat_u32(state->step), wrap_from = splat_u32(state->wrap_from);
  vu d0 = splat_u32(state->d[0]), d1 = splat_u32(state->d[1]);
  for (size_t j = 0; j < LABEL_BLOCK; j += VL) {
    store_u32(lines + j, (y + state->base) << shift);
    vu wraps = (vu)(x >= wrap_from);
    x = (wraps & (x - wrap_from)) | (~wraps & (x + step));
    y += (wraps & d1) | (~wraps & d0);
    vu reduced = y - num_buckets;
    vu less = (vu)(reduced < y);
    y = (less & reduced) | (~less & y);
  }
  state->x = x;
  state->y = y;
}

typedef struct {
  uint32_t *labels;
  float *scores;
  size_t k;
  uint32_t count;
} Heap;

INLINE int FN(worse)(float score, uint32_t label, const Heap *heap, size_t i) {
  return score < heap->scores[i] || (score == heap->scores[i] && label > heap->labels[i]);
}

/* Puts a result at place i or below. */
static void FN(sift_down)(Heap *heap, size_t i, size_t n, float score, uint32_t label) {
  for (size_t child = 2 * i + 1; child < n; child = 2 * i + 1) {
    if (child + 1 < n && FN(worse)(heap->scores[child + 1], heap->labels[child + 1], heap, child)) child++;
    if (FN(worse)(score, label, heap, child)) break;
    heap->scores[i] = heap->scores[child];
    heap->labels[i] = heap->labels[child];
    i = child;
  }
  heap->scores[i] = score;
  heap->labels[i] = label;
}

/* Takes in a result; returns the score that the next one must exceed. */
static float FN(offer)(Heap *heap, float score, uint32_t label) {
  if (heap->count == heap->k) {
    if (score > heap->scores[0]) FN(sift_down)(heap, 0, heap->k, score, label);
    return heap->scores[0];
  }
  size_t i = heap->count++;
  while (i > 0 && FN(worse)(score, label, heap, (i - 1) / 2)) {
    heap->scores[i] = heap->scores[(i - 1) / 2];
    heap->labels[i] = heap->labels[(i - 1) / 2];
    i = (i - 1) / 2;
  }
  heap->scores[i] = score;
  heap->labels[i] = label;
  return heap->count == heap->k ? heap->scores[0] : -__builtin_inff();
}

/* Heap order becomes best first. */
static void FN(sort_heap)(Heap *heap) {
  for (size_t n = heap->count; n > 1; n--) {
    float score = heap->scores[n - 1];
    uint32_t label = heap->labels[n - 1];
    heap->scores[n - 1] = heap->scores[0];
    heap->labels[n - 1] = heap->labels[0];
    FN(sift_down)(heap, 0, n - 1, score, label);
  }
}

#endif
