/**
 * @file GloVe's counting and training on a bridge.
 */
import { type GloveKernels, gloveRowLength, MAX_PAIR_WINDOW } from "../contract/glove.js";
import type { Bridge, Pointer } from "./flat-operations.js";

/** kernels/ops.h, GLOVE_OPERATIONS. */
export interface FlatGloveOperations {
  u32_count_pairs(
    from: number,
    to: number,
    window: number,
    ids: Pointer,
    limits: Pointer,
    starts: Pointer,
    dense: Pointer,
    capacity: number,
    used: Pointer,
    list: Pointer,
  ): number;
  u32_combine_pairs(count: number, idBits: number, list: Pointer, scratch: Pointer): number;
  u32_shuffle_triples(count: number, seed: number, list: Pointer): void;
  f32_glove_step(
    count: number,
    dimension: number,
    list: Pointer,
    state: Pointer,
    rate: number,
    xMax: number,
    alpha: number,
  ): number;
}

export function gloveOperations(bridge: Bridge): GloveKernels {
  const { flat } = bridge;
  return {
    countPairs(ids, from, to, window, { limits, starts, dense, list, used }) {
      if (!(window >= 1 && window <= MAX_PAIR_WINDOW)) {
        throw new RangeError(`countPairs: expected a window from 1 to ${MAX_PAIR_WINDOW}, got ${window}`);
      }
      const capacity = Math.floor(list.length / 4);
      bridge.begin();
      const reached = flat.u32_count_pairs(
        from,
        to,
        window,
        bridge.read("countPairs: ids", ids, to),
        bridge.read("countPairs: limits", limits, limits.length),
        bridge.read("countPairs: starts", starts, limits.length),
        bridge.update("countPairs: dense", dense, dense.length),
        capacity,
        bridge.update("countPairs: used", used, 1),
        bridge.update("countPairs: list", list, 4 * capacity),
      );
      bridge.end();
      return reached;
    },
    combinePairs(count, idBits, list, scratch) {
      if (!(idBits >= 1 && idBits <= 32)) throw new RangeError(`combinePairs: expected 1 to 32 bits, got ${idBits}`);
      bridge.begin();
      const left = flat.u32_combine_pairs(
        count,
        idBits,
        bridge.update("combinePairs: list", list, 4 * count),
        bridge.write("combinePairs: scratch", scratch, 4 * count),
      );
      bridge.end();
      return left;
    },
    shuffleTriples(count, seed, list) {
      bridge.begin();
      flat.u32_shuffle_triples(count, seed, bridge.update("shuffleTriples: list", list, 3 * count));
      bridge.end();
    },
    gloveStep({ dimension, learningRate, xMax, alpha }, count, list, state) {
      const numWords = Math.floor(state.length / gloveRowLength(dimension));
      bridge.begin();
      const loss = flat.f32_glove_step(
        count,
        dimension,
        bridge.read("gloveStep: list", list, 3 * count),
        bridge.update("gloveStep: state", state, numWords * gloveRowLength(dimension)),
        learningRate,
        xMax,
        alpha,
      );
      bridge.end();
      return loss;
    },
  };
}
