/*
 * One window of word2vec as small matrix products: C rows of inputs against T rows of targets, all of them shared.
 *
 *   f = in·outᵀ [C, T] · g = weight·(label − σ(f)) · in += g·out, out += gᵀ·in with the rows as they were before
 *
 *   targets go in blocks of 8; a tile of dots is IN_ABREAST × 8 sums, as many as a vector has lanes (or twice that), so
 *   that a fold turns them into f without summing any vector on its own. f and g: [blocks][C, made even][8].
 *   The update holds a column of a block in registers, passes all inputs by it, and stores each row once.
 *
 * Rows are `stride` apart; they are whole vectors: numbers behind `dim` are zero and stay zero.
 *
 * RACE: other threads read and write the same rows. A lost update is one window's step on one row, which Hogwild! (Niu,
 * Recht, Ré, Wright, NIPS 2011) shows to cost little while rows are met seldom; a row read half old, half new is one more
 * such error. No number is ever torn: they are 32 bits, aligned.
 */
#ifndef MANYWORLDS_WORD_WINDOW_H
#define MANYWORLDS_WORD_WINDOW_H

#include "exp_log.h"
#include "simd.h"

enum { TARGET_BLOCK = 8, MOST_TARGETS = 256, MOST_INPUTS = 32, MOST_WORD_DIM = 4096 };
/* 16 sums beside the operands need 32 registers. */
#if VL == 16
enum { IN_ABREAST = 2 };
#else
enum { IN_ABREAST = 1 };
#endif

/* (a, b) → in each pair of neighbouring runs of `run` lanes: a's pair added up, then b's. */
#if VL == 16
#define FOLD_8(a, b)                                                                                                   \
  (__builtin_shufflevector(a, b, 0, 1, 2, 3, 4, 5, 6, 7, 24, 25, 26, 27, 28, 29, 30, 31) +                             \
   __builtin_shufflevector(a, b, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23))
#define FOLD_4(a, b)                                                                                                   \
  (__builtin_shufflevector(a, b, 0, 1, 2, 3, 20, 21, 22, 23, 8, 9, 10, 11, 28, 29, 30, 31) +                           \
   __builtin_shufflevector(a, b, 4, 5, 6, 7, 16, 17, 18, 19, 12, 13, 14, 15, 24, 25, 26, 27))
#define FOLD_2(a, b)                                                                                                   \
  (__builtin_shufflevector(a, b, 0, 1, 18, 19, 4, 5, 22, 23, 8, 9, 26, 27, 12, 13, 30, 31) +                           \
   __builtin_shufflevector(a, b, 2, 3, 16, 17, 6, 7, 20, 21, 10, 11, 24, 25, 14, 15, 28, 29))
#define FOLD_1(a, b)                                                                                                   \
  (__builtin_shufflevector(a, b, 0, 17, 2, 19, 4, 21, 6, 23, 8, 25, 10, 27, 12, 29, 14, 31) +                          \
   __builtin_shufflevector(a, b, 1, 16, 3, 18, 5, 20, 7, 22, 9, 24, 11, 26, 13, 28, 15, 30))
#elif VL == 8
#define FOLD_4(a, b)                                                                                                   \
  (__builtin_shufflevector(a, b, 0, 1, 2, 3, 12, 13, 14, 15) + __builtin_shufflevector(a, b, 4, 5, 6, 7, 8, 9, 10, 11))
#define FOLD_2(a, b)                                                                                                   \
  (__builtin_shufflevector(a, b, 0, 1, 10, 11, 4, 5, 14, 15) + __builtin_shufflevector(a, b, 2, 3, 8, 9, 6, 7, 12, 13))
#define FOLD_1(a, b)                                                                                                   \
  (__builtin_shufflevector(a, b, 0, 9, 2, 11, 4, 13, 6, 15) + __builtin_shufflevector(a, b, 1, 8, 3, 10, 5, 12, 7, 14))
#else
#define FOLD_2(a, b) (__builtin_shufflevector(a, b, 0, 1, 6, 7) + __builtin_shufflevector(a, b, 2, 3, 4, 5))
#define FOLD_1(a, b) (__builtin_shufflevector(a, b, 0, 5, 2, 7) + __builtin_shufflevector(a, b, 1, 4, 3, 6))
#endif

