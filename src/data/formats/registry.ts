/**
 * @file Which format is this file in? The list of all formats, in the order they are asked.
 */
import { ConfigError } from "../../core/errors.js";
import type { Purpose, RowFormat } from "../row-format.js";
import { csvFormat } from "./csv.js";
import { fastTextFormat } from "./fasttext.js";
import { linesFormat } from "./lines.js";
import { tsvFormat } from "./tsv.js";
import { xcFormat } from "./xc.js";

/** All formats. The first whose `sniff` says yes is taken, so the most telling come first. */
export const ROW_FORMATS: readonly RowFormat[] = [fastTextFormat, xcFormat, tsvFormat, csvFormat, linesFormat];

/** The format called `name`. @throws {ConfigError} naming the known ones. */
export function formatByName(name: string): RowFormat {
  const format = ROW_FORMATS.find((candidate) => candidate.name === name);
  if (format !== undefined) return format;
  const known = ROW_FORMATS.map((candidate) => candidate.name).join(", ");
  throw new ConfigError(`format: expected one of ${known}, got "${name}"; leave it out to have it recognised`);
}

/** The format of a file, judged by its path and first bytes; null when none fits. `kind` limits the choice. */
export function sniffFormat(
  path: string,
  head: Uint8Array,
  purpose: Purpose,
  kind: "text" | "numeric" | null,
): RowFormat | null {
  const bare = path.toLowerCase().replace(/\.gz$/, "");
  const candidates = ROW_FORMATS.filter((format) => kind === null || format.kind === kind);
  return candidates.find((format) => format.sniff(bare, head, purpose)) ?? null;
}
