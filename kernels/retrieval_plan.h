/*
 * How far should each world's best buckets be walked?
 *
 * Longer heads cost enumeration; shorter ones a higher T, and with it more labels whose excesses could reach θ − T. How many
 * is known before any label is looked at: hashes of different worlds are independent, so that a label's excess is a sum of
 * R independent draws, whose distribution is the convolution of the worlds' own. Along the path of bucket_heads.h, at
 * lengths a quarter apart, both costs are added, and the cheapest heads are taken.
 */
#ifndef MANYWORLDS_RETRIEVAL_PLAN_H
#define MANYWORLDS_RETRIEVAL_PLAN_H

#include "label_walk.h"

#define LEVELS 64 /* steps of excess that are told apart */

/* Nanoseconds on a processor with AVX-512 at 3 to 4 GHz; only their ratios matter (bench/scale). */
#define COST_CLEAR 0.015     /* a label of the label space: clearing its mark */
#define COST_ENUMERATE 0.65  /* a member of a list: next label, mark */
#define COST_LIST 100.0      /* sorting a head and starting its list */
#define COST_COMPLETE 1.4    /* a label and world: hash and sum */
#define COST_SCAN 0.56       /* a label and world of the scan of one query */
#define COST_SCORE 0.5       /* a score that is looked at for the heads */
#define COST_HEAD 60.0       /* a bucket sorted into a head, and planned with */
#define COST_PLAN 100000.0   /* planning, however short the heads */

/* p[v] ← the chance that a label's excesses, rounded up, make v steps; v = LEVELS − 1: that or more. */
static void FN(convolve_excesses)(const Search *search, double step, double p[LEVELS]) {
  const uint32_t most = LEVELS - 1;
  for (size_t v = 0; v < LEVELS; v++) p[v] = v == 0;
  for (size_t r = 0; r < search->from.num_worlds; r++) {
    uint32_t count[LEVELS] = {0}, used[LEVELS];
    size_t num_used = 0;
    double stay = 1, share = 1.0 / (double)search->from.num_buckets;
    for (size_t i = 0; i < search->heads.depth[r]; i++) {
      uint32_t level = FN(weight)(search, r, i, step, most);
      if (level == 0) continue;
      if (count[level]++ == 0) used[num_used++] = level;
      stay -= share;
    }
    for (size_t u = 0; u < num_used; u++)
      for (size_t v = most - used[u]; v < most; v++) p[most] += share * count[used[u]] * p[v];
    for (size_t v = most; v-- > 0;) {
      double sum = stay * p[v];
      for (size_t u = 0; u < num_used; u++)
        if (used[u] <= v) sum += share * count[used[u]] * p[v - used[u]];
      p[v] = sum;
    }
  }
}

typedef struct {
  size_t lists;
  double cost;
  int at_end; /* longer heads than are sorted would be better still */
} Plan;

/* The cheapest heads that prove every label below `bound` not to be among the best; none if they cost `limit` or more. */
static Plan FN(plan)(Search *search, double bound, double limit) {
  const double labels = (double)search->num_labels, worlds = (double)search->from.num_worlds;
  const double list = COST_LIST + COST_ENUMERATE * labels / (double)search->from.num_buckets;
  const double clear = COST_CLEAR * labels;
  Plan best = {0, limit - clear, 0};
  Place place = FN(start_path)(&search->heads);
  double p[LEVELS];
  for (size_t wanted = 1;; wanted = place.lists + 1 + place.lists / 4) {
    FN(follow_path)(&search->heads, &place, wanted);
    double rest = bound - place.base - search->max_bias - search->slack, cost = list * (double)place.lists;
    int at_end = place.next == search->heads.path_length;
    if (cost >= best.cost) break;
    if (rest > 0) {
      FN(convolve_excesses)(search, rest / (LEVELS - 1), p);
      cost += COST_COMPLETE * worlds * labels * search->density * p[LEVELS - 1];
      if (cost < best.cost) best = (Plan){place.lists, cost, at_end};
    }
    if (at_end) {
      best.at_end |= best.lists == 0;
      break;
    }
  }
  best.cost += clear;
  return best;
}

#endif
