/**
 * @file Which examples may threads have in hand at the same time without touching the same parameters? Those of a grid.
 *
 *   rows of L, and rows of R (or vertices, for both ends of an edge), are dealt to P groups; cell (p, q) has the examples
 *   with their first part in group p and their second in group q
 *
 *   P = 2, two threads:    step 0: cells (0, 0) │ (1, 1)      step 1: cells (0, 1) │ (1, 0)
 *
 * Thread t of T has the cells of first groups t, t + T, …; in each step all threads have different groups on either side.
 * Nobody waits between steps: threads that drift apart may meet, as anywhere in Hogwild!, and lose nothing else by it. What
 * it gives is that a core seldom needs a line of memory that another has just written. Examples of a cell lie side by side.
 *
 * Sources: Gemulla, Nijkamp, Haas, Sismanis, "Large-scale matrix factorization with distributed stochastic gradient
 * descent", KDD 2011 (strata, with a barrier after each); Recht, Ré, "Parallel stochastic gradient algorithms for
 * large-scale matrix completion", Mathematical Programming Computation 2013 (shuffled anew, with barriers).
 */
import { ConfigError } from "../core/errors.js";

export interface ExampleGrid {
  /** P. */
  readonly numGroups: number;
  /** [P² + 1] cell (p, q) has examples offsets[p·P + q] … offsets[p·P + q + 1]. */
  readonly offsets: Uint32Array;
}

const MOST_GROUPS = 256;

/** @throws {ConfigError} */
export function checkNumGroups(where: string, numGroups: number): void {
  if (Number.isInteger(numGroups) && numGroups >= 1 && numGroups <= MOST_GROUPS) return;
  throw new ConfigError(`${where}: expected numGroups from 1 to ${MOST_GROUPS}, got ${numGroups}`);
}

/** Deals parts, in the order given, to groups of about equal weight: a part's is the number of examples that touch it. */
export function dealToGroups(parts: Iterable<number>, weights: Uint32Array, numGroups: number): Uint16Array {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const groupOf = new Uint16Array(weights.length);
  let dealt = 0;
  for (const part of parts) {
    groupOf[part] = Math.min(numGroups - 1, Math.floor((dealt * numGroups) / Math.max(1, total)));
    dealt += weights[part];
  }
  return groupOf;
}

/**
 * Sorts `order`, in place, by cells, as it was within each. Null where there is one group alone.
 * @param cellOf the cell p·P + q of an example.
 */
export function arrangeInGrid(
  order: Uint32Array,
  numGroups: number,
  cellOf: (example: number) => number,
): ExampleGrid | null {
  if (numGroups === 1) return null;
  const offsets = new Uint32Array(numGroups * numGroups + 1);
  for (const example of order) offsets[cellOf(example) + 1]++;
  for (let cell = 0; cell < numGroups * numGroups; cell++) offsets[cell + 1] += offsets[cell];
  const next = offsets.slice();
  for (const example of order.slice()) order[next[cellOf(example)]++] = example;
  return { numGroups, offsets };
}
