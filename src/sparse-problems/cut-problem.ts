/**
 * @file Multiway cuts as a sparse problem: a graph's vertices shared out among K terminals, cutting little.
 *
 *   minimise Σ_{(u,v) ∈ E} w_uv·‖x_u − x_v‖₁, x_v on the simplex of K shares; some vertices are given wholly to a terminal
 *
 * If all x_v are corners of the simplex, the sum is twice the weight of the edges that are cut. `roundCut` gives each
 * vertex to its greatest share.
 *
 * Source: Niu et al., "HOGWILD!", NIPS 2011, §2, "Graph Cuts"; the relaxation is Călinescu, Karloff, Rabani, "An improved
 * approximation algorithm for multiway cut", STOC 1998.
 */
import { ConfigError, ShapeError } from "../core/errors.js";
import type { LabelLists } from "../data/dataset.js";
import { shuffledExamples } from "./example-order.js";
import type { CutProblem } from "./problem.js";

/** An undirected graph; each edge stands once, with both ends distinct. */
export interface Graph {
  readonly numVertices: number;
  /** [E] one end of each edge. */
  readonly heads: Uint32Array;
  /** [E] the other end. */
  readonly tails: Uint32Array;
  /** [E] at least 0. */
  readonly weights: Float32Array;
}

/** A vertex that belongs to a terminal. */
export interface FixedVertex {
  /** 0 … V − 1. */
  readonly vertex: number;
  /** 0 … K − 1. */
  readonly terminal: number;
}

/** Among how many terminals a graph is cut, and which vertices are theirs from the start. */
export interface CutProblemOptions {
  /** K ≥ 2. */
  readonly numTerminals: number;
  /** At least one of each terminal, else no vertex would have a reason to go there. */
  readonly fixed: readonly FixedVertex[];
  /** Of the examples' order. Default 1. */
  readonly seed?: number;
}

/**
 * The multiway cut of a graph, which is read, not kept.
 * @throws {ConfigError} for terminals without a vertex, {ShapeError} for edges outside of the graph or negative, or arrays of unequal
 * length.
 */
export function createCutProblem(graph: Graph, options: CutProblemOptions): CutProblem {
  const { numTerminals, fixed, seed = 1 } = options;
  const { numVertices, heads, tails, weights } = graph;
  if (!(Number.isInteger(numTerminals) && numTerminals >= 2 && numTerminals <= 65_536)) {
    throw new ConfigError(`createCutProblem: expected numTerminals from 2 to 65536, got ${numTerminals}`);
  }
  if (heads.length !== weights.length || tails.length !== weights.length) {
    throw new ShapeError(
      `createCutProblem: expected as many heads and tails as weights, got ${heads.length}, ${tails.length}, ${weights.length}`,
    );
  }
  const marks = new Uint8Array(new SharedArrayBuffer(numVertices));
  const terminals = new Uint32Array(new SharedArrayBuffer(4 * numVertices));
  for (const { vertex, terminal } of fixed) {
    if (!(vertex < numVertices && terminal < numTerminals && (marks[vertex] === 0 || terminals[vertex] === terminal))) {
      throw new ConfigError(
        `createCutProblem: fixed: expected vertices below ${numVertices}, each with one terminal below ${numTerminals}, got vertex ${vertex} with ${terminal}`,
      );
    }
    marks[vertex] = 1;
    terminals[vertex] = terminal;
  }
  const without = Array.from({ length: numTerminals }, (_, k) => k).find(
    (k) => !fixed.some(({ terminal }) => terminal === k),
  );
  if (without !== undefined) {
    throw new ConfigError(`createCutProblem: expected a fixed vertex for each terminal, got none for ${without}`);
  }
  const order = shuffledExamples(weights.length, seed);
  const make = <T extends Uint32Array | Float32Array>(from: T, out: T): T => {
    for (let i = 0; i < order.length; i++) out[i] = from[order[i]];
    return out;
  };
  const bytes = 4 * order.length;
  const data = {
    numTerminals,
    heads: make(heads, new Uint32Array(new SharedArrayBuffer(bytes))),
    tails: make(tails, new Uint32Array(new SharedArrayBuffer(bytes))),
    weights: make(weights, new Float32Array(new SharedArrayBuffer(bytes))),
    fixed: marks,
  };
  for (let i = 0; i < order.length; i++) {
    const [u, v, w] = [data.heads[i], data.tails[i], data.weights[i]];
    if (u < numVertices && v < numVertices && u !== v && w >= 0 && Number.isFinite(w)) continue;
    throw new ShapeError(
      `createCutProblem: edge ${order[i]}: expected two vertices below ${numVertices} and a weight of at least 0, got ${u}, ${v}, ${w}`,
    );
  }
  const numExamples = order.length;
  return { kind: "cut", numExamples, numParts: numVertices, partLength: numTerminals, grid: null, terminals, data };
}

/** The greatest share's terminal of each vertex (ties: the first), and the weight of the edges between different ones. */
export function roundCut(problem: CutProblem, x: Float32Array): { terminals: Uint32Array; cutWeight: number } {
  const { partLength: k, numParts, data } = problem;
  const terminals = new Uint32Array(numParts);
  for (let v = 0; v < numParts; v++) {
    for (let j = 1; j < k; j++) if (x[v * k + j] > x[v * k + terminals[v]]) terminals[v] = j;
  }
  let cutWeight = 0;
  data.weights.forEach((weight, e) => {
    if (terminals[data.heads[e]] !== terminals[data.tails[e]]) cutWeight += weight;
  });
  return { terminals, cutWeight };
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
