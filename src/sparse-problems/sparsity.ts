/**
 * @file How much do examples get in each other's way? The paper's statistics of a hypergraph, of the user's own data.
 *
 *   Ω = max |e|                          parts that one example touches, at most
 *   Δ = max_v |{e : v ∈ e}| / |E|        share of examples that touch the most popular part
 *   ρ = max_e |{ê : ê ∩ e ≠ ∅}| / |E|    share of examples that touch any part of one example, at most
 *
 * and, which the paper does not have, two means, since maxima say little about the ordinary example:
 *
 *   meeting   chance that two random examples touch a part in common
 *   overlap   share of an example's parts that another random example touches too: Σ_v (d_v/N)² / Σ_v d_v/N
 *
 * ρ and meeting need every example's neighbours. An example's neighbours are a union of its parts' lists; popular parts
 * (in more than N/32 examples) keep theirs as bits, so that a union costs min(d_v, N/32) a part. Where all unions would
 * cost more than `workLimit`, they are taken of a sample: half of it at random (for the mean), half of those examples
 * whose parts' lists are longest (for the maximum); then ρ is a lower bound, and `rhoExact` says so.
 *
 * Source: Niu et al., "HOGWILD!", NIPS 2011, §2, equations 2.6 and below.
 */
import { Rng } from "../core/rng.js";
import type { SparseProblem } from "./problem.js";

/** Which parts each example touches: example i has parts[offsets[i] … offsets[i + 1]), distinct. */
export interface Hypergraph {
  readonly numParts: number;
  /** [N + 1]. */
  readonly offsets: Uint32Array;
  /** [offsets[N]] numbers below `numParts`. */
  readonly parts: Uint32Array;
}

/** How much work the statistics may cost. */
export interface SparsityOptions {
  /** Steps over lists and words that ρ and meeting may cost. Default 2·10⁹, some seconds. */
  readonly workLimit?: number;
  /** Of the sample. Default 1. */
  readonly seed?: number;
}

/** How much examples get in each other's way: statistics of a hypergraph. */
export interface Sparsity {
  /** |E|, N. */
  readonly numExamples: number;
  /** n: parts that there are, touched or not. */
  readonly numParts: number;
  /** Parts that some example touches. */
  readonly numTouched: number;
  /** Ω: parts that one example touches, at most. */
  readonly omega: number;
  /** Mean of |e|. */
  readonly meanSize: number;
  /** Δ: share of examples that touch the most popular part. */
  readonly delta: number;
  /** ρ: share of examples that touch any part of one example, at most; the greatest found if not `rhoExact`. */
  readonly rho: number;
  /** Whether all examples' neighbours were counted; else `rho` is a lower bound, from a sample. */
  readonly rhoExact: boolean;
  /** Examples whose neighbours were counted. */
  readonly numSampled: number;
  /** Chance that two random examples touch a part in common; estimated unless `rhoExact`. */
  readonly meeting: number;
  /** Share of an example's parts that another random example touches too, on average. */
  readonly overlap: number;
}

/** The hypergraph of a problem. */
export function hypergraphOf(problem: SparseProblem): Hypergraph {
  const { numParts, numExamples } = problem;
  if (problem.kind === "linear") {
    const { offsets, columns } = problem.data.features;
    return { numParts, offsets, parts: columns };
  }
  const { kind, data } = problem;
  const [first, second] = kind === "factors" ? [data.lefts, data.rights] : [data.heads, data.tails];
  return pairs(numParts, numExamples, first, second, kind === "factors" ? data.numLeft : 0);
}

/** Examples of two parts each, the second numbered from `shift`. */
export function pairs(
  numParts: number,
  numExamples: number,
  first: Uint32Array,
  second: Uint32Array,
  shift: number,
): Hypergraph {
  const parts = new Uint32Array(2 * numExamples);
  for (let i = 0; i < numExamples; i++) {
    parts[2 * i] = first[i];
    parts[2 * i + 1] = second[i] + shift;
  }
  return { numParts, offsets: Uint32Array.from({ length: numExamples + 1 }, (_, i) => 2 * i), parts };
}

/** Computes the statistics; without examples all are 0. */
export function measureSparsity(graph: Hypergraph, options: SparsityOptions = {}): Sparsity {
  const { workLimit = 2e9, seed = 1 } = options;
  const { numParts, offsets, parts } = graph;
  const n = offsets.length - 1;
  const degrees = new Uint32Array(numParts);
  for (let e = offsets[0]; e < offsets[n]; e++) degrees[parts[e]]++;
  let [omega, touched, total, greatest, squares] = [0, 0, 0, 0, 0];
  for (let i = 0; i < n; i++) omega = Math.max(omega, offsets[i + 1] - offsets[i]);
  for (const degree of degrees) {
    if (degree > 0) touched++;
    total += degree;
    greatest = Math.max(greatest, degree);
    squares += degree * degree;
  }
  const sizes = { numExamples: n, numParts, numTouched: touched, omega };
  if (n === 0) {
    const none = { meanSize: 0, delta: 0, rho: 0, rhoExact: true, numSampled: 0, meeting: 0, overlap: 0 };
    return { ...sizes, ...none };
  }
  return {
    ...sizes,
    meanSize: total / n,
    delta: greatest / n,
    ...neighbourhoods(graph, degrees, workLimit, seed),
    overlap: total === 0 ? 0 : squares / (n * total),
  };
}

