/**
 * @file Names in, names out: which labels does a filter allow, and what is a client told of a query's ranked labels?
 *
 * Not here: checking a request's shape (checked-request.ts), ranking (portable-scorer.ts).
 */
import { ConfigError } from "../core/errors.js";
import type { LabelTable } from "../data/label-table.js";
import { companionsOf } from "../mach/companions.js";
import { labelFilter } from "../mach/label-filter.js";
import type { LabelHash } from "../mach/label-hash.js";
import type { CheckedSearchRequest, FoundLabel, LabelNames, SearchResult } from "../mach/search-contract.js";
import { votesOf, worldViewsOf } from "../mach/votes.js";
import type { RankedQuery } from "./portable-scorer.js";

/** The labels that a filter of names allows, as `labelFilter` has them. @throws {ConfigError} for an unknown name. */
export function allowedLabels(labels: LabelTable, { only, except }: LabelNames): Uint8Array {
  const ids = (names: readonly string[]): number[] =>
    names.map((name) => {
      const id = labels.idOf(name);
      if (id === -1) throw new ConfigError(`search: filter: the model knows no label ${JSON.stringify(name)}`);
      return id;
    });
  const allowed = only === undefined ? null : labelFilter(labels.numLabels, ids(only));
  if (except === undefined) return allowed ?? labelFilter(labels.numLabels, [], "except");
  const rest = labelFilter(labels.numLabels, ids(except), "except");
  return allowed === null ? rest : rest.map((bits, i) => bits & allowed[i]);
}

/** Whose answers get names. */
export interface NamedModel {
  readonly labels: LabelTable;
  readonly hash: LabelHash;
}

/** A query's answer as a client gets it. `unknown`: none of its words is the model's. */
export function namedResult(
  { labels, hash }: NamedModel,
  { minProbability, explain }: CheckedSearchRequest,
  query: string,
  unknown: boolean,
  { labels: ids, probabilities, votes }: RankedQuery,
): SearchResult {
  const nameOf = (id: number): string => labels.nameOf(id);
  const found: FoundLabel[] = [];
  for (const [j, id] of ids.entries()) {
    const probability = probabilities[j];
    // Priors may make scores negative: a threshold of 0 is none.
    if (minProbability > 0 && probability < minProbability) continue;
    const label = { id, label: nameOf(id), probability };
    if (votes === null) found.push(label);
    else {
      const companions = companionsOf(hash, votes.worlds, id, labels.labelCounts);
      found.push({
        ...label,
        votes: votesOf(votes, j, nameOf),
        companions: companions.map((companion) => ({ ...companion, label: nameOf(companion.label) })),
      });
    }
  }
  return { query, unknown, labels: found, ...(explain && votes !== null ? { worlds: worldViewsOf(votes) } : {}) };
}
