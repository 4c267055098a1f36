/*
 * Which k of all L labels score best? An exact scan that hashes on the fly, with no table and no index.
 *
 *   scores [R, B, 16]: the scores of one bucket for 16 queries are one cache line. A label's merged scores for all 16
 *   queries are the sum of R such lines: one load and one addition a world. Only when some lane exceeds its query's
 *   k-th best so far (about k·ln(L/k) times a query) is a heap touched.
 *
 *   scores [R, B, 1]: one query. The vector's lanes are then 16 labels in a row, and lines are gathered.
 *
 * Sums run over r = 0, 1, … in f32, one rounding each, so that all backends agree bit for bit. Labels with a prior of
 * −∞ are dropped before their lines are read. NaN scores compare false and never enter.
 * Source: the estimators are those of Medini et al., NeurIPS 2019, §3 (mean), and the count-min sketch (min, median).
 */
#include "label_scan.h"

typedef struct {
  const float *scores;
  size_t num_queries, num_worlds, num_labels;
  uint32_t num_buckets;
  const uint8_t *codes, *allowed;
  const float *bias;
  HashState *states; /* [R] */
  uint32_t *lines;   /* [R, LABEL_BLOCK] */
  f16 *values;       /* [R]: one label's scores, for the median */
  Heap heaps[QUERY_LANES];
} Scan;

/* Scores of world r for the label at place j of the block (16 queries), or for 16 labels from there (one query). */
INLINE f16 FN(line)(const Scan *scan, const int lanes, size_t r, size_t j) {
  const uint32_t *lines = scan->lines + r * LABEL_BLOCK + j;
  return lanes == 1 ? gather16(scan->scores, lines) : load16(scan->scores + *lines);
}

/* The middle of R values in every lane: bubbles the greater half to the end. */
INLINE f16 FN(median)(f16 *x, size_t n) {
  size_t low = (n - 1) / 2, high = n / 2;
  for (size_t end = n; end > low; end--) {
    f16 greatest = x[0];
    for (size_t i = 1; i < end; i++) {
      f16 next = x[i];
      i16 less = next < greatest;
      x[i - 1] = choose16(less, next, greatest);
      greatest = choose16(less, greatest, next);
    }
    x[end - 1] = greatest;
  }
  return low == high ? x[low] : (x[low] + x[high]) * 0.5f;
}

/* Labels (or, for one query, runs of labels) merged side by side, so that their chains of additions overlap. */
#define ABREAST (VL == 16 ? 4 : VL == 8 ? 2 : 1)

/* Merged scores of the ABREAST places `at`. */
INLINE void FN(merge_scores)(const Scan *scan, const int lanes, const int merge, const uint8_t *at, f16 *total) {
  if (merge == MERGE_MEDIAN) {
    for (size_t i = 0; i < ABREAST; i++) {
      for (size_t r = 0; r < scan->num_worlds; r++) scan->values[r] = FN(line)(scan, lanes, r, at[i]);
      total[i] = FN(median)(scan->values, scan->num_worlds);
    }
    return;
  }
  size_t place[ABREAST];
  UNROLL for (size_t i = 0; i < ABREAST; i++) total[i] = FN(line)(scan, lanes, 0, place[i] = at[i]);
  for (size_t r = 1; r < scan->num_worlds; r++) {
    UNROLL for (size_t i = 0; i < ABREAST; i++) {
      f16 x = FN(line)(scan, lanes, r, place[i]);
      total[i] = merge == MERGE_SUM ? total[i] + x : choose16(x < total[i], x, total[i]);
    }
  }
}

/* Offers the lanes in `hits`; `worst` becomes what the next scores must exceed. */
static __attribute__((noinline)) void FN(take)(Scan *scan, const int lanes, size_t label, const f16 *score,
                                               uint32_t hits, f16 *worst) {
  for (; hits != 0; hits &= hits - 1) {
    int lane = __builtin_ctz(hits);
    size_t found = label + (lanes == 1 ? (size_t)lane : 0);
    if (found >= scan->num_labels) break;
    float bound = FN(offer)(&scan->heaps[lanes == 1 ? 0 : lane], (*score)[lane], (uint32_t)found);
    if (lanes == 1) *worst = bound - (f16){0};
    else (*worst)[lane] = bound;
  }
}

/* Added to a label's score; −∞ leaves it out. */
INLINE float FN(label_bias)(const Scan *scan, size_t label) {
  if (scan->allowed && !(scan->allowed[label >> 3] >> (label & 7) & 1)) return -__builtin_inff();
  return scan->codes ? scan->bias[scan->codes[label]] : 0.0f;
}

