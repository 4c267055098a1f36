/**
 * @file Which binary tree over L symbols has the shortest paths on average? Huffman's.
 *
 *   repeat: join the two lightest of what is left         numbers of the nodes: in the order they are made,
 *                                                         0 … L − 2, so the root is L − 2, and children of a node
 *            root 2                                       are smaller than it
 *           0/    \1        children[2v + code]: an inner node v' < L − 1, or L − 1 + symbol
 *          C      1         paths row l: nodes from the root down, values: the code (0 or 1) taken at each
 *               0/ \1
 *               A   B
 *
 * Two sorted queues replace the priority queue: symbols by count, and nodes, which are made in rising order of weight.
 * Of equal weights a symbol goes before a node, and a smaller symbol before a greater: trees are reproducible, and paths
 * no longer than they need be (equal counts give a balanced tree).
 *
 * Sources: Huffman, "A Method for the Construction of Minimum-Redundancy Codes", Proceedings of the IRE 1952; with two
 * queues: van Leeuwen, "On the construction of Huffman trees", ICALP 1976. O(L log L) for the sort, then O(L).
 */
import { ConfigError } from "../../core/index.js";
import type { Csr } from "../../kernels/contract.js";

/** A Huffman tree over symbols 0 … L − 1, L ≥ 2. */
export class HuffmanCode {
  /** L. */
  readonly numSymbols: number;
  /** [2·(L − 1)] at 2·node + code: the node below, or L − 1 + symbol. The root is node L − 2. */
  readonly children: Uint32Array;
  /** [L rows] the node and the code of each step from the root to a symbol. */
  readonly paths: Csr;
  /** Steps of the longest path. */
  readonly maxDepth: number;

  /** `counts` [L] how often each symbol occurs, ≥ 0. @throws {ConfigError} for fewer than two or negative counts. */
  constructor(counts: ArrayLike<number>) {
    const numSymbols = counts.length;
    if (numSymbols < 2) throw new ConfigError(`HuffmanCode: expected counts of two symbols or more, got ${numSymbols}`);
    for (let i = 0; i < numSymbols; i++) {
      if (counts[i] >= 0 && counts[i] < Number.POSITIVE_INFINITY) continue;
      throw new ConfigError(`HuffmanCode: expected counts of 0 or more, got ${counts[i]} for symbol ${i}`);
    }
    this.numSymbols = numSymbols;
    this.children = joinLightest(counts);
    const { paths, maxDepth } = pathsOf(this.children, numSymbols);
    this.paths = paths;
    this.maxDepth = maxDepth;
  }

  /** Steps from the root to `symbol`: the length of its code in bits. */
  depth(symbol: number): number {
    return this.paths.offsets[symbol + 1] - this.paths.offsets[symbol];
  }
}

function joinLightest(counts: ArrayLike<number>): Uint32Array {
  const numSymbols = counts.length;
  const inner = numSymbols - 1;
  const symbols = Uint32Array.from({ length: numSymbols }, (_, i) => i).sort((a, b) => counts[a] - counts[b] || a - b);
  const weights = new Float64Array(inner);
  const children = new Uint32Array(2 * inner);
  let nextSymbol = 0;
  let nextNode = 0;
  for (let node = 0; node < inner; node++) {
    for (let code = 0; code < 2; code++) {
      const isSymbol =
        nextSymbol < numSymbols && (nextNode === node || counts[symbols[nextSymbol]] <= weights[nextNode]);
      if (isSymbol) {
        weights[node] += counts[symbols[nextSymbol]];
        children[2 * node + code] = inner + symbols[nextSymbol++];
      } else {
        weights[node] += weights[nextNode];
        children[2 * node + code] = nextNode++;
      }
    }
  }
  return children;
}

function pathsOf(children: Uint32Array, numSymbols: number): { paths: Csr; maxDepth: number } {
  const inner = numSymbols - 1;
  const numNodes = inner + numSymbols;
  // Where each node or leaf hangs: 2·parent + code.
  const edge = new Uint32Array(numNodes);
  for (let i = 0; i < children.length; i++) edge[children[i]] = i;
  const depth = new Uint32Array(numNodes);
  for (let v = inner - 1; v >= 0; v--) {
    depth[children[2 * v]] = depth[v] + 1;
    depth[children[2 * v + 1]] = depth[v] + 1;
  }
  const offsets = new Uint32Array(numSymbols + 1);
  let maxDepth = 0;
  for (let symbol = 0; symbol < numSymbols; symbol++) {
    offsets[symbol + 1] = offsets[symbol] + depth[inner + symbol];
    maxDepth = Math.max(maxDepth, depth[inner + symbol]);
  }
  const columns = new Uint32Array(offsets[numSymbols]);
  const values = new Float32Array(offsets[numSymbols]);
  for (let symbol = 0; symbol < numSymbols; symbol++) {
    let at = inner + symbol;
    for (let e = offsets[symbol + 1] - 1; e >= offsets[symbol]; e--) {
      columns[e] = edge[at] >>> 1;
      values[e] = edge[at] & 1;
      at = columns[e];
    }
  }
  return { paths: { offsets, columns, values }, maxDepth };
}
