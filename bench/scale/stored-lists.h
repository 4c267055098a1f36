/*
 * Posting lists read from memory, in the place of those that kernels/label_walk.h computes (stored-index.c).
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
  StoredList *walked; /* [MOST_HEADS + VL] */
} stored;

static const uint32_t no_labels = UINT32_MAX;

static void FN(start_lists)(Search *search, double step, uint32_t most) {
  search->lists.count = 0;
  for (size_t r = 0; r < search->from.num_worlds; r++) {
    for (size_t i = 0; i < search->heads.depth[r]; i++) {
      uint32_t weight = step > 0 ? FN(weight)(search, r, i, step, most) : 1;
      if (weight == 0) continue;
      const uint32_t bucket = search->heads.top_bucket[r * search->heads.room + i];
      stored.walked[search->lists.count++] = (StoredList){stored.lists[r] + stored.offsets[r][bucket], (uint8_t)weight};
    }
  }
  while (search->lists.count % VL != 0) stored.walked[search->lists.count++] = (StoredList){&no_labels, 0};
}

INLINE void FN(walk_lists)(Search *search, size_t at, uint32_t begin, uint32_t end) {
  uint8_t *marks = search->marks;
  for (size_t i = at; i < at + VL; i++) {
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
}
