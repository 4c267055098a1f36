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
import { arrangeInGrid, checkNumGroups, dealToGroups } from "./example-grid.js";
import { shuffledExamples } from "./example-order.js";
import { breadthFirst, type Graph } from "./graph.js";
import type { CutProblem } from "./problem.js";

/** A vertex that belongs to a terminal. */
export interface FixedVertex {
  readonly vertex: number;
  readonly terminal: number;
}

export interface CutProblemOptions {
  /** K ≥ 2. */
  readonly numTerminals: number;
  /** At least one of each terminal, else no vertex would have a reason to go there. */
  readonly fixed: readonly FixedVertex[];
  /** Of the examples' order. Default 1. */
  readonly seed?: number;
  /**
   * P: vertices are dealt to so many groups with about as many edges, breadth first, so that few edges run between groups
   * and up to P threads seldom meet; see example-grid.ts. A multiple of the threads. 1: one random order. Default 2.
   */
  readonly numGroups?: number;
}

/** @throws {ConfigError} for terminals without a vertex, {ShapeError} for edges outside of the graph or negative. */
export function createCutProblem(graph: Graph, options: CutProblemOptions): CutProblem {
  const { numTerminals, fixed, seed = 1, numGroups = 2 } = options;
  const { numVertices, heads, tails, weights } = graph;
  if (!(Number.isInteger(numTerminals) && numTerminals >= 2 && numTerminals <= 65_536)) {
    throw new ConfigError(`createCutProblem: expected numTerminals from 2 to 65536, got ${numTerminals}`);
  }
  checkNumGroups("createCutProblem", numGroups);
  if (heads.length !== weights.length || tails.length !== weights.length) {
    throw new ShapeError(
      `createCutProblem: expected two ends for each weight, got ${heads.length}, ${tails.length}, ${weights.length}`,
    );
  }
  weights.forEach((weight, e) => {
    const [u, v] = [heads[e], tails[e]];
    if (u < numVertices && v < numVertices && u !== v && weight >= 0 && Number.isFinite(weight)) return;
    throw new ShapeError(
      `createCutProblem: edge ${e}: expected two vertices below ${numVertices} and a weight of at least 0, got ${u}, ${v}, ${weight}`,
    );
  });
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
  const { vertices, degrees } = breadthFirst(graph);
  const groupOf = dealToGroups(vertices, degrees, numGroups);
  const grid = arrangeInGrid(order, numGroups, (e) => groupOf[heads[e]] * numGroups + groupOf[tails[e]]);
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
  const numExamples = order.length;
  return { kind: "cut", numExamples, numParts: numVertices, partLength: numTerminals, grid, terminals, data };
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
