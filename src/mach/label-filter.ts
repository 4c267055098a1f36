/**
 * @file Which labels may be returned? One bit a label: what is in stock, what a shop sells, what a tag set holds.
 *
 *   bit l & 7 of byte l >> 3 is 1 where label l may be returned
 *
 * A filter is exact: the best k of the labels that it lets through, not what is left of the best k of all. Few labels are
 * scored one by one; many are skipped where they turn up (kernels/retrieve_labels.c).
 */
import { ConfigError } from "../core/errors.js";

/** A filter [⌈L/8⌉] that lets only `labels` through, or all but them. @throws {ConfigError} for a label ≥ L. */
export function labelFilter(numLabels: number, labels: Iterable<number>, kind: "only" | "except" = "only"): Uint8Array {
  const bits = new Uint8Array(Math.ceil(numLabels / 8)).fill(kind === "only" ? 0 : 0xff);
  for (const label of labels) {
    if (!(Number.isInteger(label) && label >= 0 && label < numLabels)) {
      throw new ConfigError(
        `labelFilter: expected labels below ${numLabels}, got ${label}; are they of another model?`,
      );
    }
    if (kind === "only") bits[label >> 3] |= 1 << (label & 7);
    else bits[label >> 3] &= ~(1 << (label & 7));
  }
  return bits;
}
