/*
 * One step of an optimiser, dense or on the rows that a batch touched.
 *
 *   sgd      g ← g + decay·w;  v ← momentum·v + g;  w ← w − rate·(v, or g + momentum·v)
 *   adagrad  g ← g + decay·w;  s ← s + g²;          w ← w − rate·g / (√s + ε)
 *   adam     m ← β₁m + (1 − β₁)g;  v ← β₂v + (1 − β₂)g²;  w ← w − decay·w − stepSize·m / (√v·rootScale + ε)
 *   row rms  v ← β₂v + (1 − β₂)·mean of g² over the row;  w ← w − decay·w − rate·g / (√v·rootScale + ε)
 *            with stepSize = rate/(1 − β₁ᵗ), rootScale = 1/√(1 − β₂ᵗ), decay = rate·weightDecay
 *   asgd     g ← g + decay·w;  w ← w − rate·g;           a ← a + share·(w − a)
 *   adadelta g ← g + decay·w;  s ← ρs + (1 − ρ)g²;       Δ = √((u + ε)/(s + ε))·g;  u ← ρu + (1 − ρ)Δ²;  w ← w − rate·Δ
 *   rmsprop  g ← g + decay·w;  s ← αs + (1 − α)g²;       m ← αm + (1 − α)g if centred, else 0
 *            v ← momentum·v + g/(√(s − m²) + ε);         w ← w − rate·v
 *   clamp    g ← min(limit, max(−limit, g)), before any of these
 *
 * ids = null: one dense row of `cols` numbers. Else row i of g belongs to row ids[i] of the parameter; rows lie far
 * apart, so while one is updated the row STEP_AHEAD places on is fetched, line by line.
 *
 * Sources: Duchi, Hazan and Singer, JMLR 12, 2011 (adagrad); Kingma and Ba, ICLR 2015; Loshchilov and Hutter, ICLR 2019
 * (decoupled decay); Polyak and Juditsky, SIAM J. Control Optim. 30, 1992 (asgd); Zeiler, 2012 (adadelta); Tieleman and
 * Hinton, 2012, and Graves, 2013, eq. 38 (rmsprop).
 */

#define STEP_AHEAD 3

/*
 * Runs the last argument for every vector of every row, with w as x, g as d and the states as s, t and q. STATE, STATE2
 * and STATE3 are the arrays that are updated, or null. The tail of a row goes through the same statement, padded with
 * zeros.
 */
