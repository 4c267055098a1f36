/**
 * @file Which flat picture keeps neighbours together? t-SNE, exact: every pair of points pulls and pushes.
 *
 *   P   p_ij = (p_j|i + p_i|j) / 2N, p_j|i ∝ exp(−‖x_i − x_j‖²/2σ_i²), σ_i such that the perplexity is the one asked for
 *   Q   q_ij ∝ 1/(1 + ‖y_i − y_j‖²)
 *   gradient of KL(P‖Q):  4 Σ_j (p_ij − q_ij)·(y_i − y_j)/(1 + ‖y_i − y_j‖²)
 *
 * Momentum 0.5, then 0.8, gains for each coordinate, P exaggerated twelvefold for the first quarter; it begins with the
 * principal components, made small, so that equal vectors give an equal picture and the large shape survives.
 *
 * Memory and time grow with N²: 8 bytes a pair and some nanoseconds a pair and step (2,000 points: 16 MB, half a minute).
 * Own code: of the libraries for it, the kept one has a licence (LGPL) that this package does not pass on.
 *
 * Source: van der Maaten, Hinton, "Visualizing Data using t-SNE", JMLR 9, 2008; the start: Kobak, Berens, Nature
 * Communications 10, 2019. Not here: Barnes–Hut trees, which pay beyond some thousand points.
 */
import { ConfigError } from "../../core/errors.js";

/** Most points that `tsne` takes: its memory and time grow with their square. */
export const MAX_TSNE_POINTS = 2000;

/** How long `tsne` runs, and how far a point looks. */
export interface TsneOptions {
  /** About how many neighbours count; less for few points. Default 30. */
  readonly perplexity?: number;
  /** Default 1000. */
  readonly numSteps?: number;
  /** After each step; true to stop there. */
  readonly onStep?: (step: number, numSteps: number) => boolean;
}

const EXAGGERATION = 12;
/** Belkina et al., Nature Communications 10, 2019: N/12, with the gradient's 4 in it N/48, and not below 50. */
const LEARNING_RATE = 50;
const TRIALS = 64;

/**
 * Points [N, 2] for squared distances [N, N], from the start [N, 2], which is read.
 * @throws {ConfigError} for more than MAX_TSNE_POINTS.
 */
export function tsne(
  squaredDistances: Float32Array,
  start: Float64Array,
  { perplexity = 30, numSteps = 1000, onStep }: TsneOptions = {},
): Float64Array {
  const n = start.length / 2;
  if (n > MAX_TSNE_POINTS) {
    throw new ConfigError(
      `tsne: expected at most ${MAX_TSNE_POINTS} points, got ${n}; take fewer, or principal components`,
    );
  }
  if (n < 3) return start.slice();
  const p = jointProbabilities(squaredDistances, n, Math.min(perplexity, (n - 1) / 3));
  const y = shrunk(start);
  const [velocity, gains, gradient] = [
    new Float64Array(2 * n),
    new Float64Array(2 * n).fill(1),
    new Float64Array(2 * n),
  ];
  const inverse = new Float32Array(p.length);
  const early = Math.floor(numSteps / 4);
  for (let step = 0; step < numSteps; step++) {
    gradientInto(p, step < early ? EXAGGERATION : 1, y, inverse, gradient);
    const momentum = step < early ? 0.5 : 0.8;
    for (let i = 0; i < 2 * n; i++) {
      gains[i] = Math.max(0.01, gradient[i] > 0 === velocity[i] > 0 ? gains[i] * 0.8 : gains[i] + 0.2);
      velocity[i] = momentum * velocity[i] - LEARNING_RATE * gains[i] * gradient[i];
      y[i] += velocity[i];
    }
    if (onStep?.(step + 1, numSteps) === true) break;
  }
  return y;
}

/** The start with a spread of 10⁻⁴, centred: no pair is far apart at first, so all can move. */
function shrunk(start: Float64Array): Float64Array {
  const y = start.slice();
  let squares = 0;
  for (let i = 0; i < y.length; i += 2) squares += y[i] ** 2;
  const spread = Math.sqrt(squares / (y.length / 2));
  // Points that all fall together are told apart by their number.
  for (let i = 0; i < y.length; i++) y[i] = spread > 0 ? (1e-4 * y[i]) / spread : 1e-4 * Math.sin(i);
  return y;
}

/** 2·p_ij for i < j, row by row (i, i + 1), (i, i + 2), …; the sum is 1. */
function jointProbabilities(squaredDistances: Float32Array, n: number, perplexity: number): Float32Array {
  const p = new Float32Array((n * (n - 1)) / 2);
  const row = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    conditionalInto(squaredDistances.subarray(i * n, (i + 1) * n), i, Math.log(perplexity), row);
    for (let j = 0; j < n; j++) {
      if (j !== i) p[pairIndex(Math.min(i, j), Math.max(i, j), n)] += row[j] / n;
    }
  }
  // Pairs whose probability vanished would never push again.
  for (let k = 0; k < p.length; k++) p[k] = Math.max(p[k], 1e-12);
  return p;
}

function pairIndex(i: number, j: number, n: number): number {
  return i * n - (i * (i + 1)) / 2 + j - i - 1;
}

/** p_j|i with entropy `target`, found by bisection of 1/2σ². */
function conditionalInto(squares: Float32Array, i: number, target: number, out: Float64Array): void {
  const nearest = squares.reduce(
    (least, value, j) => (j === i ? least : Math.min(least, value)),
    Number.POSITIVE_INFINITY,
  );
  let [beta, low, high] = [1, 0, Number.POSITIVE_INFINITY];
  for (let trial = 0; trial < TRIALS; trial++) {
    let [sum, weighted] = [0, 0];
    for (let j = 0; j < squares.length; j++) {
      const distance = squares[j] - nearest;
      out[j] = j === i ? 0 : Math.exp(-beta * distance);
      sum += out[j];
      weighted += out[j] * distance;
    }
    for (let j = 0; j < squares.length; j++) out[j] /= sum;
    const entropy = Math.log(sum) + (beta * weighted) / sum;
    if (Math.abs(entropy - target) < 1e-5) return;
    if (entropy > target) {
      low = beta;
      beta = high === Number.POSITIVE_INFINITY ? beta * 2 : (beta + high) / 2;
    } else {
      high = beta;
      beta = (beta + low) / 2;
    }
  }
}

/** `inverse` [pairs] is scratch. */
function gradientInto(
  p: Float32Array,
  exaggeration: number,
  y: Float64Array,
  inverse: Float32Array,
  gradient: Float64Array,
): void {
  const n = y.length / 2;
  let sum = 0;
  for (let i = 0, at = 0; i < n; i++) {
    for (let j = i + 1; j < n; j++, at++) {
      const [dx, dy] = [y[2 * i] - y[2 * j], y[2 * i + 1] - y[2 * j + 1]];
      const value = 1 / (1 + dx * dx + dy * dy);
      inverse[at] = value;
      sum += value;
    }
  }
  gradient.fill(0);
  for (let i = 0, at = 0; i < n; i++) {
    for (let j = i + 1; j < n; j++, at++) {
      // p and the share of the sum are both those of a pair counted once: twice p_ij and q_ij, hence 2 instead of 4.
      const force = 2 * (exaggeration * p[at] - inverse[at] / sum) * inverse[at];
      const [fx, fy] = [force * (y[2 * i] - y[2 * j]), force * (y[2 * i + 1] - y[2 * j + 1])];
      gradient[2 * i] += fx;
      gradient[2 * i + 1] += fy;
      gradient[2 * j] -= fx;
      gradient[2 * j + 1] -= fy;
    }
  }
}
