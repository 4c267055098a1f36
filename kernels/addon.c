/*
 * The Node-API binding: which JavaScript values become which C arguments?
 *
 *   exports.isas            names of the instruction sets that were compiled in and that this processor has, best first
 *   exports.bind(isa)       an object with `isa`, `gemm` and one function for each operation of ops.h, same arguments:
 *                           numbers, typed arrays (also views of SharedArrayBuffers) for pointers, null for NULL
 *   exports.address(array)  where the array's memory begins, modulo 2 MiB, for aligned allocation
 *   exports.advise(array)   asks the system for huge pages under a large new Uint8Array
 *
 * Extents are checked in TypeScript (src/kernels/bound/); here only the kinds of arguments are. Functions share no
 * state but the thread's own workspace, so the addon may be loaded by any number of worker threads.
 */
#define NAPI_VERSION 8
#include <node_api.h>
#if defined(__linux__)
#include <sys/mman.h>
#endif

#if defined(__x86_64__)
#include <cpuid.h>
#endif

#include "ops.h"
#include "simd.h"

_Thread_local float workspace[WORKSPACE_FLOATS] __attribute__((aligned(64)));

#if defined(__x86_64__)
extern const Operations operations__avx512, operations__avx2, operations__x86_64;
/* What the processor has (cpuid leaf 7) and whose registers the system saves (xgetbv; bits: 1, 2 AVX, 5 to 7 AVX-512). */
static size_t list_operations(const Operations **list) {
  enum { FMA = 1 << 12, OSXSAVE = 1 << 27, AVX2 = 1 << 5, BMI = 1 << 3 | 1 << 8 };
  const unsigned avx512 = 1u << 16 | 1u << 17 | 1u << 28 | 1u << 30 | 1u << 31; /* F, DQ, CD, BW, VL */
  unsigned a, b = 0, c = 0, d, features = 0, saved = 0;
  size_t n = 0;
  if (__get_cpuid(1, &a, &b, &features, &d) && (features & OSXSAVE)) __asm__("xgetbv" : "=a"(saved), "=d"(d) : "c"(0));
  __get_cpuid_count(7, 0, &a, &b, &c, &d);
  int has_avx2 = (saved & 6) == 6 && (features & FMA) && (b & AVX2) && (b & BMI) == BMI;
  if (has_avx2 && (saved & 0xe0) == 0xe0 && (b & avx512) == avx512) list[n++] = &operations__avx512;
  if (has_avx2) list[n++] = &operations__avx2;
  list[n++] = &operations__x86_64;
  return n;
}
#else
extern const Operations operations__arm64;
static size_t list_operations(const Operations **list) {
  list[0] = &operations__arm64;
  return 1;
}
#endif

typedef union {
  double n;
  void *p;
} Argument;

enum { MOST_ARGUMENTS = 17, HUGE_PAGE = 2 << 20 };

/* Reads `count` arguments; on a wrong kind throws a TypeError and returns NULL, else the operations bound. */
static const Operations *read_arguments(napi_env env, napi_callback_info info, const char *name, size_t count,
                                        Argument *out) {
  napi_value values[MOST_ARGUMENTS];
  void *data = NULL;
  size_t given = count;
  napi_get_cb_info(env, info, &given, values, NULL, &data);
  for (size_t i = 0; i < count; i++) {
    napi_valuetype type = napi_undefined;
    if (i < given) napi_typeof(env, values[i], &type);
    if (type == napi_number) {
      napi_get_value_double(env, values[i], &out[i].n);
    } else if (type == napi_null) {
      out[i].p = NULL;
    } else if (type != napi_object ||
               napi_get_typedarray_info(env, values[i], NULL, NULL, &out[i].p, NULL, NULL) != napi_ok) {
      napi_throw_type_error(env, "ERR_INVALID_ARG_TYPE", name);
      return NULL;
    }
  }
  return data;
}

static napi_value number(napi_env env, double x) {
  napi_value value;
  napi_create_double(env, x, &value);
  return value;
}

