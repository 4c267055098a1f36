/**
 * @file Which pairs of words are counted in an array, instead of in a list that must be sorted?
 *
 *        j →            Ids are ranks by frequency. Where rank·rank is below a product P, the pair is likely frequent
 *      i ■■■■■■■■■      (Zipf: n_i·n_j falls as 1/(i·j)). Row i holds the columns i … P/(i + 1) − 1; rows end where
 *      ↓  ■■■■          that is before the diagonal.
 *           ■■
 *
 * Source: the C tool of Pennington, Socher, Manning, EMNLP 2014 (its `max_product`); here half of it, since X is symmetric.
 */

export interface DenseTriangle {
  /** As PairCounts says. */
  readonly limits: Uint32Array;
  readonly starts: Uint32Array;
  readonly numCells: number;
}

/** The triangle with the largest product that takes at most `mostCells` cells; maybe none. */
export function createDenseTriangle(numWords: number, mostCells: number): DenseTriangle {
  // Cell numbers are 32 bits wide.
  const most = Math.min(mostCells, 2 ** 32 - 1);
  let low = 0;
  let high = numWords * numWords;
  while (low < high) {
    const product = Math.ceil((low + high) / 2);
    if (countCells(numWords, product, most) <= most) low = product;
    else high = product - 1;
  }
  const limits = new Uint32Array(numWords);
  const starts = new Uint32Array(numWords);
  let numCells = 0;
  for (let i = 0; i < numWords; i++) {
    const limit = Math.min(numWords, Math.floor(low / (i + 1)));
    if (limit <= i) break;
    limits[i] = limit;
    // May be below 0, kept modulo 2³²: only its sum with a column counts.
    starts[i] = numCells - i;
    numCells += limit - i;
  }
  return { limits, starts, numCells };
}

function countCells(numWords: number, product: number, most: number): number {
  let cells = 0;
  for (let i = 0; i < numWords && cells <= most; i++) {
    const limit = Math.min(numWords, Math.floor(product / (i + 1)));
    if (limit <= i) break;
    cells += limit - i;
  }
  return cells;
}

/**
 * Hands on the counts that are not 0, in the order of pairs, and sets them to 0. `list` [capacity, 4] is overwritten for
 * each call of `write` with a count of pairs.
 */
export function drainTriangle(
  { limits, starts }: DenseTriangle,
  dense: Uint32Array,
  list: Uint32Array,
  write: (count: number) => void,
): void {
  let used = 0;
  for (let i = 0; i < limits.length && limits[i] > i; i++) {
    for (let j = i; j < limits[i]; j++) {
      const cell = (starts[i] + j) >>> 0;
      const count = dense[cell];
      if (count === 0) continue;
      dense[cell] = 0;
      if (used === list.length) {
        write(used / 4);
        used = 0;
      }
      list[used] = i;
      list[used + 1] = j;
      list[used + 2] = count;
      list[used + 3] = 0;
      used += 4;
    }
  }
  if (used > 0) write(used / 4);
}
