/**
 * @file Is this a request that can be answered? The rules of serve/schemas.ts for what comes from the own page or program,
 * without the library that checks a server's.
 */
import { ConfigError } from "../core/errors.js";
import {
  type CheckedSearchRequest,
  MOST_EXPLAINED,
  MOST_RESULTS,
  type SearchRequest,
} from "../mach/search-contract.js";

/** `request` with its defaults. @throws {ConfigError} naming the field. */
export function checkSearchRequest(request: SearchRequest): CheckedSearchRequest {
  const fail = (field: string, expected: string, got: unknown): never => {
    throw new ConfigError(`search: ${field}: expected ${expected}, got ${JSON.stringify(got)}`);
  };
  const { query, queries, k = 10, filter, minProbability = 0, explain = false } = request;
  if ((query === undefined) === (queries === undefined)) fail("query", "`query` or `queries`, one of the two", query);
  const texts = queries ?? [query as string];
  if (!isTexts(texts) || texts.length === 0) fail("queries", "at least one text", texts);
  if (!Number.isInteger(k) || k < 1 || k > MOST_RESULTS) fail("k", `1 to ${MOST_RESULTS}`, k);
  if (typeof explain !== "boolean") fail("explain", "true or false", explain);
  if (explain && k > MOST_EXPLAINED) fail("k", `at most ${MOST_EXPLAINED} with \`explain\``, k);
  if (!(typeof minProbability === "number" && minProbability >= 0 && minProbability <= 1)) {
    fail("minProbability", "0 to 1", minProbability);
  }
  for (const names of [filter?.only, filter?.except]) {
    if (names !== undefined && !isTexts(names)) fail("filter", "lists of labels' names", filter);
  }
  return { queries: texts, k, filter, minProbability, explain };
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((text) => typeof text === "string");
}
