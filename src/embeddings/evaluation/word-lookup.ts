/** @file Which row belongs to a word of a test, whose case may differ? The first row that is the same in lower case. */
import { WordVectors } from "../word-vectors.js";

/** Rows that stand for no word: the sentence end of word2vec, GloVe's unknown word. */
const NO_WORDS: readonly string[] = ["</s>", "<unk>"];

/** The vectors less the rows that stand for no word: themselves where there are none. */
export function withoutMarkers(vectors: WordVectors): WordVectors {
  const { words, dimension } = vectors;
  if (!NO_WORDS.some((word) => vectors.indexOf(word) >= 0)) return vectors;
  const rows = words.map((_, i) => i).filter((i) => !NO_WORDS.includes(words[i]));
  const numbers = new Float32Array(rows.length * dimension);
  for (const [i, row] of rows.entries()) numbers.set(vectors.row(row), i * dimension);
  return new WordVectors(
    rows.map((row) => words[row]),
    numbers,
    dimension,
  );
}

/** Lower-cased word → row. */
export function lowerCaseIndex({ words }: WordVectors): ReadonlyMap<string, number> {
  const index = new Map<string, number>();
  for (let i = words.length - 1; i >= 0; i--) index.set(words[i].toLowerCase(), i);
  return index;
}