/* Lane i of the result: the sum of the lanes of x[i], i < VL. x is used up. */
INLINE vf FN(fold_lanes)(vf *x) {
#if VL == 16
  UNROLL for (int i = 0; i < 8; i++) x[i] = FOLD_8(x[i], x[i + 8]);
#endif
#if VL >= 8
  UNROLL for (int i = 0; i < 4; i++) x[i] = FOLD_4(x[i], x[i + 4]);
#endif
  UNROLL for (int i = 0; i < 2; i++) x[i] = FOLD_2(x[i], x[i + 2]);
  return FOLD_1(x[0], x[1]);
}

/* f[8c + t] = in[c]·out[t] for c < inputs ≤ IN_ABREAST, t < targets ≤ 8; the other f of the tile become 0. */
INLINE void FN(dot_tile)(const size_t inputs, const size_t targets, size_t n, float *const *in, float *const *out,
                         float *f) {
  vf sum[IN_ABREAST * TARGET_BLOCK];
  UNROLL for (size_t i = 0; i < IN_ABREAST * TARGET_BLOCK; i++) sum[i] = splat(0);
  for (size_t j = 0; j < n; j += VL) {
    vf a[IN_ABREAST];
    UNROLL for (size_t c = 0; c < inputs; c++) a[c] = load(in[c] + j);
    UNROLL for (size_t t = 0; t < targets; t++) {
      vf b = load(out[t] + j);
      UNROLL for (size_t c = 0; c < inputs; c++) sum[TARGET_BLOCK * c + t] += a[c] * b;
    }
  }
  UNROLL for (size_t i = 0; i < IN_ABREAST * TARGET_BLOCK; i += VL) store(f + i, FN(fold_lanes)(sum + i));
}

/*
 * in[c] += Σ g[8c + t]·out[t] and out[t] += Σ g[8c + t]·was[c]. `was` is `in` before the window: the same rows (apart 0)
 * unless an earlier block has changed them already.
 */
INLINE void FN(update_tile)(const size_t targets, const int apart, size_t inputs, size_t n, const float *g,
                            float *const *was, float *const *in, float *const *out) {
  for (size_t j = 0; j < n; j += VL) {
    vf old[TARGET_BLOCK], new[TARGET_BLOCK];
    UNROLL for (size_t t = 0; t < targets; t++) new[t] = old[t] = load(out[t] + j);
    for (size_t c = 0; c < inputs; c++) {
      vf x = load(was[c] + j), even = apart ? load(in[c] + j) : x, odd = splat(0);
      UNROLL for (size_t t = 0; t < targets; t++) {
        vf step = splat(g[TARGET_BLOCK * c + t]);
        if (t % 2 == 0) even += step * old[t];
        else odd += step * old[t];
        new[t] += step * x;
      }
      store(in[c] + j, even + odd);
    }
    UNROLL for (size_t t = 0; t < targets; t++) store(out[t] + j, new[t]);
  }
}

#define TARGET_CASES(X) X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8)

static void FN(dot_block)(size_t inputs, size_t targets, size_t n, float *const *in, float *const *out, float *f) {
  switch (targets) {
#define DOT_CASE(T)                                                                                                    \
  case T: {                                                                                                            \
    size_t c = 0;                                                                                                      \
    for (; c + IN_ABREAST <= inputs; c += IN_ABREAST)                                                                  \
      FN(dot_tile)(IN_ABREAST, T, n, in + c, out, f + TARGET_BLOCK * c);                                               \
    if (c < inputs) FN(dot_tile)(1, T, n, in + c, out, f + TARGET_BLOCK * c);                                          \
    return;                                                                                                            \
  }
    TARGET_CASES(DOT_CASE)
  }
}

static void FN(update_block)(size_t targets, int apart, size_t inputs, size_t n, const float *g, float *const *was,
                             float *const *in, float *const *out) {
  switch (targets) {
#define UPDATE_CASE(T)                                                                                                 \
  case T:                                                                                                              \
    if (apart) FN(update_tile)(T, 1, inputs, n, g, was, in, out);                                                      \
    else FN(update_tile)(T, 0, inputs, n, g, in, in, out);                                                             \
    return;
    TARGET_CASES(UPDATE_CASE)
  }
}