/** Examples that touch each part: a list, or bits where that is shorter. */
class PartIndex {
  readonly offsets: Uint32Array;
  readonly examples: Uint32Array;
  private readonly bits: Map<number, Uint32Array> = new Map();
  private readonly numWords: number;
  private readonly union: Uint32Array;

  constructor({ numParts, offsets, parts }: Hypergraph, degrees: Uint32Array) {
    const n = offsets.length - 1;
    this.numWords = Math.ceil(n / 32);
    this.union = new Uint32Array(this.numWords);
    this.offsets = new Uint32Array(numParts + 1);
    for (let v = 0; v < numParts; v++) this.offsets[v + 1] = this.offsets[v] + degrees[v];
    const next = this.offsets.slice();
    this.examples = new Uint32Array(this.offsets[numParts]);
    for (let i = 0; i < n; i++) {
      for (let e = offsets[i]; e < offsets[i + 1]; e++) this.examples[next[parts[e]]++] = i;
    }
  }

  /** Steps that one part adds to a union. */
  cost(degree: number): number {
    return Math.min(degree, this.numWords);
  }

  /** How many examples touch any of the parts. */
  countNeighbours(parts: Uint32Array): number {
    const { union } = this;
    union.fill(0);
    for (const part of parts) {
      const list = this.examples.subarray(this.offsets[part], this.offsets[part + 1]);
      if (list.length > this.numWords) {
        const bits = this.bitsOf(part, list);
        for (let w = 0; w < union.length; w++) union[w] |= bits[w];
      } else for (const example of list) union[example >>> 5] |= 1 << (example & 31);
    }
    let count = 0;
    for (const word of union) count += countBits(word);
    return count;
  }

  private bitsOf(part: number, list: Uint32Array): Uint32Array {
    let bits = this.bits.get(part);
    if (bits === undefined) {
      bits = new Uint32Array(this.numWords);
      for (const example of list) bits[example >>> 5] |= 1 << (example & 31);
      this.bits.set(part, bits);
    }
    return bits;
  }
}

function countBits(word: number): number {
  let x = word - ((word >>> 1) & 0x55555555);
  x = (x & 0x33333333) + ((x >>> 2) & 0x33333333);
  return Math.imul((x + (x >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}

function neighbourhoods(graph: Hypergraph, degrees: Uint32Array, workLimit: number, seed: number) {
  const { offsets, parts } = graph;
  const n = offsets.length - 1;
  const index = new PartIndex(graph, degrees);
  const costs = new Float64Array(n);
  const reach = new Float64Array(n);
  let work = 0;
  for (let i = 0; i < n; i++) {
    for (let e = offsets[i]; e < offsets[i + 1]; e++) {
      costs[i] += index.cost(degrees[parts[e]]);
      reach[i] += degrees[parts[e]];
    }
    costs[i] += n / 32;
    work += costs[i];
  }
  const count = (i: number): number => index.countNeighbours(parts.subarray(offsets[i], offsets[i + 1]));
  if (work <= workLimit) {
    let [most, sum] = [0, 0];
    for (let i = 0; i < n; i++) {
      const neighbours = count(i);
      most = Math.max(most, neighbours);
      sum += neighbours;
    }
    return { rho: most / n, rhoExact: true, numSampled: n, meeting: sum / n / n };
  }
  const order = Uint32Array.from({ length: n }, (_, i) => i);
  Rng.derive(seed, "sparsity", "sample").shuffle(order);
  let [most, sum, numRandom, numSampled] = [0, 0, 0, 0];
  for (let spent = 0; numRandom < n && (spent < workLimit / 2 || numRandom < 1); numRandom++, numSampled++) {
    const neighbours = count(order[numRandom]);
    spent += costs[order[numRandom]];
    most = Math.max(most, neighbours);
    sum += neighbours;
  }
  order.sort((a, b) => reach[b] - reach[a]);
  for (let at = 0, spent = 0; at < n && spent < workLimit / 2; at++, numSampled++) {
    most = Math.max(most, count(order[at]));
    spent += costs[order[at]];
  }
  return { rho: most / n, rhoExact: false, numSampled, meeting: sum / numRandom / n };
}
