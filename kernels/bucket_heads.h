/*
 * In which order are worlds' buckets worth walking?
 *
 * The head of world r is its i_r best buckets, t_r the score of the next; T = Σ_r t_r bounds what lies outside all heads. To
 * get T low with few buckets, the falling scores of each world are replaced by their lower convex hull, and the segments
 * of all hulls are taken by slope, steepest first: for every number of buckets where segments end, no other choice of
 * heads has a lower T.
 *
 *   top, top_bucket [R, room]  the best buckets of each world, falling, ties by smaller bucket
 *   path                       hull segments, world after world; `order` sorts them by slope
 */
#ifndef MANYWORLDS_BUCKET_HEADS_H
#define MANYWORLDS_BUCKET_HEADS_H

#include "label_scan.h"

#define MOST_HEADS 65536 /* buckets that can stand in heads, all worlds together: MAX_HEADS of the contract */
#define FIRST_HEADS 64   /* of a world that are sorted at first */

/* One step on a world's convex hull: `buckets` further heads lower t by slope · buckets. */
typedef struct {
  float slope;
  uint32_t world, end;
} Segment;

typedef struct {
  const float *scores; /* [R, B] */
  size_t num_worlds, num_buckets;
  uint64_t *keys;     /* [B] */
  size_t room;        /* buckets sorted of each world */
  float *top;         /* [R, room] */
  uint32_t *top_bucket;
  uint32_t *depth;    /* [R] buckets in each head */
  Segment *path;      /* [path_length] */
  uint64_t *order;    /* [path_length] slope and ~position */
  size_t path_length;
} Heads;

/* Order of floats as order of unsigned integers; both zeros are one. */
INLINE uint32_t FN(ordered)(float x) {
  union {
    float f;
    uint32_t u;
  } bits = {.f = x + 0.0f};
  return bits.u & 0x80000000u ? ~bits.u : bits.u | 0x80000000u;
}

/* Descending, as far as the first `wanted`: quicksort that leaves what lies beyond; insertion below 24. */
static void FN(sort_keys)(uint64_t *x, size_t n, size_t wanted) {
  while (n > 24) {
    uint64_t a = x[0], b = x[n / 2], c = x[n - 1];
    uint64_t pivot = a > b ? (b > c ? b : a > c ? c : a) : (a > c ? a : b > c ? c : b);
    size_t i = 0, j = n - 1;
    for (;; i++, j--) {
      while (x[i] > pivot) i++;
      while (x[j] < pivot) j--;
      if (i >= j) break;
      uint64_t swap = x[i];
      x[i] = x[j];
      x[j] = swap;
    }
    size_t left = j + 1;
    if (wanted <= left) {
      n = left;
    } else {
      FN(sort_keys)(x, left, left);
      x += left, n -= left, wanted -= left;
    }
  }
  for (size_t i = 1; i < n; i++) {
    uint64_t value = x[i];
    size_t j = i;
    for (; j > 0 && x[j - 1] < value; j--) x[j] = x[j - 1];
    x[j] = value;
  }
}

/* keys ← (score, bucket) of all scores ≥ bound, best first, ties by smaller bucket; returns how many. */
static size_t FN(collect_keys)(const float *row, size_t n, float bound, uint64_t *keys) {
  size_t count = 0, b = 0;
  for (; b + 16 <= n; b += 16) {
    f16 x = load16(row + b);
    uint32_t below = greater16((f16){0} + bound, x);
    for (uint32_t hits = ~below & 0xffff; hits != 0; hits &= hits - 1) {
      size_t at = b + (size_t)__builtin_ctz(hits);
      keys[count++] = (uint64_t)FN(ordered)(row[at]) << 32 | (uint32_t)~at;
    }
  }
  for (; b < n; b++)
    if (row[b] >= bound) keys[count++] = (uint64_t)FN(ordered)(row[b]) << 32 | (uint32_t)~b;
  return count;
}

