/** @file How do neighbours read? A table on a terminal, tabs in a pipe, or JSON. */
import type { Neighbor } from "../../embeddings/vector-search.js";
import { formatTable } from "../tables.js";

export interface NeighborAnswer {
  readonly query: string;
  readonly neighbors: readonly Neighbor[];
}

/** Without a terminal: `query`, then `word:cosine` for each, parted by tabs, a line a query. */
export function formatNeighbors(answers: readonly NeighborAnswer[], json: boolean, pretty: boolean): string {
  const lines = answers.map(({ query, neighbors }) => {
    if (json) {
      const list = neighbors.map(({ word, similarity }) => ({ word, similarity }));
      return JSON.stringify({ query, neighbors: list });
    }
    if (!pretty) {
      return [query, ...neighbors.map(({ word, similarity }) => `${word}:${similarity.toFixed(6)}`)].join("\t");
    }
    const rows = neighbors.map(({ word, similarity }, i) => [String(i + 1), word, similarity.toFixed(4)]);
    return `${query}\n${formatTable([["", "word", "cosine"], ...rows])}\n`;
  });
  return `${lines.join("\n")}\n`;
}
