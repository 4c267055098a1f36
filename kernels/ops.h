/*
 * Which operations exist, and what are their arguments on the level of plain pointers and numbers?
 *
 * One list, in the groups of src/kernels/contract/, from which come the dispatch table of each instruction set
 * (kernels.c) and the check that every definition has the signature listed here. What each operation means is said once,
 * in the contract; src/kernels/bound/ repeats this list for TypeScript. Sizes and offsets count elements. A CSR matrix
 * is (offsets, columns, values).
 *
 * Letters: as in the contract. `accumulate` 0: overwrite, 1: add. `dims` of images: batch, planes, height, width, outputs, then
 * height before width: kernel, stride, padding.
 */
#ifndef MANYWORLDS_OPS_H
#define MANYWORLDS_OPS_H

#include <stddef.h>
#include <stdint.h>

typedef const float *in_f32;
typedef const uint32_t *in_u32;
typedef float *out_f32;
typedef uint32_t *out_u32;

enum { GEMM_NN, GEMM_NT, GEMM_TN };
enum { ACTIVATE_SOFTMAX, ACTIVATE_LOG_SOFTMAX, ACTIVATE_SIGMOID, ACTIVATE_LOG_SIGMOID };
enum { LOSS_SQUARED, LOSS_ABSOLUTE, LOSS_SMOOTH_L1, LOSS_BINARY, LOSS_DIVERGENCE, LOSS_HINGE };
enum {
  POINTWISE_LEAKY_RELU,
  POINTWISE_ELU,
  POINTWISE_TANH,
  POINTWISE_HARD_TANH,
  POINTWISE_SIGMOID,
  POINTWISE_LOG_SIGMOID,
  POINTWISE_SOFT_PLUS
};
enum { PASS_FREE, PASS_LOCKED, PASS_ORDERED, PASS_LOSS, PASS_MISTAKES };
/* dims of a pass over examples. KIND: linear 0 hinge, 1 logistic; factors m. WIDTH: outputs, rank, terminals. */
enum {
  PASS_MODE,
  PASS_EXAMPLES,
  PASS_BLOCK_SIZE,
  PASS_FIRST,
  PASS_STEP,
  PASS_BLOCKS,
  PASS_TICKET,
  PASS_TICKETS,
  PASS_TURNS,
  PASS_DELAY,
  PASS_KIND,
  PASS_WIDTH,
  PASS_EVERY, /* blocks between exchanges, and numbers of x: used if there is an own */
  PASS_LENGTH,
  PASS_LOCKS_A_PART /* used when locked */
};
enum { MERGE_SUM, MERGE_MIN, MERGE_MEDIAN };
enum { QUERY_LANES = 16, MAX_WORLDS = 1024 };

#define DENSE_OPERATIONS(X)                                                                                            \
  X(void, f32_gemm, (uint32_t form, size_t m, size_t n, size_t k, in_f32 a, in_f32 b, in_f32 bias, out_f32 c,          \
      uint32_t accumulate))                                                                                            \
  X(void, f32_add_bias, (size_t rows, size_t cols, in_f32 bias, out_f32 x))                                            \
  X(void, f32_add_bias_relu, (size_t rows, size_t cols, in_f32 bias, out_f32 x))                                       \
  X(void, f32_sum_rows, (size_t rows, size_t cols, in_f32 x, out_f32 out, uint32_t accumulate))                        \
  X(void, f32_relu, (size_t n, in_f32 x, out_f32 out))                                                                 \
  X(void, f32_relu_grad, (size_t n, in_f32 y, in_f32 dy, out_f32 dx))                                                  \
  X(void, f32_axpby, (size_t n, float alpha, in_f32 x, float beta, out_f32 y))                                         \
  X(void, f32_dropout, (size_t n, double threshold, float scale, uint32_t seed, uint32_t first, in_f32 x,              \
      out_f32 out))                                                                                                    \
  X(void, f32_fill_uniform, (size_t n, float low, float high, uint32_t seed, out_f32 out))                             \
  X(void, f32_activate, (uint32_t kind, size_t rows, size_t cols, out_f32 x))

