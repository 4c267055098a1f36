/*
 * How do windows of an image become the operand of a matrix product, without a matrix of all windows in memory?
 *
 *   column j = (image, oy, ox)     row k = (plane, ky, kx)     columns[k, j] = x[plane, oy·sh + ky − ph, ox·sw + kx − pw]
 *
 * A unit is the part of the output that is computed at once: several small images, or a band of rows of a large one.
 * The input that it needs, for a block of planes, is copied to a patch in the workspace, with its padding written out
 * and the columns of each row sorted by their remainder modulo sw:
 *
 *   patch [image][plane][row][ix mod sw][ix div sw]         windows of a row of outputs are then contiguous for each k,
 *                                                           and columns[k, j] = patch[offset[k] + place of j]
 *
 * Both terms come from small tables: offset[k] for a block of planes, and runs of neighbouring outputs for a panel.
 * The copy moves each number once where a matrix of windows would hold it kh·kw times.
 * Units are chosen so that the patch takes at most PATCH_FLOATS (384 KB), half of the L2 cache of the smallest server core
 * that we know with AVX-512.
 */
#ifndef MANYWORLDS_CONVOLVE_PATCH_H
#define MANYWORLDS_CONVOLVE_PATCH_H

#include "gemm_pack.h"
#include "ops.h"

/* Whatever is copied may run over its end by less than a vector. */
#define SLACK 64
#define PATCH_FLOATS (96 * 1024)
#define PATCH_END (PATCH_FLOATS + SLACK)

/* The numbers of the contract's ConvolutionDims, in that order, and what follows from them. */
typedef struct {
  size_t batch, planes, height, width, outputs, kh, kw, sh, sw, ph, pw;
  size_t oh, ow, area, depth; /* area = kh·kw, depth = planes·area: the K of the product */
} Convolution;

INLINE Convolution FN(read_convolution)(in_u32 d) {
  Convolution s = {d[0], d[1], d[2], d[3], d[4], d[5], d[6], d[7], d[8], d[9], d[10], 0, 0, 0, 0};
  s.oh = (s.height + 2 * s.ph - s.kh) / s.sh + 1;
  s.ow = (s.width + 2 * s.pw - s.kw) / s.sw + 1;
  s.area = s.kh * s.kw;
  s.depth = s.planes * s.area;
  return s;
}

/* How large units are at most, and the strides of the patch, in floats. */
typedef struct {
  size_t images, rows, cols, planes;
  size_t phase, row, plane, image;
} Patch;

/* Part of the output: columns [x0, x0 + cols) of rows [y0, y0 + rows) of `images` images from n0. */
typedef struct {
  size_t n0, images, y0, rows, x0, cols;
} Unit;

INLINE size_t least(size_t a, size_t b) { return a < b ? a : b; }
/* The size of parts when n is cut into equal parts of at most `most`. */
INLINE size_t even_part(size_t n, size_t most) {
  size_t parts = (n + most - 1) / most;
  return (n + parts - 1) / parts;
}

INLINE size_t FN(patch_plane)(const Convolution *s, const Patch *p, size_t rows) {
  return ((rows - 1) * s->sh + s->kh) * p->row;
}

/*
 * The largest units whose patch fits: of `planes` planes at most, of `columns` outputs at most. Several images come
 * together up to `grouped` columns. Bands have full rows, or are parts of one row. Fewer planes are taken rather than
 * fewer than 192 columns: four panels of AVX-512.
 */
static Patch FN(plan_patch)(const Convolution *s, size_t planes, size_t columns, size_t grouped) {
  Patch p = {1, 1, least(s->ow, columns), 0, 0, 0, 0, 0};
  size_t phases = least(s->sw, s->kw);
  for (;; p.cols = (p.cols + 1) / 2) {
    p.phase = p.cols + (s->kw - 1) / s->sw;
    p.row = p.phase * phases;
    if (s->kh * p.row <= PATCH_FLOATS || p.cols == 1) break;
  }
  if (p.cols == s->ow) {
    p.rows = least(s->oh, least(192 / p.cols + 1, columns / p.cols));
    while (p.rows > 1 && FN(patch_plane)(s, &p, p.rows) > PATCH_FLOATS) p.rows--;
  }
  p.planes = least(planes, PATCH_FLOATS / FN(patch_plane)(s, &p, p.rows));
  if (p.planes == planes && p.cols == s->ow) {
    while (p.rows < s->oh && (p.rows + 1) * p.cols <= columns &&
           planes * FN(patch_plane)(s, &p, p.rows + 1) <= PATCH_FLOATS)
      p.rows++;
  }
  p.planes = even_part(planes, p.planes);
  p.rows = even_part(s->oh, p.rows);
  p.plane = FN(patch_plane)(s, &p, p.rows);
  p.image = p.planes * p.plane;
  if (p.rows == s->oh && p.cols == s->ow) {
    size_t images = least(least(s->batch, PATCH_FLOATS / p.image), grouped / (s->oh * s->ow));
    if (images > 1) p.images = even_part(s->batch, images);
  }
  return p;
}

INLINE size_t FN(count_units)(const Convolution *s, const Patch *p) {
  return (s->batch + p->images - 1) / p->images * ((s->oh + p->rows - 1) / p->rows) *
         ((s->ow + p->cols - 1) / p->cols);
}

