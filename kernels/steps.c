/*
 * One step of an optimiser, dense or on the rows that a batch touched.
 *
 *   sgd      g ← g + decay·w;  v ← momentum·v + g;  w ← w − rate·(v, or g + momentum·v)
 *   adagrad  g ← g + decay·w;  s ← s + g²;          w ← w − rate·g / (√s + ε)
 *   adam     m ← β₁m + (1 − β₁)g;  v ← β₂v + (1 − β₂)g²;  w ← w − decay·w − stepSize·m / (√v·rootScale + ε)
 *   row rms  v ← β₂v + (1 − β₂)·mean of g² over the row;  w ← w − decay·w − rate·g / (√v·rootScale + ε)
 *            with stepSize = rate/(1 − β₁ᵗ), rootScale = 1/√(1 − β₂ᵗ), decay = rate·weightDecay
 *
 * ids = null: one dense row of `cols` numbers. Else row i of g belongs to row ids[i] of the parameter; rows lie far
 * apart, so while one is updated the row STEP_AHEAD places on is fetched, line by line.
 *
 * Sources: Duchi, Hazan and Singer, JMLR 12, 2011 (adagrad); Kingma and Ba, ICLR 2015; Loshchilov and Hutter, ICLR 2019
 * (decoupled decay).
 */

#define STEP_AHEAD 3

/*
 * Runs the last argument for every vector of every row, with w, g and the states as vf; PARAMETER and STATE are the arrays that
 * are updated, STATE2 a second one or null. The tail of a row goes through the same statement, padded with zeros.
 */
#define FOR_ROWS(STATE, STATE2, ...)                                                                                   \
  for (size_t i = 0; i < count; i++, g += cols) {                                                                      \
    size_t at = (ids ? ids[i] : 0) * cols, ahead = (ids ? ids[i + STEP_AHEAD < count ? i + STEP_AHEAD : i] : 0) * cols;\
    float *wr = w + at, *sr = (STATE ? STATE : w) + at, *tr = (STATE2 ? STATE2 : w) + at;                              \
    const float *ws = w + ahead, *ss = (STATE ? STATE : w) + ahead, *ts = (STATE2 ? STATE2 : w) + ahead;               \
    if (ids) touch_row(ws, cols), touch_row(ss, STATE ? cols : 0), touch_row(ts, STATE2 ? cols : 0);                   \
    for (size_t j = 0; j < cols; j += VL) {                                                                            \
      size_t n = cols - j < VL ? cols - j : VL;                                                                        \
      int whole = n == VL;                                                                                             \
      if (ids && j % 16 == 0) {                                                                                        \
        PREFETCH(ws + j, 1);                                                                                           \
        if (STATE) PREFETCH(ss + j, 1);                                                                                \
        if (STATE2) PREFETCH(ts + j, 1);                                                                               \
      }                                                                                                                \
      vf x = whole ? load(wr + j) : load_some(wr + j, n), d = whole ? load(g + j) : load_some(g + j, n);               \
      vf s = !STATE ? d : whole ? load(sr + j) : load_some(sr + j, n);                                                 \
      vf t = !STATE2 ? d : whole ? load(tr + j) : load_some(tr + j, n);                                                \
      __VA_ARGS__;                                                                                                     \
      if (whole) {                                                                                                     \
        store(wr + j, x);                                                                                              \
        if (STATE) store(sr + j, s);                                                                                   \
        if (STATE2) store(tr + j, t);                                                                                  \
      } else {                                                                                                         \
        store_some(wr + j, x, n);                                                                                      \
        if (STATE) store_some(sr + j, s, n);                                                                           \
        if (STATE2) store_some(tr + j, t, n);                                                                          \
      }                                                                                                                \
    }                                                                                                                  \
  }

#define NO_STATE ((float *)NULL)

OP(void, f32_sgd_step)
(size_t cols, size_t count, in_u32 ids, out_f32 w, in_f32 g, out_f32 velocity, float rate, float momentum,
 uint32_t nesterov, float decay) {
  if (!velocity) {
    FOR_ROWS(NO_STATE, NO_STATE, {
      (void)t, (void)s;
      x -= rate * (d + decay * x);
    })
  } else {
    FOR_ROWS(velocity, NO_STATE, {
      (void)t;
      d += decay * x;
      s = momentum * s + d;
      x -= rate * (nesterov ? d + momentum * s : s);
    })
  }
}

OP(void, f32_adagrad_step)
(size_t cols, size_t count, in_u32 ids, out_f32 w, in_f32 g, out_f32 s_, float rate, float epsilon, float decay) {
  FOR_ROWS(s_, NO_STATE, {
    (void)t;
    d += decay * x;
    s += d * d;
    x -= rate * d / (square_root(s) + epsilon);
  })
}

/* Row i's moment is one number, v[ids[i]]. Two passes over a row of g, which is in the nearest cache for the second. */
OP(void, f32_row_rms_step)
(size_t cols, size_t count, in_u32 ids, out_f32 w, in_f32 g, out_f32 v, float rate, float beta2, float root_scale,
 float epsilon, float decay) {
  if (cols == 0) return;
  for (size_t i = 0; i < count; i++, g += cols) {
    size_t row = ids ? ids[i] : 0, ahead = ids ? ids[i + STEP_AHEAD < count ? i + STEP_AHEAD : i] : 0;
    if (ids) touch_row(w + ahead * cols, cols);
    vf squares = splat(0);
    for (size_t j = 0; j < cols; j += VL) {
      vf d = cols - j < VL ? load_some(g + j, cols - j) : load(g + j);
      squares += d * d;
    }
    v[row] = beta2 * v[row] + (1 - beta2) * (sum_lanes(squares) / (float)cols);
    float step = rate / (__builtin_sqrtf(v[row]) * root_scale + epsilon);
    float *x = w + row * cols;
    for (size_t j = 0; j < cols; j += VL) {
      size_t n = cols - j < VL ? cols - j : VL;
      if (ids && j % 16 == 0) PREFETCH(w + ahead * cols + j, 1);
      if (n == VL) {
        vf y = load(x + j);
        store(x + j, y - decay * y - step * load(g + j));
      } else {
        vf y = load_some(x + j, n);
        store_some(x + j, y - decay * y - step * load_some(g + j, n), n);
      }
    }
  }
}

OP(void, f32_adam_step)
(size_t cols, size_t count, in_u32 ids, out_f32 w, in_f32 g, out_f32 m, out_f32 v, float step_size, float beta1,
 float beta2, float root_scale, float epsilon, float decay) {
  float rest1 = 1 - beta1, rest2 = 1 - beta2;
  FOR_ROWS(m, v, {
    s = beta1 * s + rest1 * d;
    t = beta2 * t + rest2 * (d * d);
    x = x - decay * x - step_size * s / (square_root(t) * root_scale + epsilon);
  })
}
