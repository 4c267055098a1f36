/*
 * Passes over the edges of a graph whose vertices are to be shared out among K terminals: the multiway cut's relaxation.
 *
 *   minimise Σ w_uv·‖x_u − x_v‖₁, every x_v on the simplex {ζ ≥ 0, Σ ζ = 1}; x [V, K]
 *   x_u ← Π(x_u − rate·w·sign(x_u − x_v)), x_v ← Π(x_v + rate·w·sign(x_u − x_v))      Π: onto the simplex
 *
 * Vertices marked as fixed (the terminals) stay where they are.
 *
 * Source: Niu et al. 2011, §2, "Graph Cuts"; the relaxation: Călinescu, Karloff, Rabani, "An improved approximation
 * algorithm for multiway cut", STOC 1998; the projection: Michelot, "A finite algorithm for finding the projection of a
 * point onto the canonical simplex of Rⁿ", JOTA 1986.
 */

/*
 * A row whose sum is 1 but for roundings is not shifted: each zero would become dust, and dust has a sign, along which the
 * next edge would take a whole step.
 */
#define LEAST_SHIFT 0x1p-22f

/* x [n] ← its nearest point of the simplex. Each round drops what lies below the threshold; at most n rounds. */
INLINE void FN(project_on_simplex)(size_t n, float *x) {
  float theta = -__builtin_inff();
  size_t kept = n + 1;
  for (;;) {
    vf sum = splat(0), count = splat(0);
    size_t j = 0;
    for (; j + VL <= n; j += VL) {
      vf v = load(x + j);
      sum += choose(v <= theta, splat(0), v);
      count += choose(v <= theta, splat(0), splat(1));
    }
    float s = sum_lanes(sum), c = sum_lanes(count);
    for (; j < n; j++) {
      if (x[j] <= theta) continue; /* NaN is kept */
      s += x[j];
      c++;
    }
    if ((size_t)c >= kept || c == 0) break;
    kept = (size_t)c;
    theta = (s - 1) / c;
  }
  if (theta < LEAST_SHIFT && theta > -LEAST_SHIFT) theta = 0;
  for (size_t j = 0; j < n; j++) {
    float v = x[j] - theta;
    x[j] = v < 0 ? 0 : v;
  }
}

INLINE float FN(sign)(float v) { return v > 0 ? 1.0f : v < 0 ? -1.0f : v; }

/*
 * RACE: in mode free another thread may write x_u between this one's reading and its projection: each thread projects
 * its own copy and stores it whole, so that a row read later may be a mixture of two points of the simplex; the next
 * projection mends it. In modes locked and ordered only the reading of signs races.
 */
OP(double, cut_pass)
(in_u32 dims, float rate, in_u32 heads, in_u32 tails, in_f32 weights, const uint8_t *fixed, out_f32 shared, out_f32 own,
 out_f32 base, out_u32 locks, out_u32 turn, in_u32 stop) {
  Pass p = FN(start_pass)(dims, shared, own, base, locks, turn, stop);
  float *x = FN(pass_vector)(&p);
  size_t k = dims[PASS_WIDTH], i;
  float *s = workspace, *row = workspace + k;
  double total = 0;
  while (FN(next_example)(&p, &i)) {
    uint32_t u = heads[i], v = tails[i], ids[2] = {u < v ? u : v, u < v ? v : u};
    float *a = x + u * k, *b = x + v * k, distance = 0;
    if (FN(begins_line)(&p, i)) {
      size_t line = FN(upcoming)(&p, i);
      PREFETCH(heads + line, 0);
      PREFETCH(tails + line, 0);
      PREFETCH(weights + line, 0);
    }
    size_t next = FN(soon)(&p);
    for (size_t j = 0; j < k; j += 16) {
      PREFETCH(x + heads[next] * k + j, 1);
      PREFETCH(x + tails[next] * k + j, 1);
    }
    for (size_t j = 0; j < k; j++) {
      float d = a[j] - b[j];
      distance += d < 0 ? -d : d;
      s[j] = FN(sign)(d);
    }
    total += (double)weights[i] * distance;
    if (p.mode >= PASS_LOSS) continue;
    float step = rate * weights[i];
    FN(spin)(p.delay, (uint32_t)i);
    if (p.mode == PASS_LOCKED && !FN(take_locks)(&p, ids, 2)) return total;
    if (p.mode == PASS_ORDERED && !FN(await_turn)(&p)) return total;
    if (!fixed[u]) {
      for (size_t j = 0; j < k; j++) row[j] = a[j] - step * s[j];
      FN(project_on_simplex)(k, row);
      for (size_t j = 0; j < k; j++) a[j] = row[j];
    }
    if (!fixed[v]) {
      for (size_t j = 0; j < k; j++) row[j] = b[j] + step * s[j];
      FN(project_on_simplex)(k, row);
      for (size_t j = 0; j < k; j++) b[j] = row[j];
    }
    if (p.mode == PASS_LOCKED) FN(leave_locks)(&p, ids, 2 * p.locks_a_part);
    if (p.mode == PASS_ORDERED) FN(pass_turn)(&p);
  }
  FN(end_pass)(&p);
  return total;
}

/* Each of the rows of x [rows, n] ← its nearest point of the simplex. */
OP(void, f32_project_rows_on_simplex)(size_t rows, size_t n, out_f32 x) {
  for (size_t i = 0; i < rows; i++) FN(project_on_simplex)(n, x + i * n);
}