/* What a window trains. `shares`: how often each input stands in the window, NULL for once each. */
typedef struct {
  size_t inputs, targets, n, stride;
  float *const *in;
  float *const *out;
  const float *labels, *shares;
  float *const *was; /* rows that hold what `in` is for the dots; NULL: `in` itself */
} Window;

/* Scratch of the workspace: g, then copies of inputs. What lies behind is the caller's. */
enum {
  WINDOW_G = 0,
  WINDOW_COPIES = (MOST_TARGETS / TARGET_BLOCK) * MOST_INPUTS * TARGET_BLOCK,
  WINDOW_END = WINDOW_COPIES + MOST_INPUTS * MOST_WORD_DIM
};

/* f → g in place; with `measured` returns Σ shares·(−log of the probability of the label), else 0. */
INLINE float FN(window_steps)(const int measured, const Window *w, size_t targets, const float *labels, float alpha,
                              float *f) {
  float rate[16], label[16];
  UNROLL for (size_t i = 0; i < 16; i++) {
    size_t t = i % TARGET_BLOCK;
    rate[i] = t < targets ? alpha : 0;
    label[i] = t < targets ? labels[t] : 0;
  }
  vf loss = splat(0);
  size_t padded = (w->inputs + 1) / 2 * 2 * TARGET_BLOCK;
  for (size_t i = 0; i < padded; i += VL) {
    vf x = load(f + i), wanted = load(label + i % 16), step = load(rate + i % 16);
    vi positive = x >= 0;
    vf e = exp_of_negative(choose(positive, -x, x));
    vf sigmoid = choose(positive, splat(1.0f), e) / (e + 1.0f);
    vf g = step * (wanted - sigmoid);
    if (measured || w->shares) {
      float share[16] = {0};
      for (size_t lane = 0; lane < VL; lane++) {
        size_t c = (i + lane) / TARGET_BLOCK;
        share[lane] = c >= w->inputs || (i + lane) % TARGET_BLOCK >= targets ? 0 : w->shares ? w->shares[c] : 1;
      }
      vf s = load(share);
      if (measured) {
        vf against = choose(wanted > 0.5f, -x, x);
        loss += choose(s > 0, s * (choose(against >= 0, against, splat(0)) + log1p_of_unit(e)), splat(0));
      }
      g *= s;
    }
    store(f + i, g);
  }
  return measured ? sum_lanes(loss) : 0;
}

/* Trains one window. Inputs are distinct rows, as targets are. NaN anywhere shows in all rows of the window. */
static float FN(train_window)(const Window *w, float alpha, int measured) {
  float *const *was = w->was ? w->was : w->in;
  float *copies[MOST_INPUTS];
  int apart = w->was != NULL;
  size_t plane = (w->inputs + 1) / 2 * 2 * TARGET_BLOCK;
  float loss = 0;
  for (size_t t = 0, b = 0; t < w->targets; t += TARGET_BLOCK, b++) {
    size_t count = w->targets - t < TARGET_BLOCK ? w->targets - t : TARGET_BLOCK;
    float *f = workspace + WINDOW_G + b * plane;
    /* The row that makes an odd number of inputs even takes part in the vectors below. */
    if (VL < 16 && w->inputs % 2) UNROLL for (size_t i = 1; i <= TARGET_BLOCK; i++) f[plane - i] = 0;
    FN(dot_block)(w->inputs, count, w->n, was, w->out + t, f);
    loss += measured ? FN(window_steps)(1, w, count, w->labels + t, alpha, f)
                     : FN(window_steps)(0, w, count, w->labels + t, alpha, f);
  }
  if (!apart && w->targets > TARGET_BLOCK) {
    for (size_t c = 0; c < w->inputs; c++) {
      copies[c] = workspace + WINDOW_COPIES + c * w->stride;
      copy_f32(copies[c], w->in[c], w->n);
    }
    was = copies;
    apart = 1;
  }
  for (size_t t = 0, b = 0; t < w->targets; t += TARGET_BLOCK, b++) {
    size_t count = w->targets - t < TARGET_BLOCK ? w->targets - t : TARGET_BLOCK;
    FN(update_block)(count, apart, w->inputs, w->n, workspace + WINDOW_G + b * plane, was, w->in, w->out + t);
  }
  return loss;
}

#endif
