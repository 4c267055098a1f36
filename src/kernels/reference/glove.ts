/**
 * @file GloVe's counting and training, as the paper's formulas say them.
 */
import { type GloveKernels, gloveRowLength, PAIR_UNIT, SENTENCE_END } from "../contract/glove.js";
import { counterHash } from "./random.js";

/** The last cell content that stays in the dense triangle, and one more. */
const DENSE_LIMIT = 2 ** 31;

export const glove: GloveKernels = {
  countPairs(ids, from, to, window, { limits, starts, dense, list, used }) {
    const capacity = Math.floor(list.length / 4);
    let t = from;
    for (; t < to && used[0] + window <= capacity; t++) {
      if (ids[t] === SENTENCE_END) continue;
      for (let d = 1; d <= Math.min(t, window) && ids[t - d] !== SENTENCE_END; d++) {
        const i = Math.min(ids[t], ids[t - d]);
        const j = Math.max(ids[t], ids[t - d]);
        let weight = Math.floor((PAIR_UNIT + Math.floor(d / 2)) / d) * (i === j ? 2 : 1);
        if (j < limits[i]) {
          const cell = (starts[i] + j) % 2 ** 32;
          weight += dense[cell];
          dense[cell] = weight < DENSE_LIMIT ? weight : 0;
          if (weight < DENSE_LIMIT) continue;
        }
        list.set([i, j, weight, 0], 4 * used[0]++);
      }
    }
    return t;
  },

  combinePairs(count, _idBits, list, _scratch) {
    const sums = new Map<number, Map<number, bigint>>();
    for (let k = 0; k < count; k++) {
      const [i, j, low, high] = list.subarray(4 * k, 4 * k + 4);
      const row = sums.get(i) ?? new Map<number, bigint>();
      row.set(j, (row.get(j) ?? 0n) + (BigInt(high) << 32n) + BigInt(low));
      sums.set(i, row);
    }
    let left = 0;
    for (const [i, row] of [...sums].sort(([a], [b]) => a - b)) {
      for (const [j, sum] of [...row].sort(([a], [b]) => a - b)) {
        list.set([i, j, Number(sum & 0xffffffffn), Number(sum >> 32n)], 4 * left++);
      }
    }
    return left;
  },

  shuffleTriples(count, seed, list) {
    for (let k = count - 1; k >= 1; k--) {
      const other = Number((BigInt(counterHash(seed, k)) * BigInt(k + 1)) >> 32n);
      const swap = list.slice(3 * k, 3 * k + 3);
      list.copyWithin(3 * k, 3 * other, 3 * other + 3);
      list.set(swap, 3 * other);
    }
  },

  gloveStep(step, count, list, state) {
    const { dimension, xMax, alpha } = step;
    const counts = new Float32Array(list.buffer, list.byteOffset, 3 * count);
    const row = gloveRowLength(dimension);
    let loss = 0;
    for (let k = 0; k < count; k++) {
      const [i, j, x] = [list[3 * k] * row, list[3 * k + 1] * row, counts[3 * k + 2]];
      const weight = x < xMax ? (x / xMax) ** alpha : 1;
      loss += fit(step, weight, Math.log(x), i, j + row / 4, state);
      if (i !== j) loss += fit(step, weight, Math.log(x), j, i + row / 4, state);
    }
    return loss;
  },
};

/** One cell: the word's part of the state begins at `w`, the context's at `c`, their squares half a row on. */
function fit(
  { dimension, learningRate }: { readonly dimension: number; readonly learningRate: number },
  weight: number,
  target: number,
  w: number,
  c: number,
  state: Float32Array,
): number {
  const squares = gloveRowLength(dimension) / 2;
  let off = state[w + dimension] + state[c + dimension] - target;
  for (let d = 0; d < dimension; d++) off += state[w + d] * state[c + d];
  const e = learningRate * weight * off;
  for (let d = 0; d <= dimension; d++) {
    const gradWord = d < dimension ? e * state[c + d] : weight * off;
    const gradContext = d < dimension ? e * state[w + d] : weight * off;
    state[w + d] -= gradWord / Math.sqrt(state[w + squares + d]);
    state[c + d] -= gradContext / Math.sqrt(state[c + squares + d]);
    state[w + squares + d] += gradWord ** 2;
    state[c + squares + d] += gradContext ** 2;
  }
  return 0.5 * weight * off * off;
}
