/** @file What does a user learn of a catalogue that is read? How far it is, what was left out, and whether its labels are the model's. */
import type { LabelResponse } from "../mach/search-contract.js";
import type { CatalogueColumns } from "../serve/catalogue/catalogue-columns.js";
import { type OpenedCatalogue, openCatalogue } from "../serve/catalogue/index.js";
import type { Progress } from "./progress.js";
import { formatSkipped } from "./skipped-rows.js";
import { formatCount } from "./tables.js";

/** Labels looked up to see whether catalogue and model speak of the same: a few milliseconds, and within a point or two. */
const SAMPLED_LABELS = 1000;

/** Opens the catalogue that `--catalogue` names, as the flags beside it say. @throws what `openCatalogue` throws. */
export async function readCatalogue(
  path: string,
  options: Readonly<Record<string, unknown>>,
  progress: Progress,
  signal: AbortSignal,
): Promise<OpenedCatalogue> {
  const job = `reading ${path}`;
  const catalogue = await openCatalogue(path, {
    columns: options.catalogueColumns as CatalogueColumns | undefined,
    storePath: options.catalogueStore as string | undefined,
    skipBadRows: options.skipBadRows === true,
    // Writing takes a fraction of the time that reading does.
    onProgress: ({ phase, fraction, rows }) =>
      progress.update({
        job,
        fraction: phase === "reading" ? 0.8 * fraction : 0.8 + 0.2 * fraction,
        details: { rows },
      }),
    signal,
  });
  progress.finish(job, `catalogue ${path}: ${formatCount(catalogue.size)} items`);
  const { numDuplicates, droppedLinks, skipped } = catalogue.report;
  if (numDuplicates > 0) {
    progress.note(`${formatCount(numDuplicates)} rows of the catalogue are not used: a later row has their label`);
  }
  if (droppedLinks !== null) {
    const { count, firstLine, first } = droppedLinks;
    const where = `first at ${path}:${firstLine}: ${JSON.stringify(first)}`;
    progress.note(`${formatCount(count)} addresses left out, not http, https or from the site's root (${where})`);
  }
  if (skipped.length > 0) progress.note(formatSkipped(skipped));
  return catalogue;
}

/** What answers for labels by their ids: the engine. */
export interface LabelSource {
  model(): { readonly numLabels: number };
  label(id: number): LabelResponse | null;
}

/** Says how many of the model's labels have an item: none at all is a catalogue with other names. */
export function describeCoverage(source: LabelSource): string {
  const { numLabels } = source.model();
  const numAsked = Math.min(numLabels, SAMPLED_LABELS);
  let numFound = 0;
  for (let i = 0; i < numAsked; i++) {
    if (source.label(Math.floor((i * numLabels) / numAsked))?.item !== undefined) numFound++;
  }
  const among = numAsked < numLabels ? ` (of ${formatCount(numAsked)} looked up)` : "";
  if (numFound === 0) {
    const example = JSON.stringify(source.label(0)?.label ?? "");
    return `none of the model's labels has an item${among}: the catalogue's must be the model's, such as ${example}`;
  }
  return `${((100 * numFound) / numAsked).toFixed(1)} % of the model's labels have an item${among}`;
}
