/*
 * How do labels meet in the heads of several worlds, and who of them is completed?
 *
 * Block by block of the label space: every list of every head is walked to the block's end, adding its excess to the marks
 * of its labels; who overflows has reached the threshold and is completed from all worlds, and offered to the heap.
 *
 *   marks [BLOCK + VL]   a byte a label of the block: 256 less the threshold, plus the label's excesses in steps, rounded
 *                        up. The last VL are for lists that have left the block
 *   found                labels waiting for completion, VL of which are hashed side by side
 *   taken [BLOCK/8]      a bit a label of the block that went into the heap: marks may overflow twice
 */
#ifndef MANYWORLDS_LABEL_WALK_H
#define MANYWORLDS_LABEL_WALK_H

#include "bucket_heads.h"
#include "bucket_lists.h"
#include "label_scan.h"
#include "label_scores.h"

#define RETRIEVE_BLOCK (256 * 1024)
#define FOUND 4096 /* labels waiting for completion */

typedef struct {
  LabelScores from;
  size_t num_labels, k;
  double density; /* share of the labels that may be returned */
  double slack, max_bias, scan_cost;
  BucketIndex *index; /* [R] */
  Heads heads;
  uint8_t *marks;
  BucketLists lists;
  uint32_t *found;
  size_t num_found;
  Heap heap;
  uint32_t threshold; /* marks that make a candidate */
  double base, step;  /* T and the excess of one mark */
  int rising;         /* whether the threshold follows the k-th best score */
  int walking;        /* whether labels come from lists */
  uint32_t begin;     /* first label of the block */
  uint8_t *taken;     /* [BLOCK/8] bits of the labels of the block that went into the heap */
  int any_taken;
  double enumerated, completed;
} Search;

/* Steps of excess of the i-th bucket in the head of world r, rounded up, at most `most`. */
INLINE uint32_t FN(weight)(const Search *search, size_t r, size_t i, double step, uint32_t most) {
  const float *top = search->heads.top + r * search->heads.room;
  double excess = (double)top[i] - top[search->heads.depth[r]];
  if (excess <= 0) return 0;
  double weight = excess / step + 1;
  return weight >= (double)most ? most : (uint32_t)weight;
}

/* Whether a label of the block has been taken before: marks far above the threshold overflow twice. */
INLINE int FN(was_taken)(Search *search, uint32_t label) {
  uint32_t at = label - search->begin;
  uint8_t bit = (uint8_t)(1 << (at & 7)), *byte = &search->taken[at >> 3];
  int was = *byte & bit;
  *byte |= bit;
  search->any_taken = 1;
  return was;
}

/* Completes the labels that were found; θ and with it the marks that make a candidate may rise. */
static __attribute__((noinline)) void FN(complete_found)(Search *search) {
  const LabelScores *from = &search->from;
  Heap *heap = &search->heap;
  size_t n = search->num_found;
  search->completed += (double)n;
  for (size_t i = n; i % VL != 0; i++) search->found[i] = 0;
  for (size_t i = 0; i < n; i += VL) {
    vf scores = FN(sum_scores)(from, search->found + i);
    for (size_t lane = 0; lane < VL && i + lane < n; lane++) {
      uint32_t label = search->found[i + lane];
      float score = from->codes ? scores[lane] + from->bias[from->codes[label]] : scores[lane];
      if (heap->count == heap->k && FN(worse)(score, label, heap, 0)) continue;
      if (search->walking && FN(was_taken)(search, label)) continue;
      if (heap->count < heap->k) FN(offer)(heap, score, label);
      else FN(sift_down)(heap, 0, heap->k, score, label);
    }
  }
  search->num_found = 0;
  if (search->rising && heap->count == heap->k) {
    const double bound = ((double)heap->scores[0] - search->base - search->slack) / search->step;
    if (bound > search->threshold) search->threshold = bound >= 255 ? 255 : (uint32_t)bound;
  }
}

/* A label whose marks have reached the threshold. */
static __attribute__((noinline)) void FN(find_label)(Search *search, uint32_t label) {
  if (FN(bias_of)(&search->from, label) == -__builtin_inff()) return;
  search->found[search->num_found++] = label;
  if (search->num_found == FOUND) FN(complete_found)(search);
}

/* bench/scale/stored-index.c puts lists that are read from memory in the place of these. */
#ifdef STORED_LISTS
#include STORED_LISTS
#else

