/** @file How much memory does an answer take while it is kept? About: strings at two bytes a character, objects at a guess. */
import type { SearchResult } from "../../mach/search-contract.js";

/** An object of a few fields, with its place in an array. */
const OBJECT_BYTES = 64;

export function resultBytes({ query, labels, worlds }: SearchResult): number {
  let bytes = OBJECT_BYTES + 2 * query.length;
  for (const { label, item, votes, companions } of labels) {
    bytes += OBJECT_BYTES + 2 * label.length;
    // Items belong to the catalogue as a rule, which may drop them: then they are kept for this alone.
    if (item !== undefined) bytes += OBJECT_BYTES + 2 * textLength([item.title, item.url, item.image, item.price]);
    for (const { shared } of votes ?? []) bytes += 2 * OBJECT_BYTES + 2 * textLength(shared.labels);
    for (const { label: other, worlds: both } of companions ?? [])
      bytes += OBJECT_BYTES + 2 * other.length + 8 * both.length;
  }
  for (const { buckets } of worlds ?? []) bytes += OBJECT_BYTES * (1 + buckets.length);
  return bytes;
}

function textLength(texts: readonly (string | undefined)[]): number {
  return texts.reduce((sum, text) => sum + (text?.length ?? 0), 0);
}