#define ROW_OPERATIONS(X)                                                                                              \
  X(double, f32_dot, (size_t n, in_f32 a, in_f32 b))                                                                   \
  X(void, f32_multiply, (size_t n, in_f32 a, in_f32 b, out_f32 out, uint32_t accumulate))                              \
  X(void, f32_row_dots, (size_t rows, size_t cols, in_f32 a, in_f32 b, out_f32 out))                                   \
  X(void, f32_scale_rows, (size_t rows, size_t cols, in_f32 scale, in_f32 x, out_f32 out, uint32_t accumulate))        \
  X(void, f32_scatter_add_rows, (size_t count, size_t cols, in_u32 ids, in_f32 scale, in_f32 src, out_f32 out))

#define SPARSE_OPERATIONS(X)                                                                                           \
  X(uint32_t, csr_fault, (size_t rows, in_u32 offsets, in_u32 columns, size_t available, size_t num_columns))          \
  X(uint32_t, ids_fault, (size_t count, in_u32 ids, size_t limit))                                                     \
  X(double, csr_gather_rows, (size_t num_rows, in_u32 offsets, in_u32 columns, in_f32 values, size_t available,        \
      in_u32 ids, size_t count, out_u32 out_offsets, out_u32 out_columns, out_f32 out_values, size_t room))            \
  X(void, csr_gemm, (size_t rows, size_t cols, in_u32 offsets, in_u32 columns, in_f32 values, in_f32 w, out_f32 y,     \
      uint32_t accumulate))                                                                                            \
  X(uint32_t, csr_compact_transpose, (size_t rows, in_u32 offsets, in_u32 columns, in_f32 values, out_u32 slot_of,     \
      out_u32 out_columns, out_u32 out_offsets, out_u32 out_rows, out_f32 out_values))                                 \
  X(void, csr_grad_rows, (size_t num_columns, size_t cols, in_u32 offsets, in_u32 rows, in_f32 values, in_f32 dy,      \
      out_f32 dw))                                                                                                     \
  X(void, f32_gather_rows, (size_t count, size_t cols, in_u32 ids, in_f32 src, out_f32 out))

#define LOSS_OPERATIONS(X)                                                                                             \
  X(double, f32_softmax_cross_entropy, (size_t rows, size_t cols, in_f32 x, in_u32 offsets, in_u32 columns,            \
      in_f32 values, float grad_scale, out_f32 grad))                                                                  \
  X(double, f32_sigmoid_cross_entropy, (size_t rows, size_t cols, in_f32 x, in_u32 offsets, in_u32 columns,            \
      in_f32 values, float grad_scale, out_f32 grad))                                                                  \
  X(double, f32_element_loss, (uint32_t kind, size_t rows, size_t cols, float delta, in_f32 x, in_f32 target,          \
      in_f32 weights, float grad_scale, out_f32 grad))                                                                 \
  X(double, f32_class_nll, (size_t rows, size_t cols, in_f32 x, in_u32 classes, in_f32 weights, out_f32 grad))         \
  X(double, f32_multi_margin, (size_t rows, size_t cols, uint32_t squared, float margin, in_f32 x, in_u32 classes,     \
      in_f32 weights, float grad_scale, out_f32 grad))                                                                 \
  X(double, f32_cosine_embedding, (size_t rows, size_t cols, float margin, in_f32 a, in_f32 b, in_f32 labels,          \
      float grad_scale, out_f32 grad_a, out_f32 grad_b))

#define PART_OPERATIONS(X)                                                                                             \
  X(uint32_t, f32_merge_rows, (size_t count, size_t cols, uint32_t part, uint32_t parts, float scale, in_u32 ids,      \
      in_f32 src, out_u32 slot_of, uint32_t slots, out_u32 out_ids, out_f32 out))                                      \
  X(void, f32_row_maxima, (size_t rows, size_t cols, in_f32 x, out_f32 maxima))                                        \
  X(void, f32_exp_sums, (size_t rows, size_t cols, in_f32 x, in_f32 maxima, out_f32 exps, out_f32 sums))               \
  X(double, f32_softmax_part, (size_t rows, size_t cols, size_t first, size_t num_sums, in_f32 x, in_f32 maxima,       \
      in_f32 sums, in_u32 offsets, in_u32 columns, in_f32 values, float grad_scale, out_f32 grad))                     \
  X(void, csr_select_columns, (size_t rows, in_u32 offsets, in_u32 columns, in_f32 values, uint32_t first,             \
      uint32_t count, out_u32 out_offsets, out_u32 out_columns, out_f32 out_values))

