/**
 * @file Undirected graphs, for cuts: the graph of labels that occur together, and its vertices breadth first.
 */
import type { LabelLists } from "../data/dataset.js";

/** An undirected graph; each edge stands once, with both ends distinct. */
export interface Graph {
  readonly numVertices: number;
  readonly heads: Uint32Array;
  readonly tails: Uint32Array;
  readonly weights: Float32Array;
}

/**
 * The graph of labels that occur together: an edge for each pair, its weight the number of rows that have both, a row of
 * k labels counting 1/(k − 1), so that no label owes its weight to a few long rows. Rows of more than `maxLabels` labels are
 * left out: they are lists of everything, and their pairs grow with the square.
 */
export function cooccurrenceGraph(labels: LabelLists, maxLabels = 30): Graph {
  const weightOf = new Map<number, number>();
  for (let i = 0; i < labels.numRows; i++) {
    const ids = labels.ids.subarray(labels.offsets[i], labels.offsets[i + 1]);
    if (ids.length > maxLabels) continue;
    for (let a = 0; a < ids.length; a++) {
      for (let b = a + 1; b < ids.length; b++) {
        const key = ids[a] * labels.numLabels + ids[b];
        weightOf.set(key, (weightOf.get(key) ?? 0) + 1 / (ids.length - 1));
      }
    }
  }
  const keys = [...weightOf.keys()];
  return {
    numVertices: labels.numLabels,
    heads: Uint32Array.from(keys, (key) => Math.floor(key / labels.numLabels)),
    tails: Uint32Array.from(keys, (key) => key % labels.numLabels),
    weights: Float32Array.from(weightOf.values()),
  };
}

/**
 * All vertices, neighbours near each other: component by component, each breadth first from its first vertex; and [V] how
 * many edges each has.
 */
export function breadthFirst({ numVertices, heads, tails }: Graph): { vertices: Uint32Array; degrees: Uint32Array } {
  const degrees = new Uint32Array(numVertices);
  for (const ends of [heads, tails]) for (const vertex of ends) degrees[vertex]++;
  const offsets = new Uint32Array(numVertices + 1);
  for (let v = 0; v < numVertices; v++) offsets[v + 1] = offsets[v] + degrees[v];
  const neighbours = new Uint32Array(offsets[numVertices]);
  const next = offsets.slice();
  heads.forEach((u, e) => {
    neighbours[next[u]++] = tails[e];
    neighbours[next[tails[e]]++] = u;
  });
  const vertices = new Uint32Array(numVertices);
  const isSeen = new Uint8Array(numVertices);
  let end = 0;
  const add = (vertex: number): void => {
    if (isSeen[vertex] === 1) return;
    isSeen[vertex] = 1;
    vertices[end++] = vertex;
  };
  for (let root = 0, at = 0; root < numVertices; root++) {
    add(root);
    for (; at < end; at++) {
      for (let j = offsets[vertices[at]]; j < offsets[vertices[at] + 1]; j++) add(neighbours[j]);
    }
  }
  return { vertices, degrees };
}
