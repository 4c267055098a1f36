/*
 * A binary tree of logistic nodes over the labels: the log-probability of every leaf, and the best leaves.
 *
 * inner = L − 1 nodes, the last of them the root; children[2v + code] is an inner node below v or inner + label. Since
 * children of a node have smaller numbers, one pass from the root down meets every node after its parent.
 *
 * The search keeps what was met and not yet opened in a heap, best first: the greater score; of equal scores the smaller
 * number, that is inner nodes before leaves and then the smaller label. Scores only fall on the way down (ln σ ≤ 0, also
 * as rounded), so that leaves leave the heap in the order of the result, and the first k of them are it.
 */

/* Scores are indexed by the nodes of a block; both signs at once. */
INLINE void FN(log_sigmoids)(const float *logits, size_t n, float *code0, float *code1) {
  vf z = n == VL ? load(logits) : load_some(logits, n);
  store(code0, FN(log_sigmoid)(-z));
  store(code1, FN(log_sigmoid)(z));
}

OP(void, f32_tree_log_probabilities)
(size_t rows, size_t num_labels, in_u32 children, in_f32 logits, out_f32 scratch, out_f32 out) {
  size_t inner = num_labels - 1;
  for (size_t i = 0; i < rows; i++, logits += inner, out += num_labels) {
    if (inner == 0) {
      out[0] = 0;
      continue;
    }
    scratch[inner - 1] = 0;
    for (size_t end = inner; end > 0;) {
      size_t n = end < VL ? end : VL, start = end - n;
      float step[2][VL];
      FN(log_sigmoids)(logits + start, n, step[0], step[1]);
      for (size_t v = end; v-- > start;) {
        for (size_t code = 0; code < 2; code++) {
          size_t child = children[2 * v + code];
          float score = scratch[v] + step[code][v - start];
          if (child < inner) scratch[child] = score;
          else out[child - inner] = score;
        }
      }
      end = start;
    }
  }
}

typedef struct {
  float *scores;
  uint32_t *nodes;
  size_t count;
} Frontier;

INLINE int FN(before)(float score, uint32_t node, float other_score, uint32_t other_node) {
  return score > other_score || (score == other_score && node < other_node);
}

INLINE void FN(push)(Frontier *f, float score, uint32_t node) {
  if (!(score > -__builtin_inff())) return;
  size_t i = f->count++;
  for (; i > 0; i = (i - 1) / 2) {
    size_t parent = (i - 1) / 2;
    if (!FN(before)(score, node, f->scores[parent], f->nodes[parent])) break;
    f->scores[i] = f->scores[parent];
    f->nodes[i] = f->nodes[parent];
  }
  f->scores[i] = score;
  f->nodes[i] = node;
}

INLINE uint32_t FN(pop)(Frontier *f, float *score) {
  uint32_t top = f->nodes[0];
  *score = f->scores[0];
  size_t n = --f->count, i = 0;
  float moved_score = f->scores[n];
  uint32_t moved = f->nodes[n];
  for (size_t child = 1; child < n; child = 2 * i + 1) {
    if (child + 1 < n && FN(before)(f->scores[child + 1], f->nodes[child + 1], f->scores[child], f->nodes[child]))
      child++;
    if (!FN(before)(f->scores[child], f->nodes[child], moved_score, moved)) break;
    f->scores[i] = f->scores[child];
    f->nodes[i] = f->nodes[child];
    i = child;
  }
  f->scores[i] = moved_score;
  f->nodes[i] = moved;
  return top;
}

/* dims: rows, cols, labels, k. scratch [2L]: the heap, which never holds more than the tree has leaves. */
OP(void, f32_tree_top_labels)
(in_u32 dims, in_f32 x, in_u32 children, in_f32 w, in_f32 bias, out_u32 scratch, out_u32 out_labels, out_f32 out_scores,
 out_u32 out_counts) {
  size_t rows = dims[0], cols = dims[1], num_labels = dims[2], k = dims[3];
  size_t inner = num_labels - 1;
  for (size_t i = 0; i < rows; i++, x += cols) {
    Frontier frontier = {(float *)scratch, scratch + num_labels, 0};
    size_t found = 0;
    FN(push)(&frontier, 0, inner == 0 ? 0 : (uint32_t)inner - 1);
    while (found < k && frontier.count > 0) {
      float score, z, step[2][VL];
      uint32_t node = FN(pop)(&frontier, &score);
      if (node >= inner) {
        out_labels[i * k + found] = node - (uint32_t)inner;
        out_scores[i * k + found++] = score;
        continue;
      }
      const float *row = w + (size_t)node * cols;
      FN(dots_abreast)(1, cols, x, &row, &z);
      z += bias[node];
      FN(log_sigmoids)(&z, 1, step[0], step[1]);
      for (size_t code = 0; code < 2; code++) {
        uint32_t child = children[2 * node + code];
        FN(push)(&frontier, score + step[code][0], child);
        if (child < inner)
          for (size_t j = 0; j < cols; j += 16) PREFETCH(w + (size_t)child * cols + j, 0);
      }
    }
    out_counts[i] = (uint32_t)found;
  }
}