#define BLOCK_OPERATIONS(X)                                                                                            \
  X(void, f32_copy_block, (size_t rows, size_t cols, in_f32 x, size_t x_offset, size_t x_stride, out_f32 out,          \
      size_t out_offset, size_t out_stride))                                                                           \
  X(void, f32_outer_products, (size_t rows, size_t left, size_t right, in_f32 x, in_f32 y, out_f32 out))               \
  X(void, f32_outer_products_grad, (size_t rows, size_t left, size_t right, in_f32 x, in_f32 y, in_f32 d, out_f32 dx,  \
      out_f32 dy))                                                                                                     \
  X(void, f32_max_of_pieces, (size_t rows, size_t pieces, size_t cols, in_f32 x, out_f32 out, out_u32 argmax))         \
  X(void, f32_max_of_pieces_grad, (size_t rows, size_t pieces, size_t cols, in_u32 argmax, in_f32 dy, out_f32 dx))

#define POINTWISE_OPERATIONS(X)                                                                                        \
  X(void, f32_pointwise, (uint32_t f, size_t n, float alpha, float beta, in_f32 x, out_f32 out))                       \
  X(void, f32_pointwise_grad, (uint32_t f, size_t n, float alpha, float beta, in_f32 x, in_f32 y, in_f32 dy,           \
      out_f32 dx))                                                                                                     \
  X(void, f32_softmax_grad, (uint32_t kind, size_t rows, size_t cols, in_f32 y, in_f32 dy, out_f32 dx))

#define NORMALIZATION_OPERATIONS(X)                                                                                    \
  X(void, f32_channel_moments, (size_t rows, size_t channels, size_t size, in_f32 x, out_f32 mean, out_f32 variance))  \
  X(void, f32_normalize_channels, (size_t rows, size_t channels, size_t size, float epsilon, in_f32 x, in_f32 mean,    \
      in_f32 variance, in_f32 weight, in_f32 bias, out_f32 y))                                                         \
  X(void, f32_channel_grad_sums, (size_t rows, size_t channels, size_t size, float epsilon, in_f32 x, in_f32 mean,     \
      in_f32 variance, in_f32 dy, out_f32 sum_dy_x, out_f32 sum_dy))                                                   \
  X(void, f32_normalize_channels_grad, (size_t rows, size_t channels, size_t size, float epsilon, in_f32 x,            \
      in_f32 mean, in_f32 variance, in_f32 weight, in_f32 dy, in_f32 sum_dy_x, in_f32 sum_dy, out_f32 dx))             \
  X(void, f32_normalize_rows, (size_t rows, size_t cols, float epsilon, in_f32 x, in_f32 weight, in_f32 bias,          \
      out_f32 y, out_f32 mean, out_f32 inverse_std))                                                                   \
  X(void, f32_normalize_rows_grad, (size_t rows, size_t cols, in_f32 x, in_f32 mean, in_f32 inverse_std,               \
      in_f32 weight, in_f32 dy, out_f32 dx))                                                                           \
  X(void, f32_normalize_rows_weight_grad, (size_t rows, size_t cols, in_f32 x, in_f32 mean, in_f32 inverse_std,        \
      in_f32 dy, out_f32 d_weight, uint32_t accumulate))

#define STEP_OPERATIONS(X)                                                                                             \
  X(void, f32_sgd_step, (size_t cols, size_t count, in_u32 ids, out_f32 w, in_f32 g, out_f32 velocity, float rate,     \
      float momentum, uint32_t nesterov, float decay))                                                                 \
  X(void, f32_adagrad_step, (size_t cols, size_t count, in_u32 ids, out_f32 w, in_f32 g, out_f32 s, float rate,        \
      float epsilon, float decay))                                                                                     \
  X(void, f32_adam_step, (size_t cols, size_t count, in_u32 ids, out_f32 w, in_f32 g, out_f32 m, out_f32 v,            \
      float step_size, float beta1, float beta2, float root_scale, float epsilon, float decay))                        \
  X(void, csr_adam_step, (size_t count, size_t cols, in_u32 ids, in_u32 offsets, in_u32 rows, in_f32 values,           \
      in_f32 dy, out_f32 g, out_f32 w, out_f32 m, out_f32 v, float step_size, float beta1, float beta2,                \
      float root_scale, float epsilon, float decay))                                                                   \
  X(void, f32_row_rms_step, (size_t cols, size_t count, in_u32 ids, out_f32 w, in_f32 g, out_f32 v, float rate,        \
      float beta2, float root_scale, float epsilon, float decay))                                                      \
  X(void, csr_row_rms_step, (size_t count, size_t cols, in_u32 ids, in_u32 offsets, in_u32 rows, in_f32 values,        \
      in_f32 dy, out_f32 g, out_f32 w, out_f32 v, float rate, float beta2, float root_scale, float epsilon,            \
      float decay))                                                                                                    \
  X(void, f32_asgd_step, (size_t cols, size_t count, in_u32 ids, out_f32 w, in_f32 g, out_f32 average, out_f32 last,   \
      float rate, float decay, float share, double step, double start))                                                \
  X(void, f32_adadelta_step, (size_t cols, size_t count, in_u32 ids, out_f32 w, in_f32 g, out_f32 s, out_f32 u,        \
      float rate, float rho, float epsilon, float decay))                                                              \
  X(void, f32_rmsprop_step, (size_t cols, size_t count, in_u32 ids, out_f32 w, in_f32 g, out_f32 s, out_f32 mean,      \
      out_f32 velocity, float rate, float alpha, float momentum, float epsilon, float decay))                          \
  X(void, f32_clamp_values, (size_t n, float limit, out_f32 x))

