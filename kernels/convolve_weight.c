/*
 * The gradient of a convolution's weights, summed over the batch, at the speed of the matrix product.
 *
 *   dwᵀ [K, P] = Σ over images  columns [K, S]·dyᵀ [S, P]
 *
 * Turned this way round, no window needs to be packed: a tile's MR rows are MR places in the patch (convolve_patch.h)
 * from which it reads number after number along each row of outputs. Only dyᵀ is packed, in panels of NR planes. The
 * sums of WEIGHT_PLANES planes for a block of rows k stay in the workspace while the whole batch goes by, and are turned once
 * at the end.
 * Tiles of one block are equally high: 25 rows are 7 + 6 + 6 + 6, not 8 + 8 + 8 + 1, which takes as long as 32.
 */
#include "convolve_patch.h"

#define WEIGHT_ROWS 960
#define WEIGHT_COLUMNS 1024
/* Planes of dy for which one patch is made: with NR = 8 a patch for each panel took as long as its products. */
#define WEIGHT_PLANES 48
_Static_assert(PATCH_END + WEIGHT_COLUMNS * NR + WEIGHT_ROWS * (WEIGHT_PLANES + 1) <= WORKSPACE_FLOATS,
               "gradient of weights fits");
_Static_assert(WEIGHT_PLANES % NR == 0, "panels of a pass");

/* What all tiles of a unit have in common: extents, steps in the patch, dyᵀ. */
typedef struct {
  size_t images, rows, cols, row_step, image_step;
  const float *patch, *packed;
} Windows;

/* sums [mr, nv·VL] += windows·dyᵀ; row i reads the patch from offset[i]. */
INLINE void FN(window_tile)(const size_t mr, const size_t nv, const Windows *w, const uint32_t *offset, float *sums) {
  vf sum[MR][NV];
  const float *a[MR], *b = w->packed;
  for (size_t i = 0; i < mr; i++) {
    a[i] = w->patch + offset[i];
    for (size_t j = 0; j < nv; j++) sum[i][j] = splat(0);
  }
  for (size_t g = 0; g < w->images; g++) {
    for (size_t y = 0; y < w->rows; y++) {
      size_t at = g * w->image_step + y * w->row_step;
      for (size_t end = at + w->cols; at < end; at++, b += nv * VL) {
        vf row[NV];
        for (size_t j = 0; j < nv; j++) row[j] = load(b + j * VL);
        for (size_t i = 0; i < mr; i++) {
          vf x = splat(a[i][at]);
          for (size_t j = 0; j < nv; j++) sum[i][j] += x * row[j];
        }
      }
    }
  }
  for (size_t i = 0; i < mr; i++)
    for (size_t j = 0; j < nv; j++, sums += VL) store(sums, load(sums) + sum[i][j]);
}

typedef void WindowKernel(const Windows *w, const uint32_t *offset, float *sums);

#define WINDOW_TILE(mr, nv)                                                                                            \
  static void FN(f32_window_##mr##x##nv##v)(const Windows *w, const uint32_t *offset, float *sums) {                   \
    FN(window_tile)(mr, nv, w, offset, sums);                                                                          \
  }
#if NV > 2
#define WINDOW_ROW(mr) WINDOW_TILE(mr, 1) WINDOW_TILE(mr, 2) WINDOW_TILE(mr, 3)
#define WINDOW_ENTRY(mr) {FN(f32_window_##mr##x1v), FN(f32_window_##mr##x2v), FN(f32_window_##mr##x3v)}
#else
#define WINDOW_ROW(mr) WINDOW_TILE(mr, 1) WINDOW_TILE(mr, 2)
#define WINDOW_ENTRY(mr) {FN(f32_window_##mr##x1v), FN(f32_window_##mr##x2v)}
#endif
WINDOW_ROW(1)
WINDOW_ROW(2)
WINDOW_ROW(3)
WINDOW_ROW(4)
#if MR > 4
WINDOW_ROW(5)
WINDOW_ROW(6)
#endif
#if MR > 6
WINDOW_ROW(7)
WINDOW_ROW(8)
#endif
static WindowKernel *const FN(window_tiles)[MR][NV] = {
    WINDOW_ENTRY(1), WINDOW_ENTRY(2), WINDOW_ENTRY(3), WINDOW_ENTRY(4),
#if MR > 4
    WINDOW_ENTRY(5), WINDOW_ENTRY(6),
#endif
#if MR > 6
    WINDOW_ENTRY(7), WINDOW_ENTRY(8),
#endif
};

