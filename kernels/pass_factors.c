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
 * RACE: in mode free two threads may have the same row of R (or, rarely, of L) in hand: of r numbers some updates of one
 * and some of the other survive. In mode ordered only the reading races.
 */
OP(double, factor_pass)
(in_u32 dims, float rate, in_u32 lefts, in_u32 rights, in_f32 values, in_f32 decay, out_f32 shared, out_f32 own,
 out_f32 base, out_u32 locks, out_u32 turn, in_u32 stop) {
  Pass p = FN(start_pass)(dims, shared, own, base, locks, turn, stop);
  float *x = FN(pass_vector)(&p);
  size_t rank = dims[PASS_WIDTH], num_left = dims[PASS_KIND], i;
  double total = 0;
  while (FN(next_example)(&p, &i)) {
    uint32_t ids[2] = {lefts[i], (uint32_t)num_left + rights[i]};
    float *a = x + ids[0] * rank, *b = x + ids[1] * rank;
    size_t next = FN(soon)(&p);
    const float *soon = x + lefts[next] * rank;
    for (size_t j = 0; j < rank; j += 16) PREFETCH(soon + j, 1);
    if (p.mode == PASS_LOCKED && !FN(take_locks)(&p, ids, 2)) return total;
    vf sum = splat(0);
    size_t j = 0;
    for (; j + VL <= rank; j += VL) sum += load(a + j) * load(b + j);
    if (j < rank) sum += load_some(a + j, rank - j) * load_some(b + j, rank - j);
    float error = sum_lanes(sum) - values[i];
    total += (double)error * error;
    if (p.mode >= PASS_LOSS) continue;
    FN(spin)(p.delay, (uint32_t)i);
    if (p.mode == PASS_ORDERED && !FN(await_turn)(&p)) return total;
    float step = -2 * rate * error, keep_a = 1, keep_b = 1;
    if (decay) {
      keep_a -= rate * decay[ids[0]];
      keep_b -= rate * decay[ids[1]];
    }
    for (j = 0; j + VL <= rank; j += VL) {
      vf l = load(a + j), r = load(b + j);
      store(a + j, keep_a * l + step * r);
      store(b + j, keep_b * r + step * l);
    }
    if (j < rank) {
      vf l = load_some(a + j, rank - j), r = load_some(b + j, rank - j);
      store_some(a + j, keep_a * l + step * r, rank - j);
      store_some(b + j, keep_b * r + step * l, rank - j);
    }
    if (p.mode == PASS_LOCKED) FN(leave_locks)(&p, ids, 2);
    if (p.mode == PASS_ORDERED) FN(pass_turn)(&p);
  }
  FN(end_pass)(&p);
  return total;
}