#define LABEL_OPERATIONS(X)                                                                                            \
  X(void, u32_hash_labels, (uint32_t a, uint32_t c, uint32_t p, uint32_t num_buckets, size_t count, in_u32 labels,     \
      out_u32 out))                                                                                                    \
  X(uint32_t, u32_hash_targets, (uint32_t a, uint32_t c, uint32_t p, uint32_t num_buckets, size_t rows,                \
      in_u32 label_offsets, in_u32 label_ids, uint32_t binary, out_u32 out_offsets, out_u32 out_columns,               \
      out_f32 out_values))                                                                                             \
  X(void, f32_pack_scores, (size_t num_queries, size_t num_buckets, size_t first_row, in_f32 x, size_t world_offset,   \
      out_f32 out))                                                                                                    \
  X(void, f32_top_labels, (in_f32 scores, size_t num_queries, size_t num_worlds, in_u32 hashes, uint32_t p,            \
      uint32_t num_buckets, size_t num_labels, uint32_t merge, const uint8_t *codes, in_f32 bias,                      \
      const uint8_t *allowed, size_t k, out_u32 out_labels, out_f32 out_scores, out_u32 out_counts))                   \
  X(uint32_t, retrieve_labels_scratch, (size_t num_worlds, size_t num_buckets))                                        \
  X(void, f32_retrieve_labels, (in_u32 dims, in_f32 scores, in_u32 hashes, const uint8_t *codes, in_f32 bias,          \
      const uint8_t *allowed, float scan_cost, uint8_t *scratch, out_u32 out_labels, out_f32 out_scores,               \
      double *out_stats))

#define COLLISION_OPERATIONS(X)                                                                                        \
  X(void, u32_count_shared_labels, (size_t num_worlds, in_u32 hashes, uint32_t p, uint32_t num_buckets,                \
      size_t num_labels, size_t first_bucket, size_t count, out_u32 scratch, out_u32 pairs))