INLINE void FN(scan_labels)(Scan *scan, const int lanes, const int merge) {
  const float none = -__builtin_inff();
  const size_t unit = lanes == 1 ? 16 : 1; /* labels in one vector */
  f16 worst = {0};
  for (size_t q = 0; q < 16; q++) worst[q] = lanes == 1 || q < scan->num_queries ? none : -none;
  const int excludes = scan->codes || scan->allowed;
  float bias[LABEL_BLOCK];
  uint8_t live[LABEL_BLOCK + ABREAST]; /* places of labels to score; some beyond the last are merged too, in vain */

  for (size_t first = 0; first < scan->num_labels; first += LABEL_BLOCK) {
    size_t n = scan->num_labels - first < LABEL_BLOCK ? scan->num_labels - first : LABEL_BLOCK, num_live = 0;
    for (size_t r = 0; r < scan->num_worlds; r++)
      FN(next_lines)(&scan->states[r], scan->num_buckets, lanes == 1 ? 0 : 4, scan->lines + r * LABEL_BLOCK);
    if (excludes) {
      for (size_t j = 0; j < LABEL_BLOCK; j++) bias[j] = j < n ? FN(label_bias)(scan, first + j) : none;
      for (size_t j = 0; j < n; j += unit) {
        int any = 0;
        for (size_t i = 0; i < unit; i++) any |= bias[j + i] != none;
        live[num_live] = (uint8_t)j;
        num_live += any;
      }
    } else {
      for (size_t j = 0; j < n; j += unit) live[num_live++] = (uint8_t)j;
    }

    for (size_t i = 0; i + 1 < ABREAST; i++) live[num_live + i] = 0;

    for (size_t i = 0; i < num_live; i += ABREAST) {
      f16 scores[ABREAST];
      FN(merge_scores)(scan, lanes, merge, live + i, scores);
      UNROLL for (size_t u = 0; u < ABREAST; u++) {
        size_t j = live[i + u];
        f16 score = scores[u];
        if (excludes) score = lanes == 1 ? score + load16(bias + j) : score + bias[j];
        uint32_t hits = greater16(score, worst);
        if (__builtin_expect(hits != 0, 0) && i + u < num_live)
          FN(take)(scan, lanes, first + j, &score, hits, &worst);
      }
    }
  }
}

#define SCAN(lanes, merge)                                                                                             \
  static void FN(f32_top_labels_##lanes##_##merge)(Scan * scan) { FN(scan_labels)(scan, lanes, merge); }
SCAN(1, MERGE_SUM)
SCAN(1, MERGE_MIN)
SCAN(1, MERGE_MEDIAN)
SCAN(16, MERGE_SUM)
SCAN(16, MERGE_MIN)
SCAN(16, MERGE_MEDIAN)

#define SCAN_WORKSPACE(worlds) ((worlds) * (sizeof(HashState) + LABEL_BLOCK * sizeof(uint32_t) + sizeof(f16)))
_Static_assert(SCAN_WORKSPACE(MAX_WORLDS) <= sizeof(workspace), "the scan's state fits the workspace");

/* hashes [R, 2]: a and c of each world. */
OP(void, f32_top_labels)
(in_f32 scores, size_t num_queries, size_t num_worlds, in_u32 hashes, uint32_t p, uint32_t num_buckets,
 size_t num_labels, uint32_t merge, const uint8_t *codes, in_f32 bias, const uint8_t *allowed, size_t k, out_u32 out_labels,
 out_f32 out_scores, out_u32 out_counts) {
  static void (*const scans[2][3])(Scan *) = {
      {FN(f32_top_labels_1_MERGE_SUM), FN(f32_top_labels_1_MERGE_MIN), FN(f32_top_labels_1_MERGE_MEDIAN)},
      {FN(f32_top_labels_16_MERGE_SUM), FN(f32_top_labels_16_MERGE_MIN), FN(f32_top_labels_16_MERGE_MEDIAN)}};
  Scan scan = {.scores = scores, .num_queries = num_queries, .num_worlds = num_worlds, .num_labels = num_labels};
  scan.num_buckets = num_buckets;
  scan.codes = codes;
  scan.bias = bias;
  scan.allowed = allowed;
  scan.values = (f16 *)workspace;
  scan.states = (HashState *)(scan.values + num_worlds);
  scan.lines = (uint32_t *)(scan.states + num_worlds);
  for (size_t r = 0; r < num_worlds; r++)
    FN(start_hash)(&scan.states[r], hashes[2 * r], hashes[2 * r + 1], p, num_buckets, (uint32_t)r * num_buckets);
  for (size_t q = 0; q < num_queries; q++)
    scan.heaps[q] = (Heap){out_labels + q * k, out_scores + q * k, k, 0};
  if (k > 0 && num_worlds > 0) scans[num_queries > 1][merge](&scan);
  for (size_t q = 0; q < num_queries; q++) {
    FN(sort_heap)(&scan.heaps[q]);
    out_counts[q] = scan.heaps[q].count;
  }
}

/* out[offset + b·lanes + q] ← x[first_row + q, b]: a transposition, 16 columns at a time. */
OP(void, f32_pack_scores)
(size_t num_queries, size_t num_buckets, size_t first_row, in_f32 x, size_t world_offset, out_f32 out) {
  x += first_row * num_buckets;
  out += world_offset;
  if (num_queries == 1) {
    copy_f32(out, x, num_buckets);
    return;
  }
  for (size_t q = 0; q < QUERY_LANES; q += VL) {
    size_t rows = num_queries <= q ? 0 : num_queries - q < VL ? num_queries - q : VL;
    for (size_t b = 0; b < num_buckets; b += VL) {
      size_t n = num_buckets - b < VL ? num_buckets - b : VL;
      vf block[VL];
      for (size_t i = 0; i < VL; i++) block[i] = i < rows ? load_some(x + (q + i) * num_buckets + b, n) : splat(0);
      FN(transpose)(block);
      for (size_t i = 0; i < n; i++) store(out + (b + i) * QUERY_LANES + q, block[i]);
    }
  }
}
