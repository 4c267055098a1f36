/*
 * word2vec over a stream of word ids: sub-sampling, windows, negatives and paths drawn here, so that JavaScript hands over
 * ten thousand words at a time and touches none of them.
 *
 *   ids ──keep?──▶ sentence (≤ 1000 words, kept in `state` between calls) ──full or ended──▶ window after window
 *   skip-gram: the window's words are the inputs, the centre word is what they predict (targets: it and its negatives)
 *   CBOW: the mean of the window's words is the one input
 *
 * Everything random is counterHash(seed + purpose, position), position counting the ids of the stream: the result does
 * not depend on how the stream is cut into calls. The targets of window s + AHEAD_WINDOWS are drawn while window s is
 * trained, and their rows fetched.
 *
 * Why negatives are not shared by more than one window: measured on 20 MB of English, one thread, 5 iterations, sharing them
 * by 2, 4 or 8 windows saves 6, 10 and 15 % of the time, and 10.9 % of analogies solved become 10.6, 9.1 and 7.8 %.
 *
 *   state: [0] words in the sentence · [1] ids seen · [2] inputs whose loss was measured, added up · [3] unused ·
 *          [4, 1004) the sentence's words · [1004, 2004) their positions
 *
 * Sources: Mikolov, Sutskever, Chen, Corrado, Dean, "Distributed Representations of Words and Phrases and their
 * Compositionality", NIPS 2013; the negatives of a window shared by its words: Ji, Satish, Li, Dubey, "Parallelizing
 * Word2Vec in Shared and Distributed Memory", 2016, §III.
 */
#include "word_window.h"

enum { SENTENCE_WORDS = 1000, STATE_WORDS = 4, AHEAD_WINDOWS = 2, TARGET_SLOTS = 4, MEASURED_WINDOWS = 16 };
enum { WORDS_CBOW = 1 };

typedef struct {
  size_t count;
  float *rows[MOST_TARGETS];
  float labels[MOST_TARGETS];
} Targets;

typedef struct {
  uint32_t seed, num_words, window, negatives, cbow;
  size_t n, stride;
  const uint32_t *thresholds, *aliases, *path_offsets, *path_nodes;
  const float *path_codes;
  float *input, *output, *nodes;
} WordModel;

INLINE void FN(fetch_row)(const float *row, size_t n) {
  for (size_t j = 0; j < n; j += 16) PREFETCH(row + j, 1);
  touch_row(row, n);
}

/* Draw i of `count` below `count` words: the high half of r·V is a cell of the alias table, the low half cuts it. */
INLINE uint32_t FN(alias_draw)(const WordModel *m, uint32_t r) {
  uint64_t product = (uint64_t)r * m->num_words;
  uint32_t cell = (uint32_t)(product >> 32), alias = m->aliases[cell];
  /* No branch: half of these would be predicted wrongly. */
  uint32_t is_alias = -(uint32_t)((uint32_t)product >= m->thresholds[cell]);
  return cell ^ ((cell ^ alias) & is_alias);
}

/* The rows that `word` at `position` is predicted with, each once. A negative that is met already is left out. */
static void FN(choose_targets)(const WordModel *m, uint32_t word, uint32_t position, Targets *out) {
  uint32_t ids[MOST_TARGETS], draws[MOST_TARGETS + VL];
  size_t n = 0;
  if (m->output) {
    uint32_t mixed = FN(mix32)(m->seed + 2);
    for (size_t i = 0; i < m->negatives; i += VL)
      store_u32(draws + i, FN(counter_hashes)(mixed, position * m->negatives + (uint32_t)i));
    ids[n++] = word;
    for (size_t i = 0; i < m->negatives; i++) {
      uint32_t id = FN(alias_draw)(m, draws[i]), met = 0;
      for (size_t k = 0; k < n; k++) met |= ids[k] == id;
      ids[n] = id;
      n += !met;
    }
    for (size_t k = 0; k < n; k++) {
      out->rows[k] = m->output + ids[k] * m->stride;
      out->labels[k] = k == 0;
    }
  }
  if (m->nodes) {
    for (size_t e = m->path_offsets[word]; e < m->path_offsets[word + 1]; e++, n++) {
      out->rows[n] = m->nodes + m->path_nodes[e] * m->stride;
      out->labels[n] = 1 - m->path_codes[e];
    }
  }
  out->count = n;
  for (size_t k = 0; k < n; k++) FN(fetch_row)(out->rows[k], m->n);
}

