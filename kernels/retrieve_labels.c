/*
 * Which k labels score best for one query, when there are far more labels than anybody wants to look at?
 *
 * Fagin's threshold algorithm on posting lists that are computed, never stored (bucket_lists.h). Let t_r be any number
 * and the "heads" of world r its buckets with scores above t_r. A label's merged score is at most
 *   T + Σ_r max(0, s_r(h_r(l)) − t_r),   T = Σ_r t_r,
 * so that a label met in no head has at most T, and one met in some heads at most T plus their excesses. With θ, a score
 * that k labels are known to reach, only labels whose excesses add up to θ − T or more need completing.
 *
 *   1  each world's best buckets are sorted; lower convex hulls of their scores, merged by slope, are the best order in
 *      which to lengthen heads: most fall of T for each list
 *   2  survey: some short heads; labels with the greatest excesses are completed; their k-th best score is θ
 *   3  plan: for growing heads, T, the labels to enumerate and those to complete (the expected number, by convolving the
 *      worlds' excesses: buckets of different worlds are independent) are weighed by their measured costs
 *   4  walk: the planned heads' lists, block by block of the label space, one byte of excess a label; whoever reaches
 *      the bound is completed, θ and the bound rise on the way
 * If the plan costs more than completing all labels that may be returned, that is done instead; if it costs more than the
 * scan (flat scores), so is the scan, or the caller is told to, who may have several queries to scan for at once.
 *
 * Exact: excesses are rounded up and sums of R rounded f32 numbers get their error bound for slack. Ties go to the smaller
 * label, since all labels that can reach θ are completed.
 *
 * The budgeted mode marks with 1 the members of each world's m best buckets and completes those met in enough worlds.
 *
 * Sources: Fagin, Lotem, Naor, "Optimal Aggregation Algorithms for Middleware", PODS 2001 (threshold algorithm); block by
 * block accumulators as in Moffat and Zobel, "Self-Indexing Inverted Files for Fast Text Retrieval", ACM TOIS 14(4), 1996.
 * Differs from them: lists in label order are computed; bounds are summed a label, not a list; the depth is planned.
 */
#include "label_walk.h"
#include "retrieval_plan.h"

enum { RETRIEVED_BY_LISTS, RETRIEVED_BY_LABELS, RETRIEVE_BY_SCAN, RETRIEVE_DECLINED };
enum { STAT_COUNT, STAT_METHOD, STAT_LISTS, STAT_ENUMERATED, STAT_COMPLETED };

#define FULL 200 /* marks from T to θ: 255 leaves room for rounding up */

/* Completes the labels with the greatest excesses over some short heads; returns the k-th best score, or −∞. */
static double FN(survey)(Search *search, size_t lists) {
  Place place = FN(start_path)(&search->heads);
  FN(follow_path)(&search->heads, &place, lists);
  double excess[3] = {0}; /* the greatest */
  for (size_t r = 0; r < search->from.num_worlds; r++) {
    const float *top = search->heads.top + r * search->heads.room;
    double x = (double)top[0] - top[search->heads.depth[r]];
    for (size_t i = 0; i < 3; i++)
      if (x > excess[i]) {
        double less = excess[i];
        excess[i] = x;
        x = less;
      }
  }
  double step = (excess[0] + excess[1] + excess[2]) / (LEVELS - 1);
  if (!(step > 0)) return -__builtin_inf();
  double p[LEVELS], labels = (double)search->num_labels * search->density, more = 0;
  FN(convolve_excesses)(search, step, p);
  uint32_t threshold = LEVELS - 1;
  for (; threshold > 1; threshold--) {
    more += p[threshold];
    if (labels * more >= 4.0 * (double)search->k + 64) break;
  }
  search->heap.count = 0;
  search->threshold = threshold;
  search->base = place.base + search->max_bias;
  search->rising = 0;
  FN(start_lists)(search, step, LEVELS - 1);
  FN(walk_labels)(search);
  return search->heap.count == search->k ? (double)search->heap.scores[0] : -__builtin_inf();
}

/* Share of a sample of the labels that may be returned, at least half a label of it. */
static double FN(density)(const LabelScores *from, size_t num_labels) {
  if (!from->codes && !from->allowed) return 1;
  const size_t sample = num_labels < 4096 ? num_labels : 4096;
  double count = 0;
  for (size_t i = 0; i < sample; i++)
    count += FN(bias_of)(from, (uint32_t)(((uint64_t)FN(mix32)((uint32_t)i) * num_labels) >> 32)) != -__builtin_inff();
  return (count < 0.5 ? 0.5 : count) / (double)sample;
}

