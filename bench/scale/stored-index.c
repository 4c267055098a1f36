/*
 * What would stored posting lists buy? The kernels' own retrieval, with lists read from memory instead of computed.
 *
 *   stored-index <hashes> <scores> <answers> L B R p Q passes k …
 *
 *   hashes    u32 [R, 2]: a and c           scores   f32 [Q, R, B]
 *   answers   written, for each k: Q times u32 [k] labels, f32 [k] scores
 *   output    one line of JSON: seconds to build, bytes of the lists, and for each k the ms of every query and pass
 *
 * Everything but the lists is kernels/retrieve_labels.c itself, included here with stored-lists.h in the place of its walk:
 * sorting heads, planning, marks block by block, completing candidates by arithmetic.
 */
#define ISA stored
#define STORED_LISTS "../bench/scale/stored-lists.h"
#include "../../kernels/kernels.c"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <time.h>

_Thread_local float workspace[WORKSPACE_FLOATS] __attribute__((aligned(64)));

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Large arrays on huge pages where the system has them, as the kernels' own are. */
static void *allocate(size_t bytes) {
  const size_t page = bytes >= (1 << 20) ? 1 << 21 : 64;
  bytes = (bytes + page - 1) & ~(page - 1);
  void *memory = aligned_alloc(page, bytes);
  if (!memory) {
    fprintf(stderr, "stored-index: expected %zu bytes of memory\n", bytes);
    exit(1);
  }
#ifdef MADV_HUGEPAGE
  if (page > 64) madvise(memory, bytes, MADV_HUGEPAGE);
#endif
  return memory;
}

static void read_file(const char *path, void *data, size_t offset, size_t bytes) {
  FILE *file = fopen(path, "rb");
  if (!file || fseek(file, (long)offset, SEEK_SET) != 0 || fread(data, 1, bytes, file) != bytes) {
    fprintf(stderr, "stored-index: expected %zu bytes at %zu in %s\n", bytes, offset, path);
    exit(1);
  }
  fclose(file);
}

/* Counting sort of all labels by bucket. `buckets` [L + LABEL_BLOCK] and `next` [B] are scratch. */
static void build(size_t r, const uint32_t *hash, uint32_t p, uint32_t num_buckets, size_t num_labels,
                  uint32_t *buckets, uint32_t *next) {
  uint32_t *lists = stored.lists[r] = allocate((num_labels + num_buckets) * 4);
  uint32_t *offsets = stored.offsets[r] = allocate((size_t)num_buckets * 4);
  HashState state;
  FN(start_hash)(&state, hash[0], hash[1], p, num_buckets, 0);
  for (size_t first = 0; first < num_labels; first += LABEL_BLOCK)
    FN(next_lines)(&state, num_buckets, 0, buckets + first);
  for (uint32_t b = 0; b < num_buckets; b++) next[b] = 1; /* the sentinel */
  for (size_t l = 0; l < num_labels; l++) next[buckets[l]]++;
  uint32_t at = 0;
  for (uint32_t b = 0; b < num_buckets; b++) {
    uint32_t length = next[b];
    offsets[b] = next[b] = at;
    at += length;
    lists[at - 1] = UINT32_MAX;
  }
  for (size_t l = 0; l < num_labels; l++) lists[next[buckets[l]]++] = (uint32_t)l;
}

int main(int count, char **argument) {
  if (count < 11) return 2;
  const char *hashes_path = argument[1], *scores_path = argument[2], *answers_path = argument[3];
  size_t n[6];
  for (int i = 0; i < 6; i++) n[i] = strtoull(argument[4 + i], 0, 10);
  const size_t num_labels = n[0], num_buckets = n[1], num_worlds = n[2], p = n[3], num_queries = n[4], passes = n[5];
  const size_t row = num_worlds * num_buckets;
  uint32_t *hashes = allocate(num_worlds * 8);
  read_file(hashes_path, hashes, 0, num_worlds * 8);

  const double start = now();
  stored.lists = allocate(num_worlds * sizeof *stored.lists);
  stored.offsets = allocate(num_worlds * sizeof *stored.offsets);
  uint32_t *buckets = allocate((num_labels + LABEL_BLOCK) * 4), *next = allocate(num_buckets * 4);
  for (size_t r = 0; r < num_worlds; r++)
    build(r, hashes + 2 * r, (uint32_t)p, (uint32_t)num_buckets, num_labels, buckets, next);
  free(buckets);
  const double build_seconds = now() - start;

  stored.walked = allocate((MOST_HEADS + VL) * sizeof *stored.walked);
  uint8_t *scratch = allocate(FN(retrieve_labels_scratch)(num_worlds, num_buckets));
  float *scores = allocate(row * 4);
  FILE *answers = fopen(answers_path, "wb");
  if (!answers) return 1;
  printf("{\"buildSeconds\":%.6f,\"listBytes\":%zu,\"runs\":[", build_seconds,
         num_worlds * (num_labels + 2 * num_buckets) * 4);
  for (int i = 10; i < count; i++) {
    const size_t k = strtoull(argument[i], 0, 10);
    uint32_t *labels = allocate(k * 4);
    float *found = allocate(k * 4);
    const uint32_t dims[7] = {(uint32_t)num_worlds, (uint32_t)p, (uint32_t)num_buckets, (uint32_t)num_labels, (uint32_t)k};
    printf("%s{\"k\":%zu,\"ms\":[", i > 10 ? "," : "", k);
    for (size_t pass = 0; pass < passes; pass++) {
      for (size_t q = 0; q < num_queries; q++) {
        read_file(scores_path, scores, q * row * 4, row * 4);
        double stats[8];
        const double begin = now();
        FN(f32_retrieve_labels)(dims, scores, hashes, 0, 0, 0, 0, scratch, labels, found, stats);
        printf("%s%.6f", pass + q ? "," : "", 1e3 * (now() - begin));
        if (pass > 0) continue;
        fwrite(labels, 4, k, answers);
        fwrite(found, 4, k, answers);
      }
    }
    printf("]}");
  }
  fclose(answers);
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  printf("],\"peakBytes\":%zu}\n", (size_t)usage.ru_maxrss * 1024);
  return 0;
}
