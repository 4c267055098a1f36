/**
 * @file Which address reproduces what the page shows?
 *
 *   ?q=words&k=20&why=linux:linux_kernel     the query, how many labels, the label whose votes are open
 *
 * What is as by default is left out, so that the plain page has the plain address.
 */
import { MOST_RESULTS } from "../../src/mach/search-contract.js";

export const DEFAULT_K = 10;

export interface QueryLink {
  readonly query: string;
  /** Labels wanted: 1 … MOST_RESULTS. */
  readonly k: number;
  /** Name of the label whose votes are open; null: none. */
  readonly why: string | null;
}

/** What an address asks for; anything that is not understood is as by default. `search`: with or without "?". */
export function parseQueryLink(search: string): QueryLink {
  const parameters = new URLSearchParams(search);
  const k = Number(parameters.get("k") ?? DEFAULT_K);
  const why = parameters.get("why");
  return {
    query: parameters.get("q") ?? "",
    k: Number.isInteger(k) && k >= 1 && k <= MOST_RESULTS ? k : DEFAULT_K,
    why: why === "" ? null : why,
  };
}

/** The address, relative to the page's own: "?q=…", or "./" for nothing. */
export function formatQueryLink({ query, k, why }: QueryLink): string {
  const parameters = new URLSearchParams();
  if (query !== "") parameters.set("q", query);
  if (k !== DEFAULT_K) parameters.set("k", String(k));
  if (why !== null && query !== "") parameters.set("why", why);
  const text = parameters.toString();
  return text === "" ? "./" : `?${text}`;
}
