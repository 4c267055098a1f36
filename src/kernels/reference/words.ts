/**
 * @file The oracle for word2vec: one window after the other, sums in f64, rows rounded to f32 once a window.
 */
import { SENTENCE_WORDS, type WordChunk, type WordKernels, type WordModel } from "../contract.js";
import { sigmoid, softplus } from "./dense.js";
import { counterHash } from "./random.js";

const MOST_INPUTS = 32;
const MEASURED_WINDOWS = 16;
const WORDS_AT = 4;

interface Target {
  readonly row: Float32Array;
  readonly label: number;
}

interface Window {
  readonly position: number;
  readonly alpha: number;
  readonly targets: readonly Target[];
}

/** floor(r·bound / 2³²) and the rest of the product below 2³². */
function split(r: number, bound: number): { high: number; low: number } {
  const product = BigInt(r) * BigInt(bound);
  return { high: Number(product >> 32n), low: Number(product & 0xffffffffn) };
}

function rowOf(matrix: Float32Array, row: number, { dim, stride }: WordModel): Float32Array {
  return matrix.subarray(row * stride, row * stride + dim);
}

function chooseTargets(model: WordModel, word: number, position: number, seed: number): Target[] {
  const { numWords, negatives, tree } = model;
  const targets: Target[] = [];
  if (negatives !== null) {
    const { count, draws, output } = negatives;
    const ids = new Set([word]);
    for (let i = 0; i < count; i++) {
      const { high, low } = split(counterHash(seed + 2, (Math.imul(position, count) + i) >>> 0), numWords);
      ids.add(low < draws.thresholds[high] ? high : draws.aliases[high]);
    }
    for (const id of ids) targets.push({ row: rowOf(output, id, model), label: id === word ? 1 : 0 });
  }
  if (tree !== null) {
    const { offsets, columns, values } = tree.paths;
    for (let e = offsets[word]; e < offsets[word + 1]; e++) {
      targets.push({ row: rowOf(tree.nodes, columns[e], model), label: 1 - values[e] });
    }
  }
  return targets;
}

/**
 * Trains inputs, each with the number of times that it occurs, against targets. @returns the loss; `steps` receives what
 * each input is to be moved by.
 */
function trainWindow(
  inputs: readonly Float32Array[],
  shares: readonly number[],
  window: Window,
  steps: Float64Array[],
) {
  const { targets, alpha, position } = window;
  const moves = targets.map(({ row }) => new Float64Array(row.length));
  let loss = 0;
  for (const [c, input] of inputs.entries()) {
    for (const [t, { row, label }] of targets.entries()) {
      let f = 0;
      for (let j = 0; j < row.length; j++) f += input[j] * row[j];
      const g = shares[c] * alpha * (label - sigmoid(f));
      for (let j = 0; j < row.length; j++) {
        steps[c][j] += g * row[j];
        moves[t][j] += g * input[j];
      }
      if (position % MEASURED_WINDOWS === 0) loss += shares[c] * softplus(label === 1 ? -f : f);
    }
  }
  for (const [t, { row }] of targets.entries()) for (let j = 0; j < row.length; j++) row[j] += moves[t][j];
  return loss;
}

function trainSkipGram(model: WordModel, words: readonly number[], window: Window): number {
  let loss = 0;
  let at = 0;
  while (at < words.length) {
    const shares = new Map<number, number>();
    for (; at < words.length && shares.size < MOST_INPUTS; at++)
      shares.set(words[at], (shares.get(words[at]) ?? 0) + 1);
    const rows = [...shares.keys()].map((id) => rowOf(model.input, id, model));
    const steps = rows.map((row) => new Float64Array(row.length));
    loss += trainWindow(rows, [...shares.values()], window, steps);
    for (const [c, row] of rows.entries()) for (let j = 0; j < row.length; j++) row[j] += steps[c][j];
  }
  return loss;
}

function trainCbow(model: WordModel, words: readonly number[], window: Window): number {
  const rows = words.map((id) => rowOf(model.input, id, model));
  const mean = new Float32Array(model.dim);
  for (let j = 0; j < mean.length; j++) mean[j] = rows.reduce((sum, row) => sum + row[j], 0) / rows.length;
  const step = new Float64Array(model.dim);
  const loss = trainWindow([mean], [1], window, [step]);
  for (const row of rows) for (let j = 0; j < row.length; j++) row[j] += step[j];
  return loss;
}

function trainSentence(model: WordModel, { seed, alpha }: WordChunk, state: Uint32Array): number {
  const length = state[0];
  const words = Array.from(state.subarray(WORDS_AT, WORDS_AT + length));
  const positions = state.subarray(WORDS_AT + SENTENCE_WORDS);
  let loss = 0;
  for (let s = 0; length > 1 && s < length; s++) {
    const position = positions[s];
    const reach = model.window - split(counterHash(seed + 1, position), model.window).high;
    const context = [...words.slice(Math.max(0, s - reach), s), ...words.slice(s + 1, s + 1 + reach)];
    const window = { position, alpha, targets: chooseTargets(model, words[s], position, seed) };
    loss += model.isCbow ? trainCbow(model, context, window) : trainSkipGram(model, context, window);
    if (position % MEASURED_WINDOWS === 0) state[2] += model.isCbow ? 1 : context.length;
  }
  state[0] = 0;
  return loss;
}

function trainWords(model: WordModel, chunk: WordChunk, state: Uint32Array): number {
  let loss = 0;
  for (let i = 0; i < chunk.count; i++) {
    const id = chunk.ids[i];
    const position = state[1]++;
    if (id < model.numWords) {
      if (counterHash(chunk.seed, position) > model.keep[id]) continue;
      state[WORDS_AT + state[0]] = id;
      state[WORDS_AT + SENTENCE_WORDS + state[0]++] = position;
      if (state[0] < SENTENCE_WORDS) continue;
    }
    loss += trainSentence(model, chunk, state);
  }
  if (chunk.isLast) loss += trainSentence(model, chunk, state);
  return loss;
}

export const words: WordKernels = { trainWords };
