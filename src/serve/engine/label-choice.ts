/** @file Which labels does a request's filter leave? Names looked up, `except` taken from `only`. */
import { createHash } from "node:crypto";
import type { LabelTable } from "../../data/index.js";
import type { LabelNames } from "../../mach/search-contract.js";
import { BadQueryError } from "./engine-errors.js";
import type { LabelChoice } from "./query-job.js";

/** Names that a message lists. */
const MOST_NAMED = 3;

/** Null where all labels are left. @throws {BadQueryError} naming labels that the model does not know. */
export function chooseLabels(labels: LabelTable, filter: LabelNames | undefined): LabelChoice | null {
  if (filter === undefined) return null;
  const except = idsOf(labels, filter.except ?? [], "except");
  if (filter.only === undefined) return except.size === 0 ? null : choiceOf("except", except);
  const only = idsOf(labels, filter.only, "only");
  for (const id of except) only.delete(id);
  return choiceOf("only", only);
}

function idsOf(labels: LabelTable, names: readonly string[], field: string): Set<number> {
  const ids = new Set<number>();
  const unknown: string[] = [];
  for (const name of names) {
    const id = labels.idOf(name);
    if (id < 0) unknown.push(name);
    else ids.add(id);
  }
  if (unknown.length === 0) return ids;
  const named = unknown.slice(0, MOST_NAMED).map((name) => JSON.stringify(name));
  const more = unknown.length > MOST_NAMED ? ` and ${unknown.length - MOST_NAMED} more` : "";
  throw new BadQueryError(
    `filter.${field}: expected labels of the model, got ${named.join(", ")}${more}; names are those of the training rows, to the letter`,
  );
}

function choiceOf(kind: LabelChoice["kind"], set: ReadonlySet<number>): LabelChoice {
  const ids = Uint32Array.from(set).sort();
  return { kind, ids, key: `${kind} ${createHash("sha256").update(ids).digest("base64")}` };
}
