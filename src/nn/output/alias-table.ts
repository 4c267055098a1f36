/**
 * @file How is a number drawn from any distribution over L in constant time? From a table of cells with two owners.
 *
 *   weights ·L/Σ   │ 2.1 │ 0.4 │ 0.5 │        cell i is cut at its threshold: below it owner i, above it aliases[i]
 *   cells          │0 ███│1 ██0│2 ██0│        every cell has the same chance, so one draw picks a cell, a second its owner
 *
 * Small cells are filled up from large ones until all are even; that takes O(L). Thresholds are parts of 2³² as the
 * kernels' draws are, and 2³² − 1 stands for a cell with one owner; a column's chance is off by at most 2⁻³² a cell.
 *
 * Sources: Walker, "An Efficient Method for Generating Discrete Random Variables with General Distributions", ACM TOMS
 * 1977; the O(L) construction: Vose, "A Linear Algorithm for Generating Random Numbers with a Given Distribution", IEEE
 * Transactions on Software Engineering 1991.
 */
import { ConfigError } from "../../core/index.js";
import type { AliasDraws } from "../../kernels/contract.js";

const CERTAIN = 2 ** 32 - 1;

/** The cells for `weights` [L ≥ 1]. @throws {ConfigError} unless they are ≥ 0, finite, and one of them positive. */
export function aliasTable(weights: ArrayLike<number>): AliasDraws {
  const length = weights.length;
  let total = 0;
  for (let i = 0; i < length; i++) {
    if (!(weights[i] >= 0)) {
      throw new ConfigError(`aliasTable: expected weights of 0 or more, got ${weights[i]} at ${i}; count anew`);
    }
    total += weights[i];
  }
  if (!(total > 0 && total < Number.POSITIVE_INFINITY)) {
    throw new ConfigError(`aliasTable: expected a positive finite sum of weights, got ${total}; count anew`);
  }
  const share = Float64Array.from({ length }, (_, i) => (weights[i] / total) * length);
  const thresholds = new Uint32Array(length).fill(CERTAIN);
  const aliases = Uint32Array.from({ length }, (_, i) => i);
  // Cells below 1 from the front, cells of 1 and more from the back of one array.
  const work = new Uint32Array(length);
  let numSmall = 0;
  let firstLarge = length;
  for (let i = 0; i < length; i++) {
    if (share[i] < 1) work[numSmall++] = i;
    else work[--firstLarge] = i;
  }
  while (numSmall > 0 && firstLarge < length) {
    const small = work[--numSmall];
    const large = work[firstLarge];
    thresholds[small] = Math.min(CERTAIN - 1, Math.floor(share[small] * 2 ** 32));
    aliases[small] = large;
    share[large] -= 1 - share[small];
    if (share[large] < 1) {
      firstLarge++;
      work[numSmall++] = large;
    }
  }
  // What rounding left over has a share of 1, to rounding: a cell with one owner.
  return { thresholds, aliases };
}
