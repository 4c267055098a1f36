/*
 * Passes over the examples of a linear model: support vector machine and logistic regression, K outputs.
 *
 *   x [D, K]    example α with features z: s ← zᵀx; for its K outputs the loss ℓ(y·s), y = ±1
 *               x_u ← x_u − rate·(ℓ'(y·s)·y·z_u + decay_u·x_u) for the features u of the example alone
 *
 * K = 1 is binary: y is 1 where the example has a label. Else y_k is 1 where it has label k.
 *
 * Source: Niu et al. 2011, §2, "Sparse SVM": decay_u = 2λ/d_u, d_u examples having feature u. K = 1 is scalar code:
 * its numbers are met in no order, each load takes a line, and gathering them gains little where they are then scattered.
 */

/* −ℓ'(m) and ℓ(m) of a margin m = y·s. */
INLINE float FN(margin_loss)(uint32_t logistic, float m, float *loss) {
  if (!logistic) {
    float slack = 1 - m;
    *loss = slack > 0 || slack != slack ? slack : 0;
    return slack > 0 ? 1.0f : slack != slack ? slack : 0.0f;
  }
  vf sigmoid, softplus = FN(softplus)(splat(-m), &sigmoid);
  *loss = softplus[0];
  return sigmoid[0];
}

/* Four sums, so that one addition does not wait for the other. */
INLINE float FN(sparse_dot)(size_t n, in_u32 columns, in_f32 values, const float *x) {
  float a = 0, b = 0, c = 0, d = 0;
  size_t j = 0;
  for (; j + 4 <= n; j += 4) {
    a += values[j] * x[columns[j]];
    b += values[j + 1] * x[columns[j + 1]];
    c += values[j + 2] * x[columns[j + 2]];
    d += values[j + 3] * x[columns[j + 3]];
  }
  for (; j < n; j++) a += values[j] * x[columns[j]];
  return (a + b) + (c + d);
}

/* s [K] ← Σ values[j]·x[columns[j], :] */
INLINE void FN(sparse_scores)(size_t n, size_t k, in_u32 columns, in_f32 values, const float *x, float *s) {
  for (size_t i = 0; i < k; i++) s[i] = 0;
  for (size_t j = 0; j < n; j++) {
    const float *row = x + (size_t)columns[j] * k;
    const float *ahead = x + (size_t)columns[j + 4 < n ? j + 4 : j] * k;
    size_t i = 0;
    for (; i + VL <= k; i += VL) {
      if (i % 16 == 0) PREFETCH(ahead + i, 1);
      store(s + i, load(s + i) + values[j] * load(row + i));
    }
    if (i < k) store_some(s + i, load_some(s + i, k - i) + values[j] * load_some(row + i, k - i), k - i);
  }
}

/* x[u, :] ← x[u, :] − (step·z_u)·g − shrink_u·x[u, :] for the example's features. RACE: see linear_pass. */
INLINE void FN(update_rows)(size_t n, size_t k, in_u32 columns, in_f32 values, in_f32 decay, float rate, const float *g,
                            float *x) {
  for (size_t j = 0; j < n; j++) {
    float *row = x + (size_t)columns[j] * k, value = rate * values[j];
    float keep = decay ? 1 - rate * decay[columns[j]] : 1.0f;
    size_t i = 0;
    for (; i + VL <= k; i += VL) store(row + i, keep * load(row + i) + value * load(g + i));
    if (i < k) store_some(row + i, keep * load_some(row + i, k - i) + value * load_some(g + i, k - i), k - i);
  }
}

/* Scores to steps g = −ℓ'·y in place; returns the losses' sum. `mistakes`: 1 where the best score is no label's. */
INLINE double FN(output_steps)(uint32_t logistic, size_t k, in_u32 ids, size_t labels, float *s, uint32_t *mistake) {
  size_t best = 0, next = 0;
  double sum = 0;
  for (size_t i = 1; i < k; i++)
    if (s[i] > s[best]) best = i;
  *mistake = 1;
  for (size_t i = 0; i < k; i++) {
    float y = -1, loss;
    if (next < labels && ids[next] == i) {
      y = 1;
      next++;
      if (i == best) *mistake = 0;
    }
    s[i] = y * FN(margin_loss)(logistic, y * s[i], &loss);
    sum += loss;
  }
  return sum;
}

/*
 * RACE: in mode free all of x is read and written by all threads. A component's update may overwrite another's that fell
 * between its load and its store: that one is lost, a step of the size `rate` on one number. Loads and stores of aligned
 * floats are never torn. In modes locked and ordered only the reading races: scores may be some updates old.
 */
OP(double, linear_pass)
(in_u32 dims, float rate, in_u32 offsets, in_u32 columns, in_f32 values, in_u32 label_offsets, in_u32 label_ids,
 in_f32 decay, out_f32 shared, out_f32 own,
 out_f32 base, out_u32 locks, out_u32 turn, in_u32 stop) {
  Pass p = FN(start_pass)(dims, shared, own, base, locks, turn, stop);
  float *x = FN(pass_vector)(&p);
  size_t outputs = dims[PASS_WIDTH], i;
  uint32_t logistic = dims[PASS_KIND];
  float *g = workspace;
  double total = 0;
  while (FN(next_example)(&p, &i)) {
    size_t s = offsets[i], n = offsets[i + 1] - s, labels = label_offsets[i + 1] - label_offsets[i];
    in_u32 u = columns + s;
    in_f32 z = values + s;
    uint32_t mistake;
    if (outputs == 1) {
      float y = labels > 0 ? 1.0f : -1.0f, margin = y * FN(sparse_dot)(n, u, z, x), loss;
      g[0] = y * FN(margin_loss)(logistic, margin, &loss);
      mistake = !(margin > 0);
      if (p.mode != PASS_MISTAKES) total += loss;
    } else {
      FN(sparse_scores)(n, outputs, u, z, x, g);
      double loss = FN(output_steps)(logistic, outputs, label_ids + label_offsets[i], labels, g, &mistake);
      if (p.mode != PASS_MISTAKES) total += loss;
    }
    if (p.mode == PASS_MISTAKES) total += mistake;
    if (p.mode >= PASS_LOSS) continue;
    FN(spin)(p.delay, (uint32_t)i);
    int writes = outputs > 1 || decay || g[0] != 0;
    if (p.mode == PASS_LOCKED && writes && !FN(take_locks)(&p, u, n)) return total;
    if (p.mode == PASS_ORDERED && !FN(await_turn)(&p)) return total;
    if (outputs > 1) {
      FN(update_rows)(n, outputs, u, z, decay, rate, g, x);
    } else if (decay) {
      float step = rate * g[0];
      for (size_t j = 0; j < n; j++) {
        float *w = x + u[j], old = *w;
        *w = old + (step * z[j] - rate * decay[u[j]] * old);
      }
    } else if (writes) {
      float step = rate * g[0];
      for (size_t j = 0; j < n; j++) x[u[j]] += step * z[j];
    }
    if (p.mode == PASS_LOCKED && writes) FN(leave_locks)(&p, u, n * p.locks_a_part);
    if (p.mode == PASS_ORDERED) FN(pass_turn)(&p);
  }
  FN(end_pass)(&p);
  return total;
}

/* Returns the chain's end, which nobody needs: for measuring what a delay of `count` takes. */
OP(double, u32_spin)(uint32_t count) { return FN(spin)(count, 1); }