/* Bounds of sums of f32: how far apart real and rounded sums can lie. Returns 0 for scores that are not finite. */
static int FN(measure_scores)(Search *search) {
  const LabelScores *from = &search->from;
  double magnitudes = 0;
  for (size_t r = 0; r < from->num_worlds; r++) {
    const float *row = from->scores + r * from->num_buckets;
    vf most = {0}, odd = {0};
    size_t b = 0;
    for (; b < from->num_buckets; b += VL) {
      vf x = b + VL <= from->num_buckets ? load(row + b) : load_some(row + b, from->num_buckets - b);
      vf size = choose(x < 0, -x, x);
      most = choose(size > most, size, most);
      odd += x - x; /* NaN from NaN and from infinities */
    }
    if (sum_lanes(odd) != 0) return 0;
    float largest = 0;
    for (int i = 0; i < VL; i++) largest = most[i] > largest ? most[i] : largest;
    magnitudes += largest;
  }
  double largest = 0;
  search->max_bias = 0;
  if (from->codes) {
    search->max_bias = -__builtin_inf();
    for (int i = 0; i < 256; i++) {
      double bias = from->bias[i];
      if (bias != bias || bias == __builtin_inf()) return 0;
      if (bias == -__builtin_inf()) continue;
      if (bias > search->max_bias) search->max_bias = bias;
      if (__builtin_fabs(bias) > largest) largest = __builtin_fabs(bias);
    }
    if (search->max_bias == -__builtin_inf()) return 0;
  }
  search->slack = ((double)from->num_worlds + 4) * 0x1p-24 * 1.01 * (magnitudes + largest);
  return magnitudes < 0x1p120;
}

/* Lists that the sorted heads can lengthen to. */
INLINE size_t FN(path_lists)(const Search *search) {
  return search->heads.room == 0 ? 0 : (search->heads.room - 1) * search->from.num_worlds;
}

/* Sorts longer heads, unless that and planning with them costs too much of `least`, what it may be in vain for. */
static int FN(afford_heads)(Search *search, double least) {
  const Heads *heads = &search->heads;
  const double room = heads->room == 0 ? FIRST_HEADS : 4.0 * (double)heads->room;
  const double world = COST_SCORE * (double)heads->num_buckets + COST_HEAD * room;
  if (COST_PLAN + (double)heads->num_worlds * world > least / 4) return 0;
  return FN(lengthen_heads)(&search->heads);
}

/* Exact by lists, or by completing all labels; returns RETRIEVE_BY_SCAN, with nothing found, where a scan is cheaper. */
static uint32_t FN(search_exactly)(Search *search) {
  const double labels = (double)search->num_labels, worlds = (double)search->from.num_worlds;
  const double scan = search->scan_cost * worlds * labels, clear = COST_CLEAR * labels;
  const double all = clear + COST_COMPLETE * worlds * labels * search->density;
  const double list = COST_LIST + COST_ENUMERATE * labels / (double)search->from.num_buckets;
  const double least = all < scan ? all : scan;
  double bound = -__builtin_inf();
  Plan plan = {0, least, 0};
  /* A better θ is worth a longer survey as long as the plan costs several times as much, and what it may be in vain for. */
  for (size_t surveyed = 4 * search->from.num_worlds;; surveyed *= 4) {
    double cost = clear + (double)surveyed * list;
    if (plan.cost < 4 * cost) break;
    while (FN(path_lists)(search) < surveyed && FN(afford_heads)(search, least)) continue;
    if (FN(path_lists)(search) < surveyed) break;
    double reached = FN(survey)(search, surveyed);
    if (reached > bound) bound = reached;
    if (bound == -__builtin_inf()) continue;
    do plan = FN(plan)(search, bound, least);
    while (plan.at_end && FN(afford_heads)(search, least));
  }
  if (plan.lists == 0) {
    if (scan <= all) return RETRIEVE_BY_SCAN;
    FN(complete_all)(search);
    return RETRIEVED_BY_LABELS;
  }
  Place place = FN(start_path)(&search->heads);
  FN(follow_path)(&search->heads, &place, plan.lists);
  search->heap.count = 0;
  search->base = place.base + search->max_bias;
  search->step = (bound - search->base - search->slack) / FULL;
  search->rising = 1;
  search->threshold = FULL;
  FN(start_lists)(search, search->step, 255);
  FN(walk_labels)(search);
  return RETRIEVED_BY_LISTS;
}

/* Labels that are met in at least `least` worlds' best `most` buckets. */
static void FN(search_budgeted)(Search *search, size_t most, uint32_t least) {
  FN(sort_heads)(&search->heads, most < search->from.num_buckets ? most : search->from.num_buckets);
  for (size_t r = 0; r < search->from.num_worlds; r++) search->heads.depth[r] = (uint32_t)search->heads.room;
  search->heap.count = 0;
  search->rising = 0;
  search->threshold = least;
  FN(start_lists)(search, 0, 1);
  FN(walk_labels)(search);
}

