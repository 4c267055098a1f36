/*
 * Passes over the known entries of a matrix that is to be a product of thin factors, Z ≈ L·Rᵀ.
 *
 *   x           rows of L [m, r], below them rows of R [n, r]; entry (u, v) touches rows u and m + v
 *   e ← L_u·R_v − Z_uv
 *   L_u ← L_u − rate·(2e·R_v + decay_u·L_u)      both from the rows as they were read
 *   R_v ← R_v − rate·(2e·L_u + decay_v·R_v)
 *
 * Source: Niu et al. 2011, §2, "Matrix Completion": decay_u = μ/|E_u|, E_u the entries of that row or column.
 */

/*
 * What is left of a row behind its whole vectors: eight, four, two, one. A row is loaded again soon after it was stored, and
 * gets what was stored at once where both have one width; behind a masked store it waits until that is in the cache, which
 * for short rows takes longer than all the rest.
 */
typedef float f8_row __attribute__((vector_size(32), aligned(4), may_alias));
typedef float f4_row __attribute__((vector_size(16), aligned(4), may_alias));
typedef float f2_row __attribute__((vector_size(8), aligned(4), may_alias));
typedef float f1_row;

INLINE float FN(row_dot)(size_t n, const float *a, const float *b) {
  float total = 0;
  size_t j = 0;
  if (n >= VL) {
    vf sum = splat(0);
    for (; j + VL <= n; j += VL) sum += load(a + j) * load(b + j);
    total = sum_lanes(sum);
  }
  f4_row four = {0, 0, 0, 0};
  if (n - j >= 8) {
    f8_row eight = *(const f8_row *)(a + j) * *(const f8_row *)(b + j);
    four = __builtin_shufflevector(eight, eight, 0, 1, 2, 3) + __builtin_shufflevector(eight, eight, 4, 5, 6, 7);
    j += 8;
  }
  if (n - j >= 4) {
    four += *(const f4_row *)(a + j) * *(const f4_row *)(b + j);
    j += 4;
  }
  f2_row two = __builtin_shufflevector(four, four, 0, 1) + __builtin_shufflevector(four, four, 2, 3);
  if (n - j >= 2) {
    two += *(const f2_row *)(a + j) * *(const f2_row *)(b + j);
    j += 2;
  }
  total += two[0] + two[1];
  return j < n ? total + a[j] * b[j] : total;
}

#define STEP_ROWS(type)                                                                                                \
  do {                                                                                                                 \
    type l = *(type *)(a + j), r = *(type *)(b + j);                                                                   \
    *(type *)(a + j) = keep_a * l + step * r;                                                                          \
    *(type *)(b + j) = keep_b * r + step * l;                                                                          \
    j += sizeof(type) / sizeof(float);                                                                                 \
  } while (0)

/* a ← keep_a·a + step·b, b ← keep_b·b + step·a, both of the rows as they were. */
INLINE void FN(step_rows)(size_t n, float *a, float *b, float keep_a, float keep_b, float step) {
  size_t j = 0;
  for (; j + VL <= n; j += VL) {
    vf l = load(a + j), r = load(b + j);
    store(a + j, keep_a * l + step * r);
    store(b + j, keep_b * r + step * l);
  }
  if (n - j >= 8) STEP_ROWS(f8_row);
  if (n - j >= 4) STEP_ROWS(f4_row);
  if (n - j >= 2) STEP_ROWS(f2_row);
  if (n - j >= 1) STEP_ROWS(f1_row);
}
#undef STEP_ROWS

/*
 * The pass in a mode that is known when it is compiled: beside some twenty instructions of arithmetic, asking again at each
 * entry how to wait would show.
 *
 * RACE: in mode free two threads may have the same row of R (or, rarely, of L) in hand: of r numbers some updates of one
 * and some of the other survive. In modes locked and ordered only the reading of the error races.
 */
INLINE double FN(factor_steps)(const uint32_t mode, Pass *p, size_t rank, size_t num_left, float rate, in_u32 lefts,
                               in_u32 rights, in_f32 values, in_f32 decay) {
  float *left_rows = FN(pass_vector)(p), *right_rows = left_rows + num_left * rank;
  size_t i;
  double total = 0;
  while (FN(next_example)(p, &i)) {
    if (FN(begins_line)(p, i)) {
      size_t line = FN(upcoming)(p, i);
      PREFETCH(lefts + line, 0);
      PREFETCH(rights + line, 0);
      PREFETCH(values + line, 0);
    }
    uint32_t ids[2] = {lefts[i], (uint32_t)num_left + rights[i]};
    float *a = left_rows + lefts[i] * rank, *b = right_rows + rights[i] * rank;
    const float *soon = left_rows + lefts[FN(soon)(p)] * rank;
    for (size_t j = 0; j < rank; j += 16) PREFETCH(soon + j, 1);
    float error = FN(row_dot)(rank, a, b) - values[i];
    total += (double)error * error;
    if (mode >= PASS_LOSS) continue;
    FN(spin)(p->delay, (uint32_t)i);
    if (mode == PASS_LOCKED && !FN(take_locks)(p, ids, 2)) return total;
    if (mode == PASS_ORDERED && !FN(await_turn)(p)) return total;
    float step = -2 * rate * error, keep_a = 1, keep_b = 1;
    if (decay) {
      keep_a -= rate * decay[ids[0]];
      keep_b -= rate * decay[ids[1]];
    }
    FN(step_rows)(rank, a, b, keep_a, keep_b, step);
    if (mode == PASS_LOCKED) FN(leave_locks)(p, ids, 2 * p->locks_a_part);
    if (mode == PASS_ORDERED) FN(pass_turn)(p);
  }
  FN(end_pass)(p);
  return total;
}

OP(double, factor_pass)
(in_u32 dims, float rate, in_u32 lefts, in_u32 rights, in_f32 values, in_f32 decay, out_f32 shared, out_f32 own,
 out_f32 base, out_u32 locks, out_u32 turn, in_u32 stop) {
  Pass p = FN(start_pass)(dims, shared, own, base, locks, turn, stop);
  size_t rank = dims[PASS_WIDTH], num_left = dims[PASS_KIND];
#define IN_MODE(mode)                                                                                                  \
  case mode: return FN(factor_steps)(mode, &p, rank, num_left, rate, lefts, rights, values, decay)
  switch (p.mode) {
    IN_MODE(PASS_FREE);
    IN_MODE(PASS_LOCKED);
    IN_MODE(PASS_ORDERED);
    default: return FN(factor_steps)(PASS_LOSS, &p, rank, num_left, rate, lefts, rights, values, decay);
  }
#undef IN_MODE
}