/* sums [depth, nv·VL] += the unit's part of the product, for `planes` planes of dy from `plane`. */
static void FN(add_windows)(const Convolution *s, const Patch *p, const Unit *u, size_t depth, size_t plane,
                            size_t planes, const uint32_t *offset, const float *dy, float *packed, float *sums) {
  size_t columns = u->rows * u->cols, size = s->oh * s->ow, nv = (planes + VL - 1) / VL;
  for (size_t g = 0; g < u->images; g++)
    FN(pack_columns)(columns, planes, dy + ((u->n0 + g) * s->outputs + plane) * size + u->y0 * s->ow + u->x0, size,
                     packed + g * columns * nv * VL);
  Windows w = {u->images, u->rows, u->cols, s->sh * p->row, p->image, workspace, packed};
  size_t tiles = (depth + MR - 1) / MR;
  for (size_t i = 0; i < tiles; i++) {
    size_t k = depth * i / tiles, mr = depth * (i + 1) / tiles - k;
    FN(window_tiles)[mr - 1][nv - 1](&w, offset + k, sums + k * nv * VL);
  }
}

OP(void, f32_convolve_grad_weight)(in_u32 dims, in_f32 x, in_f32 dy, out_f32 dw, uint32_t accumulate) {
  Convolution s = FN(read_convolution)(dims);
  Patch p = FN(plan_patch)(&s, least(s.planes, s.area > WEIGHT_ROWS ? 1 : WEIGHT_ROWS / s.area), WEIGHT_COLUMNS,
                           WEIGHT_COLUMNS);
  float *patch = workspace, *packed = workspace + PATCH_END, *sums = packed + WEIGHT_COLUMNS * NR;
  uint32_t *offset = (uint32_t *)(sums + WEIGHT_ROWS * WEIGHT_PLANES);
  size_t units = FN(count_units)(&s, &p), vectors = (s.outputs + VL - 1) / VL;
  size_t passes = (s.outputs + WEIGHT_PLANES - 1) / WEIGHT_PLANES;
  for (size_t k = 0, end; k < s.depth; k = end) {
    end = s.area > WEIGHT_ROWS ? least(k + WEIGHT_ROWS, (k / s.area + 1) * s.area)
                               : least(k + p.planes * s.area, s.depth);
    size_t c = k / s.area, planes = (end - 1) / s.area + 1 - c;
    FN(list_offsets)(&s, &p, k, end, offset);
    for (size_t i = 0; i < passes; i++) {
      size_t m = vectors * i / passes * VL, mc = least(s.outputs, vectors * (i + 1) / passes * VL) - m;
      size_t panels = FN(count_panels)(mc), depth = end - k;
      FN(fill_row)(depth * ((mc + VL - 1) / VL * VL), 0, sums);
      for (size_t t = 0; t < units; t++) {
        Unit u = FN(unit_at)(&s, &p, t);
        FN(fill_patch)(&s, &p, &u, c, planes, x, patch);
        for (size_t j = 0; j < panels; j++) {
          size_t first = FN(panel_start)(mc, panels, j), count = FN(panel_start)(mc, panels, j + 1) - first;
          FN(add_windows)(&s, &p, &u, depth, m + first, count, offset, dy, packed, sums + depth * first);
        }
      }
      for (size_t j = 0; j < panels; j++) {
        size_t first = FN(panel_start)(mc, panels, j), next = FN(panel_start)(mc, panels, j + 1);
        size_t width = (next - first + VL - 1) / VL * VL;
        for (size_t r = first; r < next; r++) {
          const float *from = sums + depth * first + r - first;
          float *to = dw + (m + r) * s.depth + k;
          for (size_t q = 0; q < depth; q++) to[q] = (accumulate ? to[q] : 0) + from[q * width];
        }
      }
    }
  }
}

/* Sums of up to SUM_BLOCK numbers in f32, of those in f64. */
OP(void, f32_sum_planes)(size_t batch, size_t planes, size_t size, in_f32 x, out_f32 out, uint32_t accumulate) {
  for (size_t p = 0; p < planes; p++) {
    double total = accumulate ? out[p] : 0;
    for (size_t n = 0; n < batch; n++) {
      const float *row = x + (n * planes + p) * size;
      for (size_t start = 0; start < size; start += SUM_BLOCK) {
        size_t end = least(size, start + SUM_BLOCK), i = start;
        vf sum = splat(0);
        for (; i + VL <= end; i += VL) sum += load(row + i);
        total += sum_lanes(sum);
        for (; i < end; i++) total += row[i];
      }
    }
    out[p] = (float)total;
  }
}