#define OUTPUT_OPERATIONS(X)                                                                                           \
  X(void, csr_dots, (size_t rows, size_t cols, in_u32 offsets, in_u32 columns, in_f32 x, in_f32 w, in_f32 bias,        \
      out_f32 out))                                                                                                    \
  X(double, f32_logistic_cross_entropy, (size_t n, in_f32 x, in_f32 codes, in_f32 weights, float grad_scale,           \
      out_f32 grad))                                                                                                   \
  X(double, f32_ragged_softmax_cross_entropy, (size_t rows, in_u32 offsets, in_f32 x, in_u32 target_offsets,           \
      in_u32 target_columns, in_f32 target_values, float grad_scale, out_f32 grad))                                    \
  X(void, f32_grouped_log_softmax, (size_t rows, size_t cols, size_t groups, in_u32 offsets, in_f32 scores,            \
      in_u32 order, in_f32 x, out_f32 out))                                                                            \
  X(void, f32_top_columns, (size_t rows, size_t cols, size_t k, in_f32 x, out_u32 out_columns, out_f32 out_scores,     \
      out_u32 out_counts))                                                                                             \
  X(void, f32_cluster_top_labels, (in_u32 dims, in_f32 x, out_f32 cluster_scores, in_u32 offsets, in_u32 order,        \
      in_f32 w, in_f32 bias, out_f32 scratch, out_u32 out_labels, out_f32 out_scores, out_u32 out_counts))             \
  X(uint32_t, csr_gather_paths, (size_t rows, in_u32 offsets, in_u32 columns, in_f32 values, in_u32 path_offsets,      \
      in_u32 path_nodes, in_f32 path_codes, out_u32 out_offsets, out_u32 out_nodes, out_f32 out_values,                \
      out_f32 out_codes))                                                                                              \
  X(void, f32_tree_log_probabilities, (size_t rows, size_t num_labels, in_u32 children, in_f32 logits,                 \
      out_f32 scratch, out_f32 out))                                                                                   \
  X(void, f32_tree_top_labels, (in_u32 dims, in_f32 x, in_u32 children, in_f32 w, in_f32 bias, out_u32 scratch,        \
      out_u32 out_labels, out_f32 out_scores, out_u32 out_counts))                                                     \
  X(void, u32_sample_columns, (size_t rows, in_u32 offsets, out_u32 columns, size_t num_columns, size_t num_draws,     \
      in_u32 thresholds, in_u32 aliases, uint32_t seed, out_u32 scratch, out_u32 out, out_u32 rest_offsets,            \
      out_u32 rest_columns, out_u32 counts))                                                                           \
  X(double, f32_sampled_softmax, (size_t rows, size_t cols, in_f32 x, in_f32 shift, in_u32 offsets, in_u32 columns,    \
      in_f32 values, in_u32 rest_offsets, out_f32 rest, float grad_scale, out_f32 grad))                               \
  X(double, f32_sampled_sigmoid, (size_t rows, size_t cols, in_f32 x, in_f32 weight, in_u32 offsets, in_u32 columns,   \
      in_f32 values, in_u32 rest_offsets, out_f32 rest, float grad_scale, out_f32 grad))

#define SPATIAL_OPERATIONS(X)                                                                                          \
  X(void, f32_convolve, (in_u32 dims, in_f32 x, in_f32 weight, in_f32 bias, out_f32 y))                                \
  X(void, f32_convolve_grad_weight, (in_u32 dims, in_f32 x, in_f32 dy, out_f32 dw, uint32_t accumulate))               \
  X(void, f32_convolve_grad_input, (in_u32 dims, in_f32 weight, in_f32 dy, out_f32 dx))                                \
  X(void, f32_sum_planes, (size_t batch, size_t planes, size_t size, in_f32 x, out_f32 out, uint32_t accumulate))      \
  X(void, f32_convolve_local, (in_u32 dims, in_f32 x, in_f32 weight, out_f32 scratch, out_f32 y))                      \
  X(void, f32_convolve_local_grad_weight, (in_u32 dims, in_f32 x, in_f32 dy, out_f32 scratch, out_f32 dw,              \
      uint32_t accumulate))                                                                                            \
  X(void, f32_convolve_local_grad_input, (in_u32 dims, in_f32 weight, in_f32 dy, out_f32 scratch, out_f32 dx))         \
  X(void, f32_max_pool, (in_u32 dims, in_f32 x, out_f32 y, out_u32 indices))                                           \
  X(void, f32_max_pool_grad, (in_u32 dims, in_u32 indices, in_f32 dy, out_f32 dx))                                     \
  X(void, f32_average_pool, (in_u32 dims, uint32_t count_padding, in_f32 x, out_f32 y))                                \
  X(void, f32_average_pool_grad, (in_u32 dims, uint32_t count_padding, in_f32 dy, out_f32 dx))                         \
  X(void, f32_cross_map_normalize, (size_t batch, size_t planes, size_t size, size_t window, float alpha, float beta,  \
      float k, in_f32 x, out_f32 scale, out_f32 y))                                                                    \
  X(void, f32_cross_map_normalize_grad, (size_t batch, size_t planes, size_t size, size_t window, float alpha,         \
      float beta, in_f32 x, in_f32 scale, in_f32 y, in_f32 dy, out_f32 dx))

