/*
 * Posting lists read from memory, in the place of those that kernels/retrieve_labels.c computes (stored-index.c).
 *
 *   stored.lists[r]     the labels of bucket 0 ascending, UINT32_MAX, those of bucket 1, UINT32_MAX, …
 *   stored.offsets[r]   [B] where each bucket's begin
 *
 * A list at a time: the next label is one read ahead of the marks, and sixteen lists in step would have to gather.
 */
typedef struct {
  const uint32_t *next;
  uint8_t weight;
} StoredList;

static struct {
  uint32_t **lists, **offsets;
  StoredList *walked; /* [MOST_HEADS] */
} stored;

static void FN(start_lists)(Search *search, double step, uint32_t most) {
  const double worlds = (double)search->from.num_worlds, again = search->threshold + 256.0;
  search->twice = step > 0 ? search->base + (again - worlds) * step : worlds < again ? __builtin_inf() : -__builtin_inf();
  search->lists.count = 0;
  for (size_t r = 0; r < search->from.num_worlds; r++) {
    for (size_t i = 0; i < search->heads.depth[r]; i++) {
      uint32_t weight = step > 0 ? FN(weight)(search, r, i, step, most) : 1;
      if (weight == 0) continue;
      const uint32_t bucket = search->heads.top_bucket[r * search->heads.room + i];
      stored.walked[search->lists.count++] = (StoredList){stored.lists[r] + stored.offsets[r][bucket], (uint8_t)weight};
    }
  }
}

static void FN(walk_labels)(Search *search) {
  uint8_t *marks = search->marks;
  search->num_found = 0;
  for (size_t begin = 0; begin < search->num_labels; begin += RETRIEVE_BLOCK) {
    size_t end = search->num_labels - begin < RETRIEVE_BLOCK ? search->num_labels : begin + RETRIEVE_BLOCK;
    __builtin_memset(marks, (int)(256 - search->threshold), end - begin);
    for (size_t i = 0; i < search->lists.count; i++) {
      const uint32_t *next = stored.walked[i].next;
      const uint8_t weight = stored.walked[i].weight;
      for (uint32_t label = *next; label < end; label = *++next) {
        uint8_t mark;
        int full = __builtin_add_overflow(marks[label - begin], weight, &mark);
        marks[label - begin] = mark;
        if (__builtin_expect(full, 0)) FN(find_label)(search, label);
      }
      stored.walked[i].next = next;
    }
    FN(complete_found)(search);
  }
}