/* Unit i of all; units of one group of images follow one another. */
static Unit FN(unit_at)(const Convolution *s, const Patch *p, size_t i) {
  size_t across = (s->ow + p->cols - 1) / p->cols, down = (s->oh + p->rows - 1) / p->rows;
  Unit u = {i / (across * down) * p->images, 0, i / across % down * p->rows, 0, i % across * p->cols, 0};
  u.images = least(p->images, s->batch - u.n0);
  u.rows = least(p->rows, s->oh - u.y0);
  u.cols = least(p->cols, s->ow - u.x0);
  return u;
}

/* The part of a row of the patch that lies within the image: [from, to) of `phase`, and where `from` is in the image. */
typedef struct {
  size_t from, to, at;
} Inside;

INLINE Inside FN(inside)(const Convolution *s, const Patch *p, const Unit *u, size_t remainder) {
  /* ix = (x0 + t)·sw + remainder − pw must be in [0, width). */
  size_t start = u->x0 * s->sw + remainder, end = s->width + s->pw;
  Inside in = {0, 0, 0};
  in.from = least(start < s->pw ? (s->pw - start + s->sw - 1) / s->sw : 0, p->phase);
  in.to = least(end > start ? (end - start + s->sw - 1) / s->sw : 0, p->phase);
  if (in.to < in.from) in.to = in.from;
  in.at = start + in.from * s->sw - s->pw;
  return in;
}

/* The row of the image that row `r` of the unit's patch shows, or `height` if that is padding. */
INLINE size_t FN(image_row)(const Convolution *s, const Unit *u, size_t r) {
  size_t y = u->y0 * s->sh + r;
  return y < s->ph || y - s->ph >= s->height ? s->height : y - s->ph;
}

/* Copies planes [c0, c0 + planes) of what the unit needs into `patch`. */
static void FN(fill_patch)(const Convolution *s, const Patch *p, const Unit *u, size_t c0, size_t planes, const float *x,
                           float *patch) {
  size_t phases = least(s->sw, s->kw), rows = (u->rows - 1) * s->sh + s->kh;
  for (size_t f = 0; f < phases; f++) {
    Inside in = FN(inside)(s, p, u, f);
    for (size_t i = 0; i < u->images * planes; i++) {
      size_t g = i / planes, c = i % planes;
      const float *image = x + ((u->n0 + g) * s->planes + c0 + c) * s->height * s->width;
      float *to = patch + g * p->image + c * p->plane + f * p->phase;
      for (size_t r = 0; r < rows; r++, to += p->row) {
        size_t y = FN(image_row)(s, u, r), t = 0;
        if (y < s->height) {
          const float *from = image + y * s->width + in.at;
          for (; t < in.from; t++) to[t] = 0;
          if (s->sw == 1) {
            copy_f32(to + t, from, in.to - t);
            t = in.to;
          } else {
            for (; t < in.to; t++, from += s->sw) to[t] = *from;
          }
        }
        for (; t < p->phase; t++) to[t] = 0;
      }
    }
  }
}

/* Adds the patch to the image that it came from; its padding is dropped. */
static void FN(add_patch)(const Convolution *s, const Patch *p, const Unit *u, size_t c0, size_t planes,
                          const float *patch, float *x) {
  size_t phases = least(s->sw, s->kw), rows = (u->rows - 1) * s->sh + s->kh;
  for (size_t f = 0; f < phases; f++) {
    Inside in = FN(inside)(s, p, u, f);
    for (size_t i = 0; i < u->images * planes; i++) {
      size_t g = i / planes, c = i % planes;
      float *image = x + ((u->n0 + g) * s->planes + c0 + c) * s->height * s->width;
      const float *from = patch + g * p->image + c * p->plane + f * p->phase;
      for (size_t r = 0; r < rows; r++, from += p->row) {
        size_t y = FN(image_row)(s, u, r), t = in.from;
        if (y == s->height) continue;
        float *to = image + y * s->width + in.at;
        if (s->sw == 1)
          for (; t + VL <= in.to; t += VL, to += VL) store(to, load(to) + load(from + t));
        for (; t < in.to; t++, to += s->sw) *to += from[t];
      }
    }
  }
}

/* offset[k − k0] of the rows [k0, k1), in a patch whose first plane is that of k0. */
static void FN(list_offsets)(const Convolution *s, const Patch *p, size_t k0, size_t k1, uint32_t *offset) {
  size_t c = 0, ky = k0 % s->area / s->kw, kx = k0 % s->kw;
  for (size_t k = k0; k < k1; k++) {
    *offset++ = (uint32_t)(c * p->plane + ky * p->row + kx % s->sw * p->phase + kx / s->sw);
    if (++kx == s->kw) kx = 0, ky++;
    if (ky == s->kh) ky = 0, c++;
  }
}

/* `length` neighbouring columns of a panel from `column`: in the patch, and in plane 0 of y. */
typedef struct {
  size_t column, length, patch, y;
} Run;

/* The runs of columns [j, j + n) of a unit; at most n. Returns how many. */
static size_t FN(list_runs)(const Convolution *s, const Patch *p, const Unit *u, size_t j, size_t n, Run *runs) {
  size_t g = j / (u->rows * u->cols), y = j / u->cols % u->rows, x = j % u->cols, count = 0;
  for (size_t column = 0; column < n;) {
    size_t length = least(u->cols - x, n - column);
    Run run = {column, length, g * p->image + y * s->sh * p->row + x,
               ((u->n0 + g) * s->outputs * s->oh + u->y0 + y) * s->ow + u->x0 + x};
    Run *last = runs + count - 1;
    if (count > 0 && last->patch + last->length == run.patch && last->y + last->length == run.y)
      last->length += length; /* kernels of one column */
    else runs[count++] = run;
    column += length;
    x = 0;
    if (++y == u->rows) y = 0, g++;
  }
  return count;
}

#endif