#define GATING_OPERATIONS(X)                                                                                           \
  X(void, f32_fill_normal, (size_t n, uint32_t seed, out_f32 out))                                                     \
  X(void, f32_top_gates, (in_u32 dims, in_f32 clean, in_f32 noise_logits, in_f32 normals, out_f32 spread,              \
      out_f32 chance, out_f32 noisy, out_u32 chosen, out_f32 scores, out_f32 gates))                                   \
  X(void, f32_top_gates_grad, (in_u32 dims, in_f32 clean, in_f32 noise_logits, in_f32 normals, in_f32 spread,          \
      in_u32 chosen, in_f32 scores, in_f32 gates, in_f32 d_gates, in_f32 d_chance, out_f32 d_clean,                    \
      out_f32 d_noise))

#define WORD_OPERATIONS(X)                                                                                             \
  X(double, f32_train_words, (in_u32 dims, float alpha, in_u32 ids, in_u32 keep, in_u32 thresholds, in_u32 aliases,    \
      in_u32 path_offsets, in_u32 path_nodes, in_f32 path_codes, out_f32 input, out_f32 output, out_f32 nodes,         \
      out_u32 state))

#define PASS_OPERATIONS(X)                                                                                             \
  X(double, linear_pass, (in_u32 dims, float rate, in_u32 offsets, in_u32 columns, in_f32 values,                      \
      in_u32 label_offsets, in_u32 label_ids, in_f32 decay, out_f32 x, out_f32 own, out_f32 base, out_u32 locks,       \
      out_u32 turn, in_u32 stop))                                                                                      \
  X(double, factor_pass, (in_u32 dims, float rate, in_u32 lefts, in_u32 rights, in_f32 values, in_f32 decay,           \
      out_f32 x, out_f32 own, out_f32 base, out_u32 locks, out_u32 turn, in_u32 stop))                                 \
  X(double, cut_pass, (in_u32 dims, float rate, in_u32 heads, in_u32 tails, in_f32 weights, const uint8_t *fixed,      \
      out_f32 x, out_f32 own, out_f32 base, out_u32 locks, out_u32 turn, in_u32 stop))                                 \
  X(void, f32_project_rows_on_simplex, (size_t rows, size_t n, out_f32 x))                                             \
  X(double, u32_spin, (uint32_t count))

#define GLOVE_OPERATIONS(X)                                                                                            \
  X(uint32_t, u32_count_pairs, (size_t from, size_t to, size_t window, in_u32 ids, in_u32 limits, in_u32 starts,       \
      out_u32 dense, size_t capacity, out_u32 used, out_u32 list))                                                     \
  X(uint32_t, u32_combine_pairs, (size_t n, uint32_t id_bits, out_u32 list, out_u32 scratch))                          \
  X(void, u32_shuffle_triples, (size_t n, uint32_t seed, out_u32 list))                                                \
  X(double, f32_glove_step, (size_t n, size_t dimension, in_u32 list, out_f32 state, float rate, float x_max,          \
      float alpha))

#define QUANTIZED_OPERATIONS(X)                                                                                        \
  X(void, f32_quantized_gemm, (size_t m, size_t n, size_t k, uint32_t bits, in_f32 a, const uint8_t *codes,            \
      in_f32 scales, out_f32 c))                                                                                       \
  X(void, csr_quantized_gemm, (size_t rows, size_t groups, size_t size, uint32_t bits, in_u32 offsets, in_u32 columns, \
      in_f32 values, const uint8_t *codes, in_f32 scales, out_f32 y))

#define BENCH_OPERATIONS(X)                                                                                            \
  X(double, f32_probe, (size_t count))

#define OPERATIONS(X)                                                                                                  \
  DENSE_OPERATIONS(X) ROW_OPERATIONS(X) SPARSE_OPERATIONS(X) LOSS_OPERATIONS(X) PART_OPERATIONS(X) BLOCK_OPERATIONS(X) \
  POINTWISE_OPERATIONS(X) NORMALIZATION_OPERATIONS(X) STEP_OPERATIONS(X) LABEL_OPERATIONS(X)                           \
  OUTPUT_OPERATIONS(X) SPATIAL_OPERATIONS(X) GATING_OPERATIONS(X) PASS_OPERATIONS(X)                                   \
  GLOVE_OPERATIONS(X) WORD_OPERATIONS(X) COLLISION_OPERATIONS(X) QUANTIZED_OPERATIONS(X) BENCH_OPERATIONS(X)

#define OPERATION_FIELD(result, name, arguments) result(*name) arguments;
/* The operations of one instruction set. */
typedef struct {
  const char *isa;
  const char *gemm;
  OPERATIONS(OPERATION_FIELD)
} Operations;

#endif
