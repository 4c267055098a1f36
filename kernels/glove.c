/*
 * GloVe: counting which words stand near each other, and fitting vectors to the counts.
 *
 *   count_pairs     text as ids ──▶ dense triangle of frequent pairs, list of the others
 *   combine_pairs   list ──▶ sorted list in which every pair stands once
 *   shuffle_triples, glove_step      the training
 *
 * A pair on the way is four u32, (i, j, low, high): i ≤ j and a 64-bit count in units of 2⁻²⁰. Integers add up to the same
 * sum in any order, so the counts do not depend on how much memory there was for them.
 *
 * Source: Pennington, Socher, Manning, "GloVe: Global Vectors for Word Representation", EMNLP 2014, §3 and §4.2.
 */

typedef struct {
  uint32_t i, j, low, high;
} Pair;

enum { SENTENCE_END = 0xffffffffu, MAX_PAIR_WINDOW = 1024 };
/* A dense cell that reaches it moves to the list, long before it could overflow. */
#define DENSE_LIMIT 0x80000000u

/*
 * Counts the pairs of the words ids[from … to) with up to `window` words before each, weight 1/distance, twice for a word
 * with itself. Sentence ends are no words and part what stands around them. Stops early when the list is nearly full.
 */
OP(uint32_t, u32_count_pairs)
(size_t from, size_t to, size_t window, in_u32 ids, in_u32 limits, in_u32 starts, out_u32 dense, size_t capacity,
 out_u32 used, out_u32 list) {
  uint32_t weights[MAX_PAIR_WINDOW + 1];
  for (uint32_t d = 1; d <= window; d++) weights[d] = ((1u << 20) + d / 2) / d;
  Pair *pairs = (Pair *)list;
  size_t n = *used, t = from;
  for (; t < to && n + window <= capacity; t++) {
    uint32_t word = ids[t];
    if (word == SENTENCE_END) continue;
    size_t most = t < window ? t : window;
    for (size_t d = 1; d <= most; d++) {
      uint32_t other = ids[t - d];
      if (other == SENTENCE_END) break;
      uint32_t i = word < other ? word : other, j = word < other ? other : word;
      uint32_t weight = weights[d] << (word == other);
      if (j < limits[i]) {
        uint32_t *cell = dense + (uint32_t)(starts[i] + j);
        weight += *cell;
        if (weight < DENSE_LIMIT) {
          *cell = weight;
          continue;
        }
        *cell = 0;
      }
      pairs[n++] = (Pair){i, j, weight, 0};
    }
  }
  *used = (uint32_t)n;
  return (uint32_t)t;
}

enum { MOST_DIGIT_BITS = 10, MOST_PASSES = 8 };

/*
 * Sorts by (i, j) and adds up equal pairs; @returns how many are left. A radix sort from the last digit: a pass over j's
 * digits, then over i's, moves 16 bytes a pair each. `id_bits`: bits of the largest id, at least 1.
 */
OP(uint32_t, u32_combine_pairs)(size_t n, uint32_t id_bits, out_u32 list, out_u32 scratch) {
  uint32_t passes = (id_bits + MOST_DIGIT_BITS - 1) / MOST_DIGIT_BITS, bits = (id_bits + passes - 1) / passes;
  uint32_t mask = (1u << bits) - 1, *starts = (uint32_t *)workspace;
  Pair *from = (Pair *)list, *to = (Pair *)scratch;
  for (size_t k = 0; k < 2 * passes << bits; k++) starts[k] = 0;
  for (size_t k = 0; k < n; k++) {
    for (uint32_t p = 0; p < passes; p++) {
      starts[(p << bits) + (from[k].j >> (p * bits) & mask)]++;
      starts[((passes + p) << bits) + (from[k].i >> (p * bits) & mask)]++;
    }
  }
  for (uint32_t p = 0; p < 2 * passes; p++) {
    uint32_t *start = starts + (p << bits), sum = 0, shift = p % passes * bits;
    for (uint32_t digit = 0; digit <= mask; digit++) {
      uint32_t count = start[digit];
      start[digit] = sum;
      sum += count;
    }
    for (size_t k = 0; k < n; k++) {
      Pair pair = from[k];
      to[start[(p < passes ? pair.j : pair.i) >> shift & mask]++] = pair;
    }
    Pair *swap = from;
    from = to;
    to = swap;
  }
  /* An even number of passes: the pairs are back where they came from. */
  size_t m = 0;
  for (size_t k = 0; k < n;) {
    Pair pair = from[k];
    uint64_t sum = 0;
    for (; k < n && from[k].i == pair.i && from[k].j == pair.j; k++) sum += (uint64_t)from[k].high << 32 | from[k].low;
    from[m++] = (Pair){pair.i, pair.j, (uint32_t)sum, (uint32_t)(sum >> 32)};
  }
  return (uint32_t)m;
}

typedef struct {
  uint32_t i, j, count;
} Triple;

/* Fisher and Yates, from the end: place k gets one of the places 0 … k. */
OP(void, u32_shuffle_triples)(size_t n, uint32_t seed, out_u32 list) {
  Triple *triples = (Triple *)list;
  uint32_t mixed = FN(mix32)(seed);
  for (size_t k = n; k-- > 1;) {
    size_t other = (size_t)((uint64_t)FN(counter_hash)(mixed, (uint32_t)k) * (k + 1) >> 32);
    Triple swap = triples[k];
    triples[k] = triples[other];
    triples[other] = swap;
  }
}