INLINE void *FN(carve)(uint8_t **from, size_t bytes) {
  uint8_t *at = *from;
  *from = at + ((bytes + 63) & ~(size_t)63);
  return at;
}

/* Lays `search` out from `base` on; returns where it ends. Called with address 0 it tells the size. */
static size_t FN(lay_out)(Search *search, uint8_t *base, size_t num_worlds, size_t num_buckets) {
  size_t most = MOST_HEADS / num_worlds, room = most < num_buckets ? most : num_buckets, heads = room * num_worlds;
  uint8_t *at = base;
  search->index = FN(carve)(&at, num_worlds * sizeof(BucketIndex));
  search->heads.keys = FN(carve)(&at, num_buckets * 8);
  search->heads.top = FN(carve)(&at, heads * 4);
  search->heads.top_bucket = FN(carve)(&at, heads * 4);
  search->heads.depth = FN(carve)(&at, num_worlds * 4);
  search->heads.path = FN(carve)(&at, heads * sizeof(Segment));
  search->heads.order = FN(carve)(&at, heads * 8);
  search->marks = FN(carve)(&at, RETRIEVE_BLOCK + VL);
  search->taken = FN(carve)(&at, RETRIEVE_BLOCK / 8);
  search->found = FN(carve)(&at, (FOUND + VL) * 4);
  uint32_t **arrays[] = {&search->lists.label, &search->lists.j,         &search->lists.up,   &search->lists.up_steps,
                         &search->lists.down,  &search->lists.down_steps, &search->lists.last};
  for (size_t i = 0; i < sizeof arrays / sizeof *arrays; i++) *arrays[i] = FN(carve)(&at, (heads + VL) * 4);
  search->lists.weight = FN(carve)(&at, heads + VL);
  return (size_t)(at - base);
}

/* Bytes of scratch that f32_retrieve_labels needs, alignment included. */
OP(uint32_t, retrieve_labels_scratch)(size_t num_worlds, size_t num_buckets) {
  Search search;
  return (uint32_t)FN(lay_out)(&search, (uint8_t *)64, num_worlds, num_buckets) + 64;
}

/*
 * dims: R, p, B, L, k, buckets a world of the budget (0: exact), worlds that it asks for. scan_cost: nanoseconds a label and
 * world at which the caller scans; 0: he does not. stats: STAT_…
 */
OP(void, f32_retrieve_labels)
(in_u32 dims, in_f32 scores, in_u32 hashes, const uint8_t *codes, in_f32 bias, const uint8_t *allowed, float scan_cost,
 uint8_t *scratch, out_u32 out_labels, out_f32 out_scores, double *out_stats) {
  const size_t num_worlds = dims[0], num_labels = dims[3], k = dims[4];
  const uint32_t p = dims[1], num_buckets = dims[2];
  Search search = {.num_labels = num_labels, .k = k, .heap = {out_labels, out_scores, k, 0}};
  search.from = (LabelScores){scores, hashes, num_worlds, p, num_buckets, codes, bias, allowed};
  search.heads.scores = scores;
  search.heads.num_worlds = num_worlds;
  search.heads.num_buckets = num_buckets;
  search.scan_cost = scan_cost > 0 ? scan_cost : COST_SCAN;
  FN(lay_out)(&search, (uint8_t *)(((uintptr_t)scratch + 63) & ~(uintptr_t)63), num_worlds, num_buckets);
  uint32_t method = RETRIEVE_BY_SCAN;
  if (k > 0 && p < 0x80000000u && FN(measure_scores)(&search)) {
    for (size_t r = 0; r < num_worlds; r++)
      search.index[r] = FN(bucket_index)(hashes[2 * r], hashes[2 * r + 1], p, num_buckets);
    search.density = FN(density)(&search.from, num_labels);
    if (dims[5] > 0) {
      FN(search_budgeted)(&search, dims[5], dims[6]);
      method = RETRIEVED_BY_LISTS;
    } else {
      method = FN(search_exactly)(&search);
    }
  }
  if (method == RETRIEVE_BY_SCAN && scan_cost > 0) {
    method = RETRIEVE_DECLINED;
    search.heap.count = 0;
  } else if (method == RETRIEVE_BY_SCAN) {
    FN(f32_top_labels)(scores, 1, num_worlds, hashes, p, num_buckets, num_labels, MERGE_SUM, codes, bias, allowed, k,
                       out_labels, out_scores, &search.heap.count);
  } else {
    FN(sort_heap)(&search.heap);
  }
  out_stats[STAT_COUNT] = search.heap.count;
  out_stats[STAT_METHOD] = method;
  out_stats[STAT_LISTS] = method == RETRIEVED_BY_LISTS ? (double)search.lists.count : 0;
  out_stats[STAT_ENUMERATED] = search.enumerated;
  out_stats[STAT_COMPLETED] = search.completed;
}
