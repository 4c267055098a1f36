/*
 * What do passes over examples share, whatever the problem? Which examples come next, and who may write when.
 *
 *   examples   0 … N − 1 in blocks of `size`; a slice visits blocks first, first + step, … modulo their number, so that
 *              slices of several threads make up a permutation that nobody has to store
 *   free       Hogwild!: read, compute, write, whatever the others do
 *   locked     AIG: before an example's step is written, the locks of all that it touches are taken in ascending order; the
 *              gradient is of x as it was read before, by nobody's leave
 *   ordered    RR: an example's write waits until `turn` is its ticket; tickets of a thread are `tickets` apart
 *   delayed    (free, with `own`) steps are taken on a copy of x; every so many blocks its changes since the last time
 *              are added to x, and it becomes what x then is
 *
 * Whoever waits looks at `stop` (a thread that died will never pass its turn on) and, after some time, lets others run:
 * there may be more threads than cores. In WebAssembly a pass has its memory for itself and never waits.
 *
 * Source: Niu, Recht, Ré, Wright, "HOGWILD!: A Lock-Free Approach to Parallelizing Stochastic Gradient Descent", NIPS
 * 2011, Algorithm 1 and §5; RR: Langford, Smola, Zinkevich, "Slow Learners are Fast", NIPS 2009.
 */
#ifndef MANYWORLDS_PASSES_H
#define MANYWORLDS_PASSES_H

#include "simd.h"
#include "ops.h"
#if !defined(__wasm__) && (defined(__linux__) || defined(__APPLE__))
#include <sched.h>
#define LET_OTHERS_RUN() sched_yield()
#else
#define LET_OTHERS_RUN() ((void)0)
#endif

/* Looks at a lock or a turn before the core is given away: some 20 µs, much longer than an update takes. */
enum { PATIENCE = 1024 };
/* How many examples ahead their parameters are fetched. */
enum { EXAMPLES_AHEAD = 4 };

typedef struct {
  uint32_t mode, ticket, tickets, turns, delay, every, since;
  size_t examples, size, blocks, block, step, left, at, start, end, next, length, locks_a_part;
  float *x, *own, *base;
  out_u32 locks, turn;
  in_u32 stop;
} Pass;

/* What steps are taken on: x, or own. */
INLINE float *FN(pass_vector)(const Pass *p) { return p->own ? p->own : p->x; }

INLINE Pass FN(start_pass)(in_u32 dims, out_f32 x, out_f32 own, out_f32 base, out_u32 locks, out_u32 turn,
                           in_u32 stop) {
  size_t n = dims[PASS_EXAMPLES], size = dims[PASS_BLOCK_SIZE];
  return (Pass){.mode = dims[PASS_MODE],
                .ticket = dims[PASS_TICKET],
                .tickets = dims[PASS_TICKETS],
                .turns = dims[PASS_TURNS],
                .delay = dims[PASS_DELAY],
                .every = dims[PASS_EVERY],
                .length = dims[PASS_LENGTH],
                .locks_a_part = dims[PASS_LOCKS_A_PART],
                .x = x,
                .own = own,
                .base = base,
                .examples = n,
                .size = size,
                .blocks = (n + size - 1) / size,
                .block = dims[PASS_FIRST],
                .step = dims[PASS_STEP],
                .left = dims[PASS_BLOCKS],
                .locks = locks,
                .turn = turn,
                .stop = stop};
}

INLINE void FN(pause)(void) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

/* RACE: the owner stores 1 once; a late read costs a block of examples. */
INLINE int FN(is_stopped)(const Pass *p) { return p->stop && __atomic_load_n(p->stop, __ATOMIC_RELAXED) != 0; }

/* Burns time as a costly gradient would: a chain of `count` dependent multiplications. */
INLINE uint32_t FN(spin)(uint32_t count, uint32_t x) {
  for (uint32_t i = 0; i < count; i++) {
    x = x * 2654435761u + 1;
    __asm__ volatile("" : "+r"(x)); /* keeps the chain from being summed up */
  }
  return x;
}

/*
 * x ← x + (own − base), own ← base ← x. RACE: other threads add to x at the same time; of a line of x that two add to in
 * the same few nanoseconds, one's changes are lost, as in mode free.
 */
INLINE void FN(exchange)(const Pass *p) {
  float *x = p->x, *own = p->own, *base = p->base;
  size_t n = p->length, j = 0;
  for (; j + VL <= n; j += VL) {
    vf sum = load(x + j) + (load(own + j) - load(base + j));
    store(x + j, sum);
    store(own + j, sum);
    store(base + j, sum);
  }
  if (j == n) return;
  vf sum = load_some(x + j, n - j) + (load_some(own + j, n - j) - load_some(base + j, n - j));
  store_some(x + j, sum, n - j);
  store_some(own + j, sum, n - j);
  store_some(base + j, sum, n - j);
}

