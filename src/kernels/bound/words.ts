/**
 * @file word2vec on a bridge.
 */
import { MOST_WORD_DIM, MOST_WORD_TARGETS, WORD_STATE_LENGTH, type WordKernels, type WordModel } from "../contract.js";
import type { Bridge, Pointer } from "./flat-operations.js";
import { readIds } from "./sparse.js";

/** kernels/ops.h, WORD_OPERATIONS; dims: ids, flush, seed, dim, stride, words, window, negatives, flags. */
export interface FlatWordOperations {
  f32_train_words(
    dims: Pointer,
    alpha: number,
    ids: Pointer,
    keep: Pointer,
    thresholds: Pointer,
    aliases: Pointer,
    pathOffsets: Pointer,
    pathNodes: Pointer,
    pathCodes: Pointer,
    input: Pointer,
    output: Pointer,
    nodes: Pointer,
    state: Pointer,
  ): number;
}

function checkModel(bridge: Bridge, model: WordModel): void {
  const { dim, stride, numWords, window, negatives, tree } = model;
  const fail = (what: string): never => {
    throw new RangeError(`trainWords: expected ${what}`);
  };
  if (!(dim >= 1 && dim <= MOST_WORD_DIM)) fail(`dim from 1 to ${MOST_WORD_DIM}, got ${dim}`);
  if (!(stride >= dim && stride % 16 === 0)) fail(`stride of 16·n from ${dim}, got ${stride}`);
  if (!(numWords >= 1 && window >= 1)) fail(`numWords and window from 1, got ${numWords} and ${window}`);
  let numTargets = negatives === null ? 0 : 1 + negatives.count;
  if (negatives !== null) readIds(bridge, "trainWords: aliases", negatives.draws.aliases, numWords, numWords);
  if (tree !== null) {
    const { offsets, columns } = tree.paths;
    if (offsets.length < numWords + 1) fail(`${numWords + 1} path offsets, got ${offsets.length}`);
    let longest = 0;
    for (let i = 0; i < numWords; i++) {
      if (offsets[i] > offsets[i + 1]) fail("path offsets that do not fall");
      longest = Math.max(longest, offsets[i + 1] - offsets[i]);
    }
    readIds(bridge, "trainWords: paths", columns, offsets[numWords], numWords - 1);
    numTargets += longest;
  }
  if (!(numTargets >= 1 && numTargets <= MOST_WORD_TARGETS)) {
    fail(`1 to ${MOST_WORD_TARGETS} targets a window, negatives and path together, got ${numTargets}`);
  }
}

export function wordOperations(bridge: Bridge): WordKernels {
  const { flat } = bridge;
  const dims = new Uint32Array(9);
  /** Whose tables were looked through: once is enough, they are as long as the vocabulary. */
  const checked = new WeakSet<WordModel>();
  return {
    trainWords(model, { ids, count, seed, alpha, isLast }, state) {
      const { dim, stride, numWords, window, isCbow, negatives, tree } = model;
      bridge.begin();
      if (!checked.has(model)) {
        checkModel(bridge, model);
        checked.add(model);
      }
      dims.set([count, isLast ? 1 : 0, seed, dim, stride, numWords, window, negatives?.count ?? 0, isCbow ? 1 : 0]);
      const size = numWords * stride;
      const draws = negatives?.draws;
      const paths = tree?.paths;
      const steps = paths === undefined ? 0 : paths.offsets[numWords];
      const loss = flat.f32_train_words(
        bridge.read("trainWords: dims", dims, dims.length),
        alpha,
        bridge.read("trainWords: ids", ids, count),
        bridge.read("trainWords: keep", model.keep, numWords),
        draws ? bridge.read("trainWords: thresholds", draws.thresholds, numWords) : null,
        draws ? bridge.read("trainWords: aliases", draws.aliases, numWords) : null,
        paths ? bridge.read("trainWords: path offsets", paths.offsets, numWords + 1) : null,
        paths ? bridge.read("trainWords: path nodes", paths.columns, steps) : null,
        paths ? bridge.read("trainWords: path codes", paths.values, steps) : null,
        bridge.update("trainWords: input", model.input, size),
        negatives && bridge.update("trainWords: output", negatives.output, size),
        tree && bridge.update("trainWords: nodes", tree.nodes, size - stride),
        bridge.update("trainWords: state", state, WORD_STATE_LENGTH),
      );
      bridge.end();
      return loss;
    },
  };
}