#define SAMPLE 256
/* The `wanted` best buckets of a row go to top and top_bucket. A bound from a sample of the row spares the rest sorting. */
static void FN(best_buckets)(const float *row, size_t n, size_t wanted, uint64_t *keys, float *top, uint32_t *bucket) {
  float bound = -__builtin_inff();
  size_t count = 0;
  if (n > 4 * SAMPLE && 8 * wanted < n) {
    uint64_t sample[SAMPLE];
    for (size_t i = 0; i < SAMPLE; i++) sample[i] = (uint64_t)FN(ordered)(row[i * n / SAMPLE]) << 32 | i;
    FN(sort_keys)(sample, SAMPLE, SAMPLE / 2);
    for (size_t rank = 2 + 2 * wanted * SAMPLE / n; count < wanted && rank < SAMPLE / 2; rank *= 2)
      count = FN(collect_keys)(row, n, row[(uint32_t)sample[rank] * n / SAMPLE], keys);
  }
  if (count < wanted) count = FN(collect_keys)(row, n, bound, keys);
  FN(sort_keys)(keys, count, wanted);
  for (size_t i = 0; i < wanted; i++) {
    bucket[i] = ~(uint32_t)keys[i];
    top[i] = row[bucket[i]];
  }
}

/* Sorts the `room` best buckets of each world. */
static void FN(sort_heads)(Heads *heads, size_t room) {
  const size_t n = heads->num_buckets;
  heads->room = room;
  for (size_t r = 0; r < heads->num_worlds; r++)
    FN(best_buckets)(heads->scores + r * n, n, room, heads->keys, heads->top + r * room, heads->top_bucket + r * room);
}

/* The lower convex hulls of all worlds' falling scores, merged: steepest fall for each list first. */
static void FN(trace_path)(Heads *heads) {
  const size_t room = heads->room, worlds = heads->num_worlds;
  Segment *path = heads->path;
  size_t length = 0;
  for (size_t r = 0; r < worlds; r++) {
    const float *y = heads->top + r * room;
    size_t first = length, begin = 0;
    for (size_t i = 1; i < room; i++) {
      uint32_t from = (uint32_t)begin;
      float slope = y[begin] - y[i];
      /* Convexity: a segment that falls less than its successor joins it. */
      while (length > first && path[length - 1].slope <= slope) {
        length--;
        from = length > first ? path[length - 1].end : 0;
        slope = (y[from] - y[i]) / (float)(i - from);
      }
      path[length++] = (Segment){slope, (uint32_t)r, (uint32_t)i};
      begin = i;
    }
  }
  for (size_t i = 0; i < length; i++) heads->order[i] = (uint64_t)FN(ordered)(path[i].slope) << 32 | (uint32_t)~i;
  FN(sort_keys)(heads->order, length, length);
  heads->path_length = length;
}

/* Where on the path heads stand: heads->depth, how many lists, and T. */
typedef struct {
  size_t next, lists;
  double base;
} Place;

static Place FN(start_path)(Heads *heads) {
  Place place = {0, 0, 0};
  for (size_t r = 0; r < heads->num_worlds; r++) {
    heads->depth[r] = 0;
    place.base += heads->top[r * heads->room];
  }
  return place;
}

/* Lengthens heads to at least `lists` lists, or to the path's end. */
static void FN(follow_path)(Heads *heads, Place *place, size_t lists) {
  while (place->next < heads->path_length && place->lists < lists) {
    const Segment *segment = &heads->path[~(uint32_t)heads->order[place->next++]];
    const float *top = heads->top + segment->world * heads->room;
    uint32_t *depth = &heads->depth[segment->world];
    place->base -= (double)top[*depth] - top[segment->end];
    place->lists += segment->end - *depth;
    *depth = segment->end;
  }
}

/* Sorts more heads of each world; returns 0 where there are no more. */
static int FN(lengthen_heads)(Heads *heads) {
  const size_t most = MOST_HEADS / heads->num_worlds;
  size_t room = heads->room == 0 ? FIRST_HEADS : 4 * heads->room;
  if (room > most) room = most;
  if (room > heads->num_buckets) room = heads->num_buckets;
  if (room == heads->room) return 0;
  FN(sort_heads)(heads, room);
  FN(trace_path)(heads);
  return 1;
}

#endif
