/*
 * What are given labels' merged scores? VL labels at a time, from all R worlds, in the order in which the scan adds.
 *
 *   h(l) = ((a·l + c) mod p) mod B without a division: the quotient is a product with 1/p in doubles, at most one off
 *   (a·l + c < 2⁶², a relative error below 2⁻⁵¹, a quotient below 2³¹), and is put right by comparing the remainder.
 */
#ifndef MANYWORLDS_LABEL_SCORES_H
#define MANYWORLDS_LABEL_SCORES_H

#include "simd.h"
#include "ops.h"

typedef int64_t vl __attribute__((vector_size(VL * 8)));
typedef double vd __attribute__((vector_size(VL * 8)));

/* The scores of one query in all worlds, and what is added to or taken from the labels. */
typedef struct {
  const float *scores;    /* [R, B] */
  const uint32_t *hashes; /* [R, 2]: a and c */
  size_t num_worlds;
  uint32_t p, num_buckets;
  const uint8_t *codes;   /* [L] or NULL */
  const float *bias;      /* [256] */
  const uint8_t *allowed; /* [⌈L/8⌉] or NULL */
} LabelScores;

/* x mod m for 0 ≤ x < 2⁶², m < 2³¹; inverse = 1/m. */
INLINE vl FN(remainders)(vl x, int64_t m, double inverse) {
  vl quotient = __builtin_convertvector(__builtin_convertvector(x, vd) * inverse, vl);
  vl r = x - quotient * m;
  r += (r < 0) & m;
  r -= (r >= m) & m;
  return r;
}

/* Sums of the scores of labels[0 … VL − 1], all below p. */
INLINE vf FN(sum_scores)(const LabelScores *from, const uint32_t *labels) {
  const double per_p = 1.0 / (double)from->p, per_bucket = 1.0 / (double)from->num_buckets;
  vl label = __builtin_convertvector(load_u32(labels), vl);
  vf total = {0};
  for (size_t r = 0; r < from->num_worlds; r++) {
    vl x = label * (int64_t)from->hashes[2 * r] + (int64_t)from->hashes[2 * r + 1];
    vl bucket = FN(remainders)(FN(remainders)(x, from->p, per_p), from->num_buckets, per_bucket);
    const float *row = from->scores + r * from->num_buckets;
    vf score;
    UNROLL for (int i = 0; i < VL; i++) score[i] = row[bucket[i]];
    total = r == 0 ? score : total + score;
  }
  return total;
}

INLINE int FN(is_allowed)(const LabelScores *from, uint32_t label) {
  return !from->allowed || (from->allowed[label >> 3] >> (label & 7) & 1);
}

/* Added to a label's score: −∞ where it may not be returned. */
INLINE float FN(bias_of)(const LabelScores *from, uint32_t label) {
  if (!FN(is_allowed)(from, label)) return -__builtin_inff();
  return from->codes ? from->bias[from->codes[label]] : 0.0f;
}

#endif
