/**
 * @file Which entries of a matrix may threads have in hand at the same time without touching the same rows of factors?
 *
 *   rows of L      are dealt to P groups
 *   rows of R      are dealt to 2P groups
 *   cell (p, q)    entries of rows in group p and columns in group q
 *
 *   P = 3           q = 0   1   2   3   4   5
 *   p = 0               ·   A   ·   ·   ·   ·       thread A; thread B may take any cell that is in neither its rows
 *   p = 1               ·   ·   ·   ·   B   ·       nor its columns, so that a core seldom needs a line of memory that
 *   p = 2               ·   ·   ·   ·   ·   ·       another has just written: cell-scheduler.ts
 *
 * Source: Gemulla, Nijkamp, Haas, Sismanis, "Large-scale matrix factorization with distributed stochastic gradient
 * descent", KDD 2011.
 */
export interface ExampleGrid {
  /** P. */
  readonly numGroups: number;
  /** [2P² + 1] cell (p, q) has examples offsets[p·2P + q] … offsets[p·2P + q + 1]. */
  readonly offsets: Uint32Array;
}

/**
 * Deals parts to groups of about equal weight, neighbours together.
 * @param weights of each part: how many examples touch it.
 * @param unitOf parts of the same unit, neighbours, stay together: those that lie in the same lines of memory.
 * @returns [parts] group of each, below numGroups.
 */
export function dealToGroups(
  weights: Uint32Array,
  numGroups: number,
  unitOf: (part: number) => number = (part) => part,
): Uint16Array {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  let dealt = 0;
  let unit = -1;
  let group = 0;
  return Uint16Array.from(weights, (weight, part) => {
    if (unitOf(part) !== unit) {
      unit = unitOf(part);
      group = Math.min(numGroups - 1, Math.floor((dealt * numGroups) / Math.max(1, total)));
    }
    dealt += weight;
    return group;
  });
}

/** Sorts `order`, in place, by the cells p·2P + q of examples, as it was within each. */
export function arrangeInGrid(order: Uint32Array, numGroups: number, cellOf: (example: number) => number): ExampleGrid {
  const numCells = 2 * numGroups * numGroups;
  const offsets = new Uint32Array(numCells + 1);
  for (const example of order) offsets[cellOf(example) + 1]++;
  for (let cell = 0; cell < numCells; cell++) offsets[cell + 1] += offsets[cell];
  const next = offsets.slice();
  for (const example of order.slice()) order[next[cellOf(example)]++] = example;
  return { numGroups, offsets };
}
