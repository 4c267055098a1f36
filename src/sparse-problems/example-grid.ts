/**
 * @file Which entries of a matrix may threads have in hand at the same time without touching the same rows of factors?
 *
 *   rows of L      are dealt to P groups, a thread's own
 *   rows of R      are dealt to 2P groups, which all threads go through
 *   cell (p, q)    entries of rows in group p and columns in group q
 *
 *   two threads, P = 2      step 0       step 1       step 2       step 3
 *   thread 0                (0, 0)       (0, 1)       (0, 2)       (0, 3)
 *   thread 1                (1, 2)       (1, 3)       (1, 0)       (1, 1)
 *
 * Threads have different groups on either side in each step, and in the step after it too: nobody waits between steps, and a
 * thread may fall behind by a whole one before it meets another. Threads that do meet lose nothing but time, as anywhere in
 * Hogwild!. What the grid gives is that a core seldom needs a line of memory that another has just written.
 *
 * Sources: Gemulla, Nijkamp, Haas, Sismanis, "Large-scale matrix factorization with distributed stochastic gradient
 * descent", KDD 2011 (strata, with a barrier after each); Recht, Ré, "Parallel stochastic gradient algorithms for
 * large-scale matrix completion", Mathematical Programming Computation 2013 (shuffled anew, with barriers).
 */
export interface ExampleGrid {
  /** P. */
  readonly numGroups: number;
  /** [2P² + 1] cell (p, q) has examples offsets[p·2P + q] … offsets[p·2P + q + 1]. */
  readonly offsets: Uint32Array;
}

/**
 * Deals parts to groups of about equal weight, neighbours together.
 * @param weights of each part: how many examples touch it. @returns [parts] group of each, below numGroups.
 */
export function dealToGroups(weights: Uint32Array, numGroups: number): Uint16Array {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  let dealt = 0;
  return Uint16Array.from(weights, (weight) => {
    const group = Math.floor((dealt * numGroups) / Math.max(1, total));
    dealt += weight;
    return Math.min(numGroups - 1, group);
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
