/*
 * What does the scan cost when it is written as one would at first? Two divisions and one load a label and world.
 *
 *   naive-scan <hashes> <scores> L B R p limit k      prints: seconds, labels scanned, then k lines "label score"
 *
 *   hashes   u32 [R, 2]: a and c        scores   f32 [R, B]
 *
 * Scans the first `limit` of L labels. Compiled like the kernels, for this processor: what a compiler can do by itself, it
 * may. Best k in an insertion-sorted array, ties to the smaller label: labels come ascending.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static void *read_file(const char *path, size_t bytes) {
  FILE *file = fopen(path, "rb");
  void *data = malloc(bytes);
  if (!file || !data || fread(data, 1, bytes, file) != bytes) {
    fprintf(stderr, "naive-scan: expected %zu bytes in %s\n", bytes, path);
    exit(1);
  }
  fclose(file);
  return data;
}

int main(int count, char **argument) {
  if (count != 9) return 2;
  uint64_t num_labels = strtoull(argument[3], 0, 10), num_buckets = strtoull(argument[4], 0, 10);
  uint64_t num_worlds = strtoull(argument[5], 0, 10), p = strtoull(argument[6], 0, 10);
  uint64_t limit = strtoull(argument[7], 0, 10), k = strtoull(argument[8], 0, 10);
  if (limit > num_labels) limit = num_labels;
  uint32_t *hashes = read_file(argument[1], num_worlds * 8);
  float *scores = read_file(argument[2], num_worlds * num_buckets * 4);
  uint32_t *best_labels = calloc(k + 1, sizeof *best_labels);
  float *best_scores = calloc(k + 1, sizeof *best_scores);
  uint64_t found = 0;

  struct timespec start, end;
  clock_gettime(CLOCK_MONOTONIC, &start);
  for (uint64_t label = 0; label < limit; label++) {
    float score = 0;
    for (uint64_t r = 0; r < num_worlds; r++)
      score += scores[r * num_buckets + (hashes[2 * r] * label + hashes[2 * r + 1]) % p % num_buckets];
    if (found == k && !(score > best_scores[k - 1])) continue;
    uint64_t at = found < k ? found++ : k - 1;
    for (; at > 0 && best_scores[at - 1] < score; at--) {
      best_scores[at] = best_scores[at - 1];
      best_labels[at] = best_labels[at - 1];
    }
    best_scores[at] = score;
    best_labels[at] = (uint32_t)label;
  }
  clock_gettime(CLOCK_MONOTONIC, &end);
  printf("%.9f %llu\n", (double)(end.tv_sec - start.tv_sec) + 1e-9 * (double)(end.tv_nsec - start.tv_nsec),
         (unsigned long long)limit);
  for (uint64_t i = 0; i < found; i++) printf("%u %.9g\n", best_labels[i], best_scores[i]);
  return 0;
}
