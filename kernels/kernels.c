/*
 * All operations for one instruction set, as one translation unit.
 *
 * Compiled once per set with -DISA=…; natively it yields the single symbol `operations__<isa>`, in WebAssembly one
 * export per operation. The order of the includes is that of the contract.
 */
#include "simd.h"
#include "ops.h"

#define OPERATION_PROTOTYPE(result, name, arguments) OP(result, name) arguments;
OPERATIONS(OPERATION_PROTOTYPE)

#include "exp_log.h"

#include "gemm.c"
#include "dense.c"
#include "random.c"
#include "activate.c"
#include "rows.c"
#include "csr_gemm.c"
#include "csr_rows.c"
#include "quantized.c"
#include "cross_entropy.c"
#include "losses.c"
#include "blocks.c"
#include "pointwise.c"
#include "normalization.c"
#include "steps.c"
#include "label_hash.c"
#include "sample_columns.c"
#include "sampled_loss.c"
#include "top_labels.c"
#include "retrieve_labels.c"
#include "shared_labels.c"
#include "top_columns.c"
#include "csr_dots.c"
#include "clusters.c"
#include "tree.c"
#include "convolve.c"
#include "convolve_weight.c"
#include "convolve_local.c"
#include "pooling.c"
#include "cross_map.c"
#include "gating.c"
#include "passes.h"
#include "pass_linear.c"
#include "pass_factors.c"
#include "pass_cuts.c"
#include "glove.c"
#include "word2vec.c"
#include "probe.c"

#ifdef __wasm__
float workspace[WORKSPACE_FLOATS] __attribute__((aligned(64)));
#else
#define OPERATION_ENTRY(result, name, arguments) .name = FN(name),
const Operations FN(operations) = {.isa = TEXT(ISA), .gemm = GEMM_NAME, OPERATIONS(OPERATION_ENTRY)};
#endif