/* Inputs are the words of the window, in groups, equal ones as one with a share of more than one. */
INLINE float FN(train_skip_gram)(const WordModel *m, const Targets *targets, const uint32_t *words, size_t from,
                                 size_t centre, size_t to, float alpha, int measured) {
  float *rows[MOST_INPUTS], shares[MOST_INPUTS], loss = 0;
  uint32_t ids[MOST_INPUTS];
  Window w = {0, targets->count, m->n, m->stride, rows, targets->rows, targets->labels, NULL, NULL};
  for (size_t s = from; s < to;) {
    size_t inputs = 0;
    int repeated = 0;
    for (; s < to && inputs < MOST_INPUTS; s++) {
      if (s == centre) continue;
      uint32_t id = words[s];
      size_t k = 0;
      while (k < inputs && ids[k] != id) k++;
      if (k < inputs) {
        shares[k]++;
        repeated = 1;
        continue;
      }
      ids[inputs] = id;
      shares[inputs] = 1;
      rows[inputs++] = m->input + id * m->stride;
    }
    if (inputs == 0) continue;
    w.inputs = inputs;
    w.shares = repeated ? shares : NULL;
    loss += FN(train_window)(&w, alpha, measured);
  }
  return loss;
}

INLINE float FN(train_cbow)(const WordModel *m, const Targets *targets, const uint32_t *words, size_t from,
                            size_t centre, size_t to, float alpha, int measured) {
  float *mean = workspace + WINDOW_END, *step = mean + MOST_WORD_DIM;
  float scale = 1.0f / (float)(to - from - 1);
  for (size_t j = 0; j < m->n; j += VL) {
    vf sum = splat(0);
    for (size_t s = from; s < to; s++)
      if (s != centre) sum += load(m->input + words[s] * m->stride + j);
    store(mean + j, sum * scale);
    store(step + j, splat(0));
  }
  Window w = {1, targets->count, m->n, m->stride, &step, targets->rows, targets->labels, NULL, &mean};
  float loss = FN(train_window)(&w, alpha, measured);
  for (size_t s = from; s < to; s++) {
    if (s == centre) continue;
    float *row = m->input + words[s] * m->stride;
    for (size_t j = 0; j < m->n; j += VL) store(row + j, load(row + j) + load(step + j));
  }
  return loss;
}

/* Trains on a sentence. *measured grows by the inputs whose loss is in the result. */
static double FN(train_sentence)(const WordModel *m, const uint32_t *words, const uint32_t *positions, size_t length,
                                 float alpha, uint32_t *measured) {
  Targets slots[TARGET_SLOTS];
  uint32_t mixed = FN(mix32)(m->seed + 1);
  double loss = 0;
  if (length < 2) return 0;
  for (size_t s = 0; s < AHEAD_WINDOWS && s < length; s++)
    FN(choose_targets)(m, words[s], positions[s], &slots[s % TARGET_SLOTS]);
  for (size_t s = 0; s < length; s++) {
    size_t ahead = s + AHEAD_WINDOWS, entering = ahead + m->window;
    if (ahead < length) FN(choose_targets)(m, words[ahead], positions[ahead], &slots[ahead % TARGET_SLOTS]);
    if (entering < length) FN(fetch_row)(m->input + words[entering] * m->stride, m->n);
    size_t shrunk = (size_t)((uint64_t)FN(counter_hash)(mixed, positions[s]) * m->window >> 32);
    size_t reach = m->window - shrunk;
    size_t from = s < reach ? 0 : s - reach, to = s + reach + 1 < length ? s + reach + 1 : length;
    int is_measured = positions[s] % MEASURED_WINDOWS == 0;
    const Targets *targets = &slots[s % TARGET_SLOTS];
    if (m->cbow) loss += FN(train_cbow)(m, targets, words, from, s, to, alpha, is_measured);
    else loss += FN(train_skip_gram)(m, targets, words, from, s, to, alpha, is_measured);
    if (is_measured) *measured += m->cbow ? 1 : (uint32_t)(to - from - 1);
  }
  return loss;
}

/* dims: ids, flush, seed, dim, stride, words, window, negatives, flags. output NULL: no negatives; nodes NULL: no tree. */
OP(double, f32_train_words)
(in_u32 dims, float alpha, in_u32 ids, in_u32 keep, in_u32 thresholds, in_u32 aliases, in_u32 path_offsets,
 in_u32 path_nodes, in_f32 path_codes, out_f32 input, out_f32 output, out_f32 nodes, out_u32 state) {
  size_t count = dims[0];
  WordModel m = {dims[2], dims[5], dims[6], dims[7], dims[8] & WORDS_CBOW, (dims[3] + VL - 1) / VL * VL, dims[4],
                 thresholds, aliases, path_offsets, path_nodes, path_codes, input, output, nodes};
  uint32_t *words = state + STATE_WORDS, *positions = words + SENTENCE_WORDS;
  uint32_t length = state[0], position = state[1], mixed = FN(mix32)(m.seed);
  double loss = 0;
  for (size_t i = 0; i < count; i++, position++) {
    uint32_t id = ids[i];
    if (id < m.num_words) {
      words[length] = id;
      positions[length] = position;
      length += FN(counter_hash)(mixed, position) <= keep[id];
      if (length < SENTENCE_WORDS) continue;
    }
    loss += FN(train_sentence)(&m, words, positions, length, alpha, &state[2]);
    length = 0;
  }
  if (dims[1]) {
    loss += FN(train_sentence)(&m, words, positions, length, alpha, &state[2]);
    length = 0;
  }
  state[0] = length;
  state[1] = position;
  return loss;
}