#define FOR_ROWS(STATE, STATE2, ...) FOR_ROWS3(STATE, STATE2, NO_STATE, (void)q; __VA_ARGS__)
#define FOR_ROWS3(STATE, STATE2, STATE3, ...)                                                                          \
  for (size_t i = 0; i < count; i++, g += cols) {                                                                      \
    size_t at = (ids ? ids[i] : 0) * cols, ahead = (ids ? ids[i + STEP_AHEAD < count ? i + STEP_AHEAD : i] : 0) * cols;\
    float *wr = w + at, *sr = (STATE ? STATE : w) + at, *tr = (STATE2 ? STATE2 : w) + at;                              \
    float *qr = (STATE3 ? STATE3 : w) + at;                                                                            \
    const float *ws = w + ahead, *ss = (STATE ? STATE : w) + ahead, *ts = (STATE2 ? STATE2 : w) + ahead;               \
    const float *qs = (STATE3 ? STATE3 : w) + ahead;                                                                   \
    if (ids) touch_row(ws, cols), touch_row(ss, STATE ? cols : 0), touch_row(ts, STATE2 ? cols : 0);                   \
    if (ids) touch_row(qs, STATE3 ? cols : 0);                                                                         \
    for (size_t j = 0; j < cols; j += VL) {                                                                            \
      size_t n = cols - j < VL ? cols - j : VL;                                                                        \
      int whole = n == VL;                                                                                             \
      if (ids && j % 16 == 0) {                                                                                        \
        PREFETCH(ws + j, 1);                                                                                           \
        if (STATE) PREFETCH(ss + j, 1);                                                                                \
        if (STATE2) PREFETCH(ts + j, 1);                                                                               \
        if (STATE3) PREFETCH(qs + j, 1);                                                                               \
      }                                                                                                                \
      vf x = whole ? load(wr + j) : load_some(wr + j, n), d = whole ? load(g + j) : load_some(g + j, n);               \
      vf s = !STATE ? d : whole ? load(sr + j) : load_some(sr + j, n);                                                 \
      vf t = !STATE2 ? d : whole ? load(tr + j) : load_some(tr + j, n);                                                \
      vf q = !STATE3 ? d : whole ? load(qr + j) : load_some(qr + j, n);                                                \
      __VA_ARGS__;                                                                                                     \
      if (whole) {                                                                                                     \
        store(wr + j, x);                                                                                              \
        if (STATE) store(sr + j, s);                                                                                   \
        if (STATE2) store(tr + j, t);                                                                                  \
        if (STATE3) store(qr + j, q);                                                                                  \
      } else {                                                                                                         \
        store_some(wr + j, x, n);                                                                                      \
        if (STATE) store_some(sr + j, s, n);                                                                           \
        if (STATE2) store_some(tr + j, t, n);                                                                          \
        if (STATE3) store_some(qr + j, q, n);                                                                          \
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

/*
 * The step of one row of w with moment *v. Two passes over g, which is in the nearest cache for the second; row `ahead`
 * (NULL: none) is fetched meanwhile.
 */
INLINE void FN(row_rms)(size_t cols, const float *g, float *w, const float *ahead, float *v, float rate, float beta2,
                        float root_scale, float epsilon, float decay) {
  vf squares = splat(0);
  for (size_t j = 0; j < cols; j += VL) {
    vf d = cols - j < VL ? load_some(g + j, cols - j) : load(g + j);
    squares += d * d;
  }
  *v = beta2 * *v + (1 - beta2) * (sum_lanes(squares) / (float)cols);
  float step = rate / (__builtin_sqrtf(*v) * root_scale + epsilon);
  for (size_t j = 0; j < cols; j += VL) {
    size_t n = cols - j < VL ? cols - j : VL;
    if (ahead && j % 16 == 0) PREFETCH(ahead + j, 1);
    if (n == VL) {
      vf x = load(w + j);
      store(w + j, x - decay * x - step * load(g + j));
    } else {
      vf x = load_some(w + j, n);
      store_some(w + j, x - decay * x - step * load_some(g + j, n), n);
    }
  }
}

/* Row i's moment is one number, v[ids[i]]. */
OP(void, f32_row_rms_step)
(size_t cols, size_t count, in_u32 ids, out_f32 w, in_f32 g, out_f32 v, float rate, float beta2, float root_scale,
 float epsilon, float decay) {
  if (cols == 0) return;
  for (size_t i = 0; i < count; i++, g += cols) {
    size_t row = ids ? ids[i] : 0;
    const float *ahead = ids ? w + ids[i + STEP_AHEAD < count ? i + STEP_AHEAD : i] * cols : NULL;
    if (ids) touch_row(ahead, cols);
    FN(row_rms)(cols, g, w + row * cols, ahead, v + row, rate, beta2, root_scale, epsilon, decay);
  }
}

/*
 * csr_grad_rows and f32_row_rms_step in one: a row of the gradient is used as soon as it is there, in g [cols], and the
 * rows of w are on their way while sums are made.
 */
OP(void, csr_row_rms_step)
(size_t count, size_t cols, in_u32 ids, in_u32 offsets, in_u32 rows, in_f32 values, in_f32 dy, out_f32 g, out_f32 w,
 out_f32 v, float rate, float beta2, float root_scale, float epsilon, float decay) {
  if (cols == 0) return;
  for (size_t i = 0; i < count; i++) {
    const float *ahead = w + ids[i + AHEAD < count ? i + AHEAD : i] * cols;
    touch_row(ahead, cols);
    PREFETCH(v + ids[i + AHEAD < count ? i + AHEAD : i], 1);
    FN(grad_row)(cols, offsets[i], offsets[i + 1], rows, values, dy, g);
    FN(row_rms)(cols, g, w + ids[i] * cols, ahead, v + ids[i], rate, beta2, root_scale, epsilon, decay);
  }
}

/* What one step of Adam has in common for all numbers. */
typedef struct {
  float step_size, beta1, beta2, root_scale, epsilon, decay;
} FN(Adam);

INLINE void FN(adam_vector)(const FN(Adam) *o, size_t n, const float *g, float *w, float *m, float *v) {
  int whole = n == VL;
  vf d = whole ? load(g) : load_some(g, n), x = whole ? load(w) : load_some(w, n);
  vf s = whole ? load(m) : load_some(m, n), t = whole ? load(v) : load_some(v, n);
  s = o->beta1 * s + (1 - o->beta1) * d;
  t = o->beta2 * t + (1 - o->beta2) * (d * d);
  x = x - o->decay * x - o->step_size * s / (square_root(t) * o->root_scale + o->epsilon);
  if (whole) store(w, x), store(m, s), store(v, t);
  else store_some(w, x, n), store_some(m, s, n), store_some(v, t, n);
}

/*
 * One row; the one `ahead` floats on (0: none) is fetched meanwhile. Not inlined: the two operations below have the same
 * code and with it, wherever a compiler fuses a product with a sum, the same bits.
 */
static __attribute__((noinline)) void FN(adam_row)(const FN(Adam) *o, size_t cols, const float *g, float *w, float *m,
                                                   float *v, ptrdiff_t ahead) {
  size_t j = 0;
  for (; j + VL <= cols; j += VL) {
    if (ahead && j % 16 == 0)
      PREFETCH_AT(w + j, ahead, 1), PREFETCH_AT(m + j, ahead, 1), PREFETCH_AT(v + j, ahead, 1);
    FN(adam_vector)(o, VL, g + j, w + j, m + j, v + j);
  }
  if (j < cols) FN(adam_vector)(o, cols - j, g + j, w + j, m + j, v + j);
}

OP(void, f32_adam_step)
(size_t cols, size_t count, in_u32 ids, out_f32 w, in_f32 g, out_f32 m, out_f32 v, float step_size, float beta1,
 float beta2, float root_scale, float epsilon, float decay) {
  const FN(Adam) o = {step_size, beta1, beta2, root_scale, epsilon, decay};
  for (size_t i = 0; i < count; i++, g += cols) {
    size_t at = ids ? ids[i] * cols : 0, ahead = ids ? ids[i + STEP_AHEAD < count ? i + STEP_AHEAD : i] * cols : at;
    if (ids) touch_row(w + ahead, cols), touch_row(m + ahead, cols), touch_row(v + ahead, cols);
    FN(adam_row)(&o, cols, g, w + at, m + at, v + at, (ptrdiff_t)ahead - (ptrdiff_t)at);
  }
}

/*
 * csr_grad_rows and f32_adam_step in one, as csr_row_rms_step: w, m and v of a row are on their way while sums are made.
 * The time is that of memory, of which two threads want all there is.
 */
OP(void, csr_adam_step)
(size_t count, size_t cols, in_u32 ids, in_u32 offsets, in_u32 rows, in_f32 values, in_f32 dy, out_f32 g, out_f32 w,
 out_f32 m, out_f32 v, float step_size, float beta1, float beta2, float root_scale, float epsilon, float decay) {
  const FN(Adam) o = {step_size, beta1, beta2, root_scale, epsilon, decay};
  for (size_t i = 0; i < count; i++) {
    size_t at = ids[i] * cols, ahead = ids[i + STEP_AHEAD < count ? i + STEP_AHEAD : i] * cols;
    touch_row(w + ahead, cols), touch_row(m + ahead, cols), touch_row(v + ahead, cols);
    FN(grad_row)(cols, offsets[i], offsets[i + 1], rows, values, dy, g);
    FN(adam_row)(&o, cols, g, w + at, m + at, v + at, (ptrdiff_t)ahead - (ptrdiff_t)at);
  }
}

/*
 * The average a of row r is that of step last[r]; the row has stood still since, so what the steps between have made of
 * it is a ← w + f·(a − w), f = Π (1 − 1/(t − start)) over them, a telescoping product. last = null: it is up to date.
 */
OP(void, f32_asgd_step)
(size_t cols, size_t count, in_u32 ids, out_f32 w, in_f32 g, out_f32 average, out_f32 last, float rate, float decay,
 float share, double step, double start) {
  double passed = step - 1 - start;
  FOR_ROWS(average, NO_STATE, {
    (void)t;
    double then = last ? last[ids ? ids[i] : 0] - start : passed;
    float f = then >= passed ? 1.0f : then < 1 ? 0.0f : (float)(then / passed);
    if (f != 1) s = x + f * (s - x);
    x -= rate * (d + decay * x);
    s = share == 1 ? x : s + share * (x - s);
  })
  if (last)
    for (size_t i = 0; i < count; i++) last[ids ? ids[i] : 0] = (float)step;
}

OP(void, f32_adadelta_step)
(size_t cols, size_t count, in_u32 ids, out_f32 w, in_f32 g, out_f32 s_, out_f32 u, float rate, float rho,
 float epsilon, float decay) {
  float rest = 1 - rho;
  FOR_ROWS(s_, u, {
    d += decay * x;
    s = rho * s + rest * (d * d);
    vf move = square_root(t + epsilon) / square_root(s + epsilon) * d;
    t = rho * t + rest * (move * move);
    x -= rate * move;
  })
}

/* mean null: not centred; velocity null: no momentum. s − m² is a variance, below 0 by rounding only. */
OP(void, f32_rmsprop_step)
(size_t cols, size_t count, in_u32 ids, out_f32 w, in_f32 g, out_f32 s_, out_f32 mean, out_f32 velocity, float rate,
 float alpha, float momentum, float epsilon, float decay) {
  float rest = 1 - alpha;
  FOR_ROWS3(s_, mean, velocity, {
    d += decay * x;
    s = alpha * s + rest * (d * d);
    vf spread = s;
    if (mean) {
      t = alpha * t + rest * d;
      spread = s - t * t;
      spread = choose(spread < 0.0f, splat(0.0f), spread);
    }
    vf move = d / (square_root(spread) + epsilon);
    if (velocity) q = move = momentum * q + move;
    x -= rate * move;
  })
}

OP(void, f32_clamp_values)(size_t n, float limit, out_f32 x) {
  for (size_t i = 0; i < n; i += VL) {
    size_t rest = n - i < VL ? n - i : VL;
    vf v = rest == VL ? load(x + i) : load_some(x + i, rest);
    v = choose(v > limit, splat(limit), choose(v < -limit, splat(-limit), v));
    if (rest == VL) store(x + i, v);
    else store_some(x + i, v, rest);
  }
}