#define N(i) ((size_t)x[i].n)
#define U(i) ((uint32_t)x[i].n)
#define F(i) ((float)x[i].n)
#define D(i) (x[i].n)
#define P(i) (x[i].p)
#define FUNCTION(name, count, ...)                                                                                     \
  static napi_value js_##name(napi_env env, napi_callback_info info) {                                                 \
    Argument x[count];                                                                                                 \
    _Static_assert(count <= MOST_ARGUMENTS, #name);                                                                    \
    const Operations *o = read_arguments(env, info, #name ": expected numbers and typed arrays", count, x);            \
    if (!o) return NULL;                                                                                               \
    __VA_ARGS__;                                                                                                       \
  }
#define VOID(name, count, ...) FUNCTION(name, count, o->name(__VA_ARGS__); return NULL)
#define NUMBER(name, count, ...) FUNCTION(name, count, return number(env, (double)o->name(__VA_ARGS__)))

VOID(f32_gemm, 9, U(0), N(1), N(2), N(3), P(4), P(5), P(6), P(7), U(8))
VOID(f32_add_bias, 4, N(0), N(1), P(2), P(3))
VOID(f32_add_bias_relu, 4, N(0), N(1), P(2), P(3))
VOID(f32_sum_rows, 5, N(0), N(1), P(2), P(3), U(4))
VOID(f32_relu, 3, N(0), P(1), P(2))
VOID(f32_relu_grad, 4, N(0), P(1), P(2), P(3))
VOID(f32_axpby, 5, N(0), F(1), P(2), F(3), P(4))
VOID(f32_dropout, 7, N(0), D(1), F(2), U(3), U(4), P(5), P(6))
VOID(f32_fill_uniform, 5, N(0), F(1), F(2), U(3), P(4))
VOID(f32_activate, 4, U(0), N(1), N(2), P(3))
NUMBER(f32_dot, 3, N(0), P(1), P(2))
VOID(f32_multiply, 5, N(0), P(1), P(2), P(3), U(4))
VOID(f32_row_dots, 5, N(0), N(1), P(2), P(3), P(4))
VOID(f32_scale_rows, 6, N(0), N(1), P(2), P(3), P(4), U(5))
VOID(f32_scatter_add_rows, 6, N(0), N(1), P(2), P(3), P(4), P(5))
NUMBER(f32_merge_rows, 11, N(0), N(1), U(2), U(3), F(4), P(5), P(6), P(7), U(8), P(9), P(10))
VOID(f32_row_maxima, 4, N(0), N(1), P(2), P(3))
VOID(f32_exp_sums, 6, N(0), N(1), P(2), P(3), P(4), P(5))
NUMBER(f32_softmax_part, 12, N(0), N(1), N(2), N(3), P(4), P(5), P(6), P(7), P(8), P(9), F(10), P(11))
VOID(csr_select_columns, 9, N(0), P(1), P(2), P(3), U(4), U(5), P(6), P(7), P(8))
NUMBER(csr_fault, 5, N(0), P(1), P(2), N(3), N(4))
NUMBER(ids_fault, 3, N(0), P(1), N(2))
NUMBER(csr_gather_rows, 11, N(0), P(1), P(2), P(3), N(4), P(5), N(6), P(7), P(8), P(9), N(10))
VOID(csr_gemm, 8, N(0), N(1), P(2), P(3), P(4), P(5), P(6), U(7))
NUMBER(csr_compact_transpose, 9, N(0), P(1), P(2), P(3), P(4), P(5), P(6), P(7), P(8))
VOID(csr_grad_rows, 7, N(0), N(1), P(2), P(3), P(4), P(5), P(6))
VOID(f32_gather_rows, 5, N(0), N(1), P(2), P(3), P(4))
NUMBER(f32_softmax_cross_entropy, 8, N(0), N(1), P(2), P(3), P(4), P(5), F(6), P(7))
NUMBER(f32_sigmoid_cross_entropy, 8, N(0), N(1), P(2), P(3), P(4), P(5), F(6), P(7))
NUMBER(f32_element_loss, 9, U(0), N(1), N(2), F(3), P(4), P(5), P(6), F(7), P(8))
NUMBER(f32_class_nll, 6, N(0), N(1), P(2), P(3), P(4), P(5))
NUMBER(f32_multi_margin, 9, N(0), N(1), U(2), F(3), P(4), P(5), P(6), F(7), P(8))
NUMBER(f32_cosine_embedding, 9, N(0), N(1), F(2), P(3), P(4), P(5), F(6), P(7), P(8))
VOID(f32_copy_block, 8, N(0), N(1), P(2), N(3), N(4), P(5), N(6), N(7))
VOID(f32_outer_products, 6, N(0), N(1), N(2), P(3), P(4), P(5))
VOID(f32_outer_products_grad, 8, N(0), N(1), N(2), P(3), P(4), P(5), P(6), P(7))
VOID(f32_max_of_pieces, 6, N(0), N(1), N(2), P(3), P(4), P(5))
VOID(f32_max_of_pieces_grad, 6, N(0), N(1), N(2), P(3), P(4), P(5))
VOID(f32_pointwise, 6, U(0), N(1), F(2), F(3), P(4), P(5))
VOID(f32_pointwise_grad, 8, U(0), N(1), F(2), F(3), P(4), P(5), P(6), P(7))
VOID(f32_softmax_grad, 6, U(0), N(1), N(2), P(3), P(4), P(5))
VOID(f32_channel_moments, 6, N(0), N(1), N(2), P(3), P(4), P(5))
VOID(f32_normalize_channels, 10, N(0), N(1), N(2), F(3), P(4), P(5), P(6), P(7), P(8), P(9))
VOID(f32_channel_grad_sums, 10, N(0), N(1), N(2), F(3), P(4), P(5), P(6), P(7), P(8), P(9))
VOID(f32_normalize_channels_grad, 12, N(0), N(1), N(2), F(3), P(4), P(5), P(6), P(7), P(8), P(9), P(10), P(11))
VOID(f32_normalize_rows, 9, N(0), N(1), F(2), P(3), P(4), P(5), P(6), P(7), P(8))
VOID(f32_normalize_rows_grad, 8, N(0), N(1), P(2), P(3), P(4), P(5), P(6), P(7))
VOID(f32_normalize_rows_weight_grad, 8, N(0), N(1), P(2), P(3), P(4), P(5), P(6), U(7))
VOID(f32_sgd_step, 10, N(0), N(1), P(2), P(3), P(4), P(5), F(6), F(7), U(8), F(9))
VOID(f32_adagrad_step, 9, N(0), N(1), P(2), P(3), P(4), P(5), F(6), F(7), F(8))
VOID(f32_adam_step, 13, N(0), N(1), P(2), P(3), P(4), P(5), P(6), F(7), F(8), F(9), F(10), F(11), F(12))
VOID(csr_adam_step, 17, N(0), N(1), P(2), P(3), P(4), P(5), P(6), P(7), P(8), P(9), P(10), F(11), F(12), F(13), F(14),
     F(15), F(16))
VOID(f32_row_rms_step, 11, N(0), N(1), P(2), P(3), P(4), P(5), F(6), F(7), F(8), F(9), F(10))
VOID(csr_row_rms_step, 15, N(0), N(1), P(2), P(3), P(4), P(5), P(6), P(7), P(8), P(9), F(10), F(11), F(12), F(13), F(14))
VOID(f32_asgd_step, 12, N(0), N(1), P(2), P(3), P(4), P(5), P(6), F(7), F(8), F(9), D(10), D(11))
VOID(f32_adadelta_step, 11, N(0), N(1), P(2), P(3), P(4), P(5), P(6), F(7), F(8), F(9), F(10))
VOID(f32_rmsprop_step, 13, N(0), N(1), P(2), P(3), P(4), P(5), P(6), P(7), F(8), F(9), F(10), F(11), F(12))
VOID(f32_clamp_values, 3, N(0), F(1), P(2))
VOID(u32_hash_labels, 7, U(0), U(1), U(2), U(3), N(4), P(5), P(6))
NUMBER(u32_hash_targets, 11, U(0), U(1), U(2), U(3), N(4), P(5), P(6), U(7), P(8), P(9), P(10))
VOID(f32_pack_scores, 6, N(0), N(1), N(2), P(3), N(4), P(5))
VOID(f32_top_labels, 15, P(0), N(1), N(2), P(3), U(4), U(5), N(6), U(7), P(8), P(9), P(10), N(11), P(12), P(13), P(14))
NUMBER(retrieve_labels_scratch, 2, N(0), N(1))
VOID(f32_retrieve_labels, 11, P(0), P(1), P(2), P(3), P(4), P(5), F(6), P(7), P(8), P(9), P(10))
VOID(u32_count_shared_labels, 9, N(0), P(1), U(2), U(3), N(4), N(5), N(6), P(7), P(8))
VOID(csr_dots, 8, N(0), N(1), P(2), P(3), P(4), P(5), P(6), P(7))
NUMBER(f32_logistic_cross_entropy, 6, N(0), P(1), P(2), P(3), F(4), P(5))
NUMBER(f32_ragged_softmax_cross_entropy, 8, N(0), P(1), P(2), P(3), P(4), P(5), F(6), P(7))
VOID(f32_grouped_log_softmax, 8, N(0), N(1), N(2), P(3), P(4), P(5), P(6), P(7))
VOID(f32_top_columns, 7, N(0), N(1), N(2), P(3), P(4), P(5), P(6))
VOID(f32_cluster_top_labels, 11, P(0), P(1), P(2), P(3), P(4), P(5), P(6), P(7), P(8), P(9), P(10))
NUMBER(csr_gather_paths, 11, N(0), P(1), P(2), P(3), P(4), P(5), P(6), P(7), P(8), P(9), P(10))
VOID(f32_tree_log_probabilities, 6, N(0), N(1), P(2), P(3), P(4), P(5))
VOID(f32_tree_top_labels, 9, P(0), P(1), P(2), P(3), P(4), P(5), P(6), P(7), P(8))
VOID(u32_sample_columns, 13, N(0), P(1), P(2), N(3), N(4), P(5), P(6), U(7), P(8), P(9), P(10), P(11), P(12))
NUMBER(f32_sampled_softmax, 11, N(0), N(1), P(2), P(3), P(4), P(5), P(6), P(7), P(8), F(9), P(10))
NUMBER(f32_sampled_sigmoid, 11, N(0), N(1), P(2), P(3), P(4), P(5), P(6), P(7), P(8), F(9), P(10))
VOID(f32_convolve, 5, P(0), P(1), P(2), P(3), P(4))
VOID(f32_convolve_grad_weight, 5, P(0), P(1), P(2), P(3), U(4))
VOID(f32_convolve_grad_input, 4, P(0), P(1), P(2), P(3))
VOID(f32_sum_planes, 6, N(0), N(1), N(2), P(3), P(4), U(5))
VOID(f32_convolve_local, 5, P(0), P(1), P(2), P(3), P(4))
VOID(f32_convolve_local_grad_weight, 6, P(0), P(1), P(2), P(3), P(4), U(5))
VOID(f32_convolve_local_grad_input, 5, P(0), P(1), P(2), P(3), P(4))
VOID(f32_max_pool, 4, P(0), P(1), P(2), P(3))
VOID(f32_max_pool_grad, 4, P(0), P(1), P(2), P(3))
VOID(f32_average_pool, 4, P(0), U(1), P(2), P(3))
VOID(f32_average_pool_grad, 4, P(0), U(1), P(2), P(3))
VOID(f32_cross_map_normalize, 10, N(0), N(1), N(2), N(3), F(4), F(5), F(6), P(7), P(8), P(9))
VOID(f32_cross_map_normalize_grad, 11, N(0), N(1), N(2), N(3), F(4), F(5), P(6), P(7), P(8), P(9), P(10))
VOID(f32_fill_normal, 3, N(0), U(1), P(2))
VOID(f32_top_gates, 10, P(0), P(1), P(2), P(3), P(4), P(5), P(6), P(7), P(8), P(9))
VOID(f32_top_gates_grad, 12, P(0), P(1), P(2), P(3), P(4), P(5), P(6), P(7), P(8), P(9), P(10), P(11))
NUMBER(linear_pass, 14, P(0), F(1), P(2), P(3), P(4), P(5), P(6), P(7), P(8), P(9), P(10), P(11), P(12), P(13))
NUMBER(factor_pass, 12, P(0), F(1), P(2), P(3), P(4), P(5), P(6), P(7), P(8), P(9), P(10), P(11))
NUMBER(cut_pass, 12, P(0), F(1), P(2), P(3), P(4), P(5), P(6), P(7), P(8), P(9), P(10), P(11))
VOID(f32_project_rows_on_simplex, 3, N(0), N(1), P(2))
NUMBER(u32_spin, 1, U(0))
NUMBER(u32_count_pairs, 10, N(0), N(1), N(2), P(3), P(4), P(5), P(6), N(7), P(8), P(9))
NUMBER(u32_combine_pairs, 4, N(0), U(1), P(2), P(3))
VOID(u32_shuffle_triples, 3, N(0), U(1), P(2))
NUMBER(f32_glove_step, 7, N(0), N(1), P(2), P(3), F(4), F(5), F(6))
NUMBER(f32_train_words, 13, P(0), F(1), P(2), P(3), P(4), P(5), P(6), P(7), P(8), P(9), P(10), P(11), P(12))
VOID(f32_quantized_gemm, 8, N(0), N(1), N(2), U(3), P(4), P(5), P(6), P(7))
VOID(csr_quantized_gemm, 10, N(0), N(1), N(2), U(3), P(4), P(5), P(6), P(7), P(8), P(9))
NUMBER(f32_probe, 1, N(0))

static napi_value js_address(napi_env env, napi_callback_info info) {
  napi_value array;
  void *data = NULL;
  size_t given = 1;
  napi_get_cb_info(env, info, &given, &array, NULL, NULL);
  napi_get_typedarray_info(env, array, NULL, NULL, &data, NULL, NULL);
  return number(env, (double)((uintptr_t)data % HUGE_PAGE));
}

static napi_value js_advise(napi_env env, napi_callback_info info) {
  napi_value array;
  void *data = NULL;
  size_t given = 1, bytes = 0;
  napi_get_cb_info(env, info, &given, &array, NULL, NULL);
  napi_get_typedarray_info(env, array, NULL, &bytes, &data, NULL, NULL);
#if defined(__linux__)
  uintptr_t from = ((uintptr_t)data + 4095) & ~(uintptr_t)4095, to = ((uintptr_t)data + bytes) & ~(uintptr_t)4095;
  if (to > from) madvise((void *)from, to - from, MADV_HUGEPAGE);
#endif
  return NULL;
}

/* Detaches an ArrayBuffer: its memory is freed now, its views become empty. */
static napi_value js_release(napi_env env, napi_callback_info info) {
  napi_value buffer;
  size_t given = 1;
  napi_get_cb_info(env, info, &given, &buffer, NULL, NULL);
  napi_detach_arraybuffer(env, buffer);
  return NULL;
}

static napi_value js_bind(napi_env env, napi_callback_info info) {
  napi_value argument, object, value;
  size_t given = 1, length;
  char name[16] = "";
  napi_get_cb_info(env, info, &given, &argument, NULL, NULL);
  napi_get_value_string_utf8(env, argument, name, sizeof name, &length);
  const Operations *list[3];
  for (size_t i = 0, n = list_operations(list); i < n; i++) {
    const char *isa = list[i]->isa;
    size_t at = 0;
    while (isa[at] && isa[at] == name[at]) at++;
    if (isa[at] || name[at]) continue;
    napi_create_object(env, &object);
#define PROPERTY(result, name, arguments)                                                                              \
  napi_create_function(env, #name, NAPI_AUTO_LENGTH, js_##name, (void *)list[i], &value);                              \
  napi_set_named_property(env, object, #name, value);
    OPERATIONS(PROPERTY)
    napi_create_string_utf8(env, list[i]->isa, NAPI_AUTO_LENGTH, &value);
    napi_set_named_property(env, object, "isa", value);
    napi_create_string_utf8(env, list[i]->gemm, NAPI_AUTO_LENGTH, &value);
    napi_set_named_property(env, object, "gemm", value);
    return object;
  }
  return NULL;
}

NAPI_MODULE_INIT() {
  const Operations *list[3];
  napi_value isas, value;
  napi_create_array(env, &isas);
  for (size_t i = 0, n = list_operations(list); i < n; i++) {
    napi_create_string_utf8(env, list[i]->isa, NAPI_AUTO_LENGTH, &value);
    napi_set_element(env, isas, (uint32_t)i, value);
  }
  napi_set_named_property(env, exports, "isas", isas);
  napi_create_function(env, "bind", NAPI_AUTO_LENGTH, js_bind, NULL, &value);
  napi_set_named_property(env, exports, "bind", value);
  napi_create_function(env, "address", NAPI_AUTO_LENGTH, js_address, NULL, &value);
  napi_set_named_property(env, exports, "address", value);
  napi_create_function(env, "advise", NAPI_AUTO_LENGTH, js_advise, NULL, &value);
  napi_set_named_property(env, exports, "advise", value);
  napi_create_function(env, "release", NAPI_AUTO_LENGTH, js_release, NULL, &value);
  napi_set_named_property(env, exports, "release", value);
  return exports;
}