/* 1/√x for x ≥ 1: a guess from the bits (3.4 % off), then Newton's steps, each squaring 1.2 times the error: 4.7e-6. */
INLINE vf inverse_root(vf x) {
  vf y = (vf)(0x5f375a86 - ((vi)x >> 1)), half = 0.5f * x;
  y = y * (1.5f - half * y * y);
  return y * (1.5f - half * y * y);
}

/* AdaGrad's step on one vector of a word and of a context, their squares `ahead` floats on. Lanes of `is_bias` see `one`. */
INLINE void fit_vectors(float *word, float *context, size_t ahead, vf e, vi is_bias, vf one) {
  vf a = load(word), b = load(context);
  vf ga = e * choose(is_bias, one, b), gb = e * choose(is_bias, one, a);
  vf sa = load(word + ahead), sb = load(context + ahead);
  store(word, a - ga * inverse_root(sa));
  store(context, b - gb * inverse_root(sb));
  store(word + ahead, sa + ga * ga);
  store(context + ahead, sb + gb * gb);
}

#define GLOVE_BLOCK 64
#define GLOVE_AHEAD 2

/*
 * One record after the other: e = f(x)·(w_i·w̃_j + b_i + b̃_j − log x), then AdaGrad's step on w_i, w̃_j, b_i, b̃_j, and for
 * i ≠ j the same for (j, i), whose parameters are others, in the same pass over the two rows.
 *
 *   row of a word   w, b, 0 …│w̃, b̃, 0 …│squares of w, b│squares of w̃, b̃     four parts of `stride` floats, V rows
 *
 * To a bias the other side's vector is 1: the vector that holds it gets a 1 in that lane, where the product leaves it out. Biases
 * take AdaGrad's steps at rate 1, as the authors' tool does; e holds `rate` already, hence 1/rate instead of 1.
 * Behind it all is zero and stays so.
 */
OP(double, f32_glove_step)
(size_t n, size_t dimension, in_u32 list, out_f32 state, float rate, float x_max, float alpha) {
  const Triple *triples = (const Triple *)list;
  size_t stride = (dimension + 16) / 16 * 16, last = dimension / VL * VL;
  vi lane = {0};
  for (int i = 0; i < VL; i++) lane[i] = i;
  vi is_bias = lane == (vi)splat_u32((uint32_t)(dimension - last));
  vf one = splat(1 / rate), scale = splat(1 / x_max);
  float logs[GLOVE_BLOCK], weights[GLOVE_BLOCK];
  double loss = 0;
  for (size_t block = 0; block < n; block += GLOVE_BLOCK) {
    size_t count = n - block < GLOVE_BLOCK ? n - block : GLOVE_BLOCK;
    for (size_t k = 0; k < GLOVE_BLOCK; k++) {
      uint32_t bits = k < count ? triples[block + k].count : 0x3f800000u;
      __builtin_memcpy(&logs[k], &bits, 4);
    }
    for (size_t k = 0; k < GLOVE_BLOCK; k += VL) {
      vf x = load(logs + k), below = log_of(x * scale) * alpha;
      store(weights + k, choose(below < 0.0f, exp_of_negative(below), splat(1)));
      store(logs + k, log_of(x));
    }
    for (size_t k = 0; k < count; k++) {
      Triple now = triples[block + k], next = triples[block + k + GLOVE_AHEAD < n ? block + k + GLOVE_AHEAD : n - 1];
      const float *next_i = state + 4 * stride * next.i, *next_j = state + 4 * stride * next.j;
      float *wi = state + 4 * stride * now.i, *wj = state + 4 * stride * now.j;
      float *ci = wi + stride, *cj = wj + stride;
      vf forward = {0}, backward = {0};
      touch_row(next_i, 4 * stride), touch_row(next_j, 4 * stride);
      for (size_t d = 0; d < 4 * stride; d += 16) PREFETCH(next_i + d, 1), PREFETCH(next_j + d, 1);
      for (size_t d = 0; d < last; d += VL) {
        forward += load(wi + d) * load(cj + d);
        backward += load(wj + d) * load(ci + d);
      }
      vf zero = {0};
      forward += choose(is_bias, zero, load(wi + last) * load(cj + last));
      backward += choose(is_bias, zero, load(wj + last) * load(ci + last));
      float f = weights[k], both = now.i != now.j ? 1.0f : 0.0f;
      float off = sum_lanes(forward) + wi[dimension] + cj[dimension] - logs[k];
      float back = sum_lanes(backward) + wj[dimension] + ci[dimension] - logs[k];
      loss += 0.5 * f * ((double)off * off + (both != 0 ? (double)back * back : 0));
      vf e = splat(rate * f * off), g = splat(both != 0 ? rate * f * back : 0);
      for (size_t d = 0; d < last; d += VL) {
        fit_vectors(wi + d, cj + d, 2 * stride, e, (vi){0}, one);
        if (both != 0) fit_vectors(wj + d, ci + d, 2 * stride, g, (vi){0}, one);
      }
      fit_vectors(wi + last, cj + last, 2 * stride, e, is_bias, one);
      if (both != 0) fit_vectors(wj + last, ci + last, 2 * stride, g, is_bias, one);
    }
  }
  return loss;
}
