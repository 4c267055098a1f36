/*
 * Which labels cannot be told apart? Pairs that share their bucket in world 0, in worlds 0 and 1, …, in all worlds,
 * counted for some buckets of world 0 at a time. No table of labels: members of a bucket are enumerated.
 *
 *   x_j = a₀⁻¹·(b + j·B − c₀) mod p      labels of bucket b of world 0, those below L       (src/mach/label-hash.ts)
 *   y_j = (a₁·x_j + c₁) mod p            moves by a₁·a₀⁻¹·B mod p: world 1 costs an addition and one remainder
 *
 * The members are sorted by their bucket of world 1; of each run of equal buckets, those of two labels or more are
 * sorted by their bucket of world 2, and so on. Runs that survive a world move to the front of the array, so that later
 * worlds read less and less, and no recursion is needed.
 *
 *   items  │ run of 3     │ run of 2 │ …     bucket in the high half, label in the low half
 *   run    │ 3  ·  ·      │ 2  ·     │ …     length, at the run's first position
 *
 * A world writes a run at or before the place that it read it from, so that both arrays serve as input and output.
 *
 * Needs FN(inverse) of bucket_lists.h and FN(bucket) of label_hash.c.
 */

/* Scratch has only the alignment of its u32. */
typedef uint64_t FN(item) __attribute__((aligned(4)));

/* By bucket, then label. Buckets stand in `bits` bits. `other` [n] is scratch; labels come ascending or in any order. */
static void FN(sort_items)(FN(item) *x, FN(item) *other, size_t n, uint32_t bits) {
  if (n <= 48) {
    for (size_t i = 1; i < n; i++) {
      uint64_t value = x[i];
      size_t j = i;
      for (; j > 0 && x[j - 1] > value; j--) x[j] = x[j - 1];
      x[j] = value;
    }
    return;
  }
  FN(item) *from = x, *to = other;
  for (uint32_t shift = 32; shift < 32 + bits; shift += 8) {
    size_t starts[256] = {0};
    for (size_t i = 0; i < n; i++) starts[(from[i] >> shift) & 255]++;
    for (size_t d = 0, sum = 0; d < 256; d++) {
      size_t count = starts[d];
      starts[d] = sum;
      sum += count;
    }
    for (size_t i = 0; i < n; i++) to[starts[(from[i] >> shift) & 255]++] = from[i];
    FN(item) *swap = from;
    from = to, to = swap;
  }
  if (from != x) __builtin_memcpy(x, from, n * sizeof *x);
}

/* pairs [num_worlds, 2] low and high words ← pairs that share worlds 0 … r. `scratch` [≥ 5·(⌊p/B⌋ + 1)]. */
OP(void, u32_count_shared_labels)
(size_t num_worlds, in_u32 hashes, uint32_t p, uint32_t num_buckets, size_t num_labels, size_t first_bucket,
 size_t count, out_u32 scratch, out_u32 pairs) {
  size_t room = p / num_buckets + 1;
  FN(item) *items = (FN(item) *)scratch, *other = (FN(item) *)(scratch + 2 * room);
  uint32_t *run = scratch + 4 * room;
  uint32_t inverse = FN(inverse)(hashes[0], p), c0 = hashes[1] % p;
  uint64_t step = (uint64_t)inverse * (num_buckets % p) % p;
  uint32_t bits = num_buckets < 2 ? 0 : 32 - (uint32_t)__builtin_clz(num_buckets - 1);
  uint64_t a1 = num_worlds > 1 ? hashes[2] : 0, c1 = num_worlds > 1 ? hashes[3] : 0, step1 = a1 * step % p;
  for (size_t r = 0; r < 2 * num_worlds; r++) pairs[r] = 0;
  for (size_t b = first_bucket; b < first_bucket + count && b < p; b++) {
    uint64_t x = (uint64_t)inverse * ((b + p - c0) % p) % p, y = (a1 * x + c1) % p;
    size_t n = 0;
    for (uint64_t place = b; place < p; place += num_buckets) {
      if (x < num_labels) items[n++] = (uint64_t)((uint32_t)y % num_buckets) << 32 | x;
      x += step;
      if (x >= p) x -= p;
      y += step1;
      if (y >= p) y -= p;
    }
    run[0] = (uint32_t)n;
    for (size_t r = 0; r < num_worlds && n > 1; r++) {
      uint64_t shared = 0;
      size_t kept = 0;
      for (size_t start = 0, end; start < n; start = end) {
        size_t length = run[start];
        end = start + length;
        shared += (uint64_t)length * (length - 1) / 2;
        if (r + 1 == num_worlds) continue;
        if (r > 0)
          for (size_t i = start; i < end; i++) {
            uint32_t label = (uint32_t)items[i];
            uint32_t bucket = FN(bucket)(hashes[2 * r + 2], hashes[2 * r + 3], p, num_buckets, label);
            items[i] = (uint64_t)bucket << 32 | label;
          }
        FN(sort_items)(items + start, other, length, bits);
        for (size_t i = start, last; i < end; i = last) {
          for (last = i + 1; last < end && items[last] >> 32 == items[i] >> 32; last++) {}
          if (last - i < 2) continue;
          uint32_t survivors = (uint32_t)(last - i);
          for (size_t j = i; j < last; j++) items[kept + (j - i)] = items[j];
          run[kept] = survivors;
          kept += survivors;
        }
      }
      uint64_t total = ((uint64_t)pairs[2 * r + 1] << 32 | pairs[2 * r]) + shared;
      pairs[2 * r] = (uint32_t)total;
      pairs[2 * r + 1] = (uint32_t)(total >> 32);
      n = kept;
    }
  }
}
