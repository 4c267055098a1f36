/**
 * @file Do near vectors mean near words? Cosines beside what people said: Spearman's ρ over the pairs that have vectors.
 *
 *   tiger <TAB> cat <TAB> 7.35        a pair a line, parted by blanks, tabs or commas; a first line of titles is passed over
 *
 * Pairs without a vector are left out and counted: ρ over fewer pairs is another test, so both numbers belong together.
 *
 * Test sets in this form: WordSim-353 (Finkelstein et al., WWW 2001), SimLex-999 (Hill, Reichart, Korhonen, Computational
 * Linguistics 2015), MEN (Bruni, Tran, Baroni, JAIR 2014), RG-65 (Rubenstein, Goodenough, CACM 1965).
 */
import { FormatError } from "../../core/errors.js";
import type { WordVectors } from "../word-vectors.js";
import { spearman } from "./rank-correlation.js";
import { lowerCaseIndex, withoutMarkers } from "./word-lookup.js";

/** Two words, and how alike people found them. */
export interface WordPair {
  readonly first: string;
  readonly second: string;
  /** The larger, the more alike; any scale. */
  readonly score: number;
}

/** How well cosines agree with people, over the pairs that have vectors. */
export interface SimilarityResult {
  /** NaN when fewer than two pairs have vectors. */
  readonly rho: number;
  /** Pairs whose words both have vectors: those that `rho` is over. */
  readonly numFound: number;
  /** Pairs of the test set. */
  readonly numPairs: number;
}

/** Reads a test set: two words and a number a line. @throws {FormatError} naming `file` and the line. */
export function parseWordPairs(text: string, file: string): WordPair[] {
  const pairs: WordPair[] = [];
  text.split("\n").forEach((line, index) => {
    if (line.trim() === "" || line.startsWith("#")) return;
    const fields = line.trim().split(/[\s,;]+/);
    const [first, second, spelled] = fields;
    const score = Number(spelled);
    if (spelled === undefined || !Number.isFinite(score)) {
      if (index === 0 && fields.length >= 3) return;
      const got = JSON.stringify(line.trim().slice(0, 60));
      throw new FormatError(
        { file, line: index + 1 },
        `expected two words and a number, such as tiger cat 7.35, got ${got}`,
      );
    }
    pairs.push({ first, second, score });
  });
  if (pairs.length === 0) throw new FormatError({ file }, "expected pairs of words with a number each, got none");
  return pairs;
}

/** Measures how well cosines order the pairs as people did. Words are compared in lower case. */
export function evaluateSimilarity(vectors: WordVectors, pairs: readonly WordPair[]): SimilarityResult {
  const words = withoutMarkers(vectors);
  const index = lowerCaseIndex(words);
  const { normalized, dimension } = words;
  const [people, cosines]: [number[], number[]] = [[], []];
  for (const { first, second, score } of pairs) {
    const [a, b] = [index.get(first.toLowerCase()), index.get(second.toLowerCase())];
    if (a === undefined || b === undefined) continue;
    let cosine = 0;
    for (let d = 0; d < dimension; d++) cosine += normalized[a * dimension + d] * normalized[b * dimension + d];
    people.push(score);
    cosines.push(Math.fround(cosine));
  }
  return { rho: spearman(people, cosines), numFound: people.length, numPairs: pairs.length };
}