/* The next example of the slice. 0: there is none, or all shall stop. */
INLINE int FN(next_example)(Pass *p, size_t *example) {
  if (p->at == p->end) {
    if (p->left == 0 || FN(is_stopped)(p)) return 0;
    p->left--;
    if (p->own && p->since == p->every) FN(exchange)(p), p->since = 0;
    p->since++;
    p->at = p->block * p->size;
    p->end = p->at + p->size < p->examples ? p->at + p->size : p->examples;
    p->block += p->step;
    if (p->block >= p->blocks) p->block -= p->blocks;
    p->start = p->at;
    p->next = p->left > 0 ? p->block * p->size : p->at;
  }
  *example = p->at++;
  return 1;
}

INLINE size_t FN(soon)(const Pass *p) {
  size_t next = p->at - 1 + EXAMPLES_AHEAD;
  return next < p->end ? next : p->at - 1;
}

/* Whether i is 0, 16, 32 … into its block: a line of 32-bit numbers of the next block is to be fetched, at FN(upcoming). */
INLINE int FN(begins_line)(const Pass *p, size_t i) { return (i - p->start) % 16 == 0; }

/* The example as far into the next block as i is into this one; i if there is none. */
INLINE size_t FN(upcoming)(const Pass *p, size_t i) {
  size_t example = p->next + (i - p->start);
  return example < p->examples ? example : i;
}

/* RACE: any thread may hold the lock. Acquire: what its last holder wrote is seen. 0: stopped, and not taken. */
INLINE int FN(take_lock)(const Pass *p, uint32_t *lock) {
  for (uint32_t tries = 1; __atomic_exchange_n(lock, 1u, __ATOMIC_ACQUIRE) != 0; tries++) {
    while (__atomic_load_n(lock, __ATOMIC_RELAXED) != 0) {
      FN(pause)();
      if (tries++ % PATIENCE) continue;
      if (FN(is_stopped)(p)) return 0;
      LET_OTHERS_RUN();
    }
  }
  return 1;
}

INLINE void FN(leave_lock)(uint32_t *lock) { __atomic_store_n(lock, 0u, __ATOMIC_RELEASE); }

/* Gives back the first `count` locks of the parts `ids`. */
INLINE void FN(leave_locks)(const Pass *p, const uint32_t *ids, size_t count) {
  size_t width = p->locks_a_part;
  for (size_t i = 0; i * width < count; i++) {
    uint32_t *locks = p->locks + ids[i] * width;
    for (size_t j = 0; j < width && i * width + j < count; j++) FN(leave_lock)(locks + j);
  }
}

/* Takes the locks of ascending, distinct parts, so that no two threads wait for each other. 0: stopped, none is held. */
INLINE int FN(take_locks)(const Pass *p, const uint32_t *ids, size_t parts) {
  size_t width = p->locks_a_part;
  for (size_t i = 0; i < parts; i++) {
    uint32_t *locks = p->locks + ids[i] * width;
    for (size_t j = 0; j < width; j++) {
      if (FN(take_lock)(p, locks + j)) continue;
      FN(leave_locks)(p, ids, i * width + j);
      return 0;
    }
  }
  return 1;
}

/* RACE: the thread whose turn it is stores its successor's ticket. Acquire: its writes are seen. 0: stopped. */
INLINE int FN(await_turn)(const Pass *p) {
  for (uint32_t tries = 1; __atomic_load_n(p->turn, __ATOMIC_ACQUIRE) != p->ticket; tries++) {
    FN(pause)();
    if (tries % PATIENCE) continue;
    if (FN(is_stopped)(p)) return 0;
    LET_OTHERS_RUN();
  }
  return 1;
}

INLINE void FN(pass_turn)(Pass *p) {
  __atomic_store_n(p->turn, p->ticket + 1, __ATOMIC_RELEASE);
  p->ticket += p->tickets;
  p->turns--;
}

/* Gives away the last changes. Threads have unequal numbers of examples: turns that are left are passed on, so that nobody waits for ever. */
INLINE void FN(end_pass)(Pass *p) {
  if (p->own && p->since > 0) FN(exchange)(p);
  while (p->mode == PASS_ORDERED && p->turns > 0 && FN(await_turn)(p)) FN(pass_turn)(p);
}

#endif