/* Lanes whose label lies below `end`. */
INLINE uint32_t FN(lanes_below)(vu label, uint32_t end) {
#if VL == 16
  return _mm512_cmplt_epu32_mask((__m512i)label, _mm512_set1_epi32((int)end));
#else
  vu below = (vu)(label < end);
  uint32_t any = 0;
  UNROLL for (int i = 0; i < VL; i++) any |= below[i];
  return any;
#endif
}

/* Marks the members in [begin, end) of VL lists, and moves the lists to their first label from `end` on. */
INLINE void FN(walk_lists)(Search *search, size_t at, uint32_t begin, uint32_t end) {
  BucketLists *lists = &search->lists;
  uint8_t *marks = search->marks;
  vu label = load_u32(lists->label + at), j = load_u32(lists->j + at);
  if (FN(lanes_below)(label, end) == 0) return;
  const vu up = load_u32(lists->up + at), up_steps = load_u32(lists->up_steps + at);
  const vu down = load_u32(lists->down + at), down_steps = load_u32(lists->down_steps + at);
  const vu last = load_u32(lists->last + at);
  const uint8_t *weight = lists->weight + at;
  uint8_t *nowhere = marks + (end - begin);
  vu outside;
  UNROLL for (int i = 0; i < VL; i++) outside[i] = end - begin + (uint32_t)i;
  do {
    vu inside = (vu)(label < end);
    uint32_t places[VL];
    store_u32(places, ((label - begin) & inside) | (outside & ~inside));
    __builtin_memset(nowhere, 0, VL);
    UNROLL for (int i = 0; i < VL; i++) {
      uint8_t mark;
      int full = __builtin_add_overflow(marks[places[i]], weight[i], &mark);
      marks[places[i]] = mark;
      if (__builtin_expect(full, 0)) FN(find_label)(search, begin + places[i]);
    }
    vu go_up = (vu)(j < down_steps) & inside, go_down = (vu)(j >= last) & inside;
    label += (go_up & up) + (go_down & down);
    j += (go_up & up_steps) - (go_down & down_steps);
  } while (FN(lanes_below)(label, end));
  store_u32(lists->label + at, label);
  store_u32(lists->j + at, j);
}

/* Starts the lists of all heads; a list's weight is its excess in steps of `step`, or 1 where step is 0. */
static void FN(start_lists)(Search *search, double step, uint32_t most) {
  search->lists.count = 0;
  for (size_t r = 0; r < search->from.num_worlds; r++) {
    for (size_t i = 0; i < search->heads.depth[r]; i++) {
      uint32_t weight = step > 0 ? FN(weight)(search, r, i, step, most) : 1;
      if (weight == 0) continue;
      FN(add_list)(&search->lists, &search->index[r], search->heads.top_bucket[r * search->heads.room + i], weight);
      search->enumerated += (double)search->num_labels / (double)search->from.num_buckets;
    }
  }
  FN(close_lists)(&search->lists);
}

#endif

/* Completes all labels whose marks reach the threshold. */
static void FN(walk_labels)(Search *search) {
  search->num_found = 0;
  search->walking = search->any_taken = 1;
  for (size_t begin = 0; begin < search->num_labels; begin += RETRIEVE_BLOCK) {
    search->begin = (uint32_t)begin;
    if (search->any_taken) __builtin_memset(search->taken, 0, RETRIEVE_BLOCK / 8);
    search->any_taken = 0;
    size_t end = search->num_labels - begin < RETRIEVE_BLOCK ? search->num_labels : begin + RETRIEVE_BLOCK;
    __builtin_memset(search->marks, (int)(256 - search->threshold), end - begin);
    for (size_t i = 0; i < search->lists.count; i += VL) FN(walk_lists)(search, i, (uint32_t)begin, (uint32_t)end);
    FN(complete_found)(search);
  }
}

/* Completes every label that may be returned. Codes are looked at eight at a time: mostly none of them is returned. */
static void FN(complete_all)(Search *search) {
  const uint8_t *codes = search->from.codes, *allowed = search->from.allowed;
  const int skips = codes && search->from.bias[0] == -__builtin_inff();
  search->num_found = 0;
  search->heap.count = 0;
  search->rising = 0;
  search->walking = 0;
  for (size_t begin = 0; begin < search->num_labels; begin += 8) {
    const size_t end = search->num_labels - begin < 8 ? search->num_labels : begin + 8;
    if (allowed && allowed[begin >> 3] == 0) continue;
    if (skips && end == begin + 8) {
      uint64_t eight;
      __builtin_memcpy(&eight, codes + begin, 8);
      if (eight == 0) continue;
    }
    for (size_t label = begin; label < end; label++)
      if (!skips || codes[label]) FN(find_label)(search, (uint32_t)label);
  }
  FN(complete_found)(search);
}

#endif
