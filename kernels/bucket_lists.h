/*
 * Which labels fall into a bucket, in ascending order, without a table?
 *
 *   h(l) = ((a·l + c) mod p) mod B = b   ⇔   a·l + c ≡ b + j·B (mod p) for a j in [0, J),  J = ⌈(p − b)/B⌉
 *   so bucket b holds  x_j = (x₀ + j·g) mod p,  x₀ = a⁻¹·(b − c),  g = a⁻¹·B (mod p): an arithmetic progression.
 *
 * Taken in the order of j the labels jump about. Taken in their own order they do not: the J points x_j on the circle
 * of p places lie at only three different distances (Steinhaus's three-gap theorem). With
 *   (up, i)    the least distance up > 0 with x_{j+i} = x_j + up   for an i in [1, J)
 *   (down, d)  the least distance down > 0 with x_{j−d} = x_j + down for a d in [1, J)
 * i + d ≥ J holds, and the label that follows x_j is
 *   x_j + up         at j + i       if j < J − i
 *   x_j + down       at j − d       if j ≥ d            (never both)
 *   x_j + up + down  at j + i − d   otherwise.
 * Two comparisons and two masked additions a label: a posting list in order that nobody stored. Therefore many lists can
 * be met block by block of the label space, in scratch memory that stays in the cache, whatever L.
 *
 * Numbers: p < 2³¹, so that a label below p and one gap stay below 2³². J = 1: the only gap is p.
 * Sources: Sós, "On the distribution mod 1 of the sequence nα", 1958; Slater, "Gaps and steps for the sequence nθ mod 1",
 * Mathematical Proceedings of the Cambridge Philosophical Society 63, 1967. Its use as an inverted index is ours.
 */
#ifndef MANYWORLDS_BUCKET_LISTS_H
#define MANYWORLDS_BUCKET_LISTS_H

#include "simd.h"
#include "ops.h"

/* The distances between neighbours in a bucket of `count` members. */
typedef struct {
  uint32_t count, up, up_steps, down, down_steps;
} Gaps;

/* One world's hash turned round; gaps for buckets of ⌈p/B⌉ members and of one fewer. */
typedef struct {
  uint32_t p, c, num_buckets, inverse, step;
  Gaps gaps[2];
} BucketIndex;

/* a⁻¹ mod p by the extended Euclidean algorithm; p prime, 0 < a < p < 2³¹. */
INLINE uint32_t FN(inverse)(uint32_t a, uint32_t p) {
  int64_t r0 = p, r1 = a, t0 = 0, t1 = 1;
  while (r1 != 0) {
    int64_t q = r0 / r1, r = r0 - q * r1, t = t0 - q * t1;
    r0 = r1, r1 = r, t0 = t1, t1 = t;
  }
  return (uint32_t)(t0 < 0 ? t0 + p : t0);
}

/* The gaps of `count` points g apart on a circle of p places, by Euclid's algorithm on (g, p − g). */
INLINE Gaps FN(gaps)(uint32_t g, uint32_t p, uint32_t count) {
  if (count < 2) return (Gaps){count, p, 0, p, 1};
  Gaps gaps = {count, g, 1, p - g, 1};
  while (gaps.up_steps + gaps.down_steps < count) {
    uint32_t *far = &gaps.up, *far_steps = &gaps.up_steps, near = gaps.down, near_steps = gaps.down_steps;
    if (gaps.up < gaps.down) {
      far = &gaps.down, far_steps = &gaps.down_steps, near = gaps.up, near_steps = gaps.up_steps;
    }
    uint32_t times = (*far - 1) / near, room = (count - 1 - *far_steps) / near_steps;
    if (times > room) times = room;
    *far -= times * near;
    *far_steps += times * near_steps;
  }
  return gaps;
}

INLINE BucketIndex FN(bucket_index)(uint32_t a, uint32_t c, uint32_t p, uint32_t num_buckets) {
  BucketIndex index = {.p = p, .c = c, .num_buckets = num_buckets, .inverse = FN(inverse)(a, p)};
  index.step = (uint32_t)((uint64_t)index.inverse * (num_buckets % p) % p);
  uint32_t most = (p - 1) / num_buckets + 1;
  index.gaps[0] = FN(gaps)(index.step, p, most);
  index.gaps[1] = FN(gaps)(index.step, p, most - 1);
  return index;
}

/* The least label of a bucket (of all p places), and its j. */
typedef struct {
  uint32_t label, j;
} ListStart;

/*
 * Solves for the lattice point near (label 0, j = J/2) in the basis (up, i), (down, −d), whose determinant is p, then
 * walks to the least label. The walk is a few steps, and never more than the list is long.
 */
INLINE ListStart FN(list_start)(const BucketIndex *index, const Gaps *gaps, uint32_t bucket) {
  const uint32_t p = index->p;
  const int64_t count = gaps->count, up = gaps->up, down = gaps->down, i = gaps->up_steps, d = gaps->down_steps;
  int64_t label = (int64_t)((uint64_t)index->inverse * ((bucket + p - index->c) % p) % p), j = 0;
  if (count < 2) return (ListStart){(uint32_t)label, 0};
  double half = 0.5 * (double)count;
  int64_t ups = (int64_t)(((double)down * half - (double)label * (double)d) / (double)p);
  int64_t downs = (int64_t)(-((double)up * half + (double)label * (double)i) / (double)p);
  label += ups * up + downs * down;
  j += ups * i - downs * d;
  while (j < 0 || j >= count) {
    if (j < 0 && label < 0) j += i, label += up;
    else if (j < 0) j += d, label -= down;
    else if (label < 0) j -= d, label += down;
    else j -= i, label -= up;
  }
  while (label < 0) {
    if (j < count - i) label += up, j += i;
    else if (j >= d) label += down, j -= d;
    else label += up + down, j += i - d;
  }
  for (;;) {
    int64_t before = label, at = j;
    if (j >= i) before -= up, at -= i;
    else if (j < count - d) before -= down, at += d;
    else before -= up + down, at += d - i;
    if (before < 0) break;
    label = before, j = at;
  }
  return (ListStart){(uint32_t)label, (uint32_t)j};
}

/* Lists side by side, as arrays of equal length: the state (label, j) and the constants of a step. */
typedef struct {
  uint32_t *label, *j, *up, *up_steps, *down, *down_steps, *last; /* last: J − up_steps */
  uint8_t *weight;                                                /* what meeting a label in this list adds */
  size_t count;
} BucketLists;

INLINE void FN(add_list)(BucketLists *lists, const BucketIndex *index, uint32_t bucket, uint32_t weight) {
  const Gaps *gaps = &index->gaps[(index->p - 1 - bucket) / index->num_buckets + 1 != index->gaps[0].count];
  ListStart start = FN(list_start)(index, gaps, bucket);
  size_t n = lists->count++;
  lists->label[n] = start.label;
  lists->j[n] = start.j;
  lists->up[n] = gaps->up;
  lists->up_steps[n] = gaps->up_steps;
  lists->down[n] = gaps->down;
  lists->down_steps[n] = gaps->down_steps;
  lists->last[n] = gaps->count - gaps->up_steps;
  lists->weight[n] = (uint8_t)weight;
}

/* Fills up to a multiple of VL with lists that have no labels. */
INLINE void FN(close_lists)(BucketLists *lists) {
  for (; lists->count % VL != 0; lists->count++) {
    size_t n = lists->count;
    lists->label[n] = UINT32_MAX;
    lists->j[n] = lists->up[n] = lists->up_steps[n] = lists->down[n] = lists->down_steps[n] = lists->last[n] = 0;
    lists->weight[n] = 0;
  }
}

#endif
