/**
 * @file Man is to woman as king is to …: how often is the nearest word to b − a + c the one expected?
 *
 *   : capital-common-countries
 *   Athens Greece Baghdad Iraq
 *
 * A question counts when all four words are among the first `maxWords` (30,000 as usual); the others are counted apart. An
 * answer is right when it is the fourth word, in lower case; the other three are no candidates. Sections whose name begins
 * with `gram` are syntactic, the rest semantic.
 *
 * Source: Mikolov, Chen, Corrado, Dean, "Efficient Estimation of Word Representations in Vector Space", ICLR 2013, §4.1.
 */
import { FormatError } from "../../core/errors.js";
import type { Kernels } from "../../kernels/contract.js";
import { VectorSearch } from "../vector-search.js";
import type { WordVectors } from "../word-vectors.js";
import { lowerCaseIndex, withoutMarkers } from "./word-lookup.js";

/** Questions of one kind, under one heading of the file. */
export interface AnalogySection {
  /** What stands behind the colon; `gram…` counts as syntactic. */
  readonly name: string;
  /** a, b, c and the answer. */
  readonly questions: readonly (readonly [string, string, string, string])[];
}

/** How many questions were answered rightly, of how many. */
export interface AnalogyScore {
  /** Of `numAsked`. */
  readonly numCorrect: number;
  /** Questions whose four words are all among the first `maxWords`. */
  readonly numAsked: number;
  /** Questions in the file, asked or not. */
  readonly numQuestions: number;
}

/** How many analogies were completed, in each section and in all. */
export interface AnalogyResult {
  /** Over all sections that were asked. */
  readonly total: AnalogyScore;
  readonly semantic: AnalogyScore;
  readonly syntactic: AnalogyScore;
  /** In the order of the file; those that `shouldStop` cut off are absent. */
  readonly sections: readonly (AnalogyScore & { readonly name: string })[];
}

/** Over which words analogies are asked, and who hears of it. */
export interface AnalogyOptions {
  /** Vocabulary that is asked for and searched, the first of the vectors. Default 30,000. */
  readonly maxWords?: number;
  /** After each section. */
  readonly onProgress?: (numDone: number, numQuestions: number) => void;
  /** True to stop; what was asked until then counts. */
  readonly shouldStop?: () => boolean;
}

const MAX_WORDS = 30_000;

/** True when the text looks like a file of questions. */
export function isAnalogies(text: string): boolean {
  return text.trimStart().startsWith(":");
}

/** Reads questions of four words under headings `: name`. @throws {FormatError} naming `file` and the line. */
export function parseAnalogies(text: string, file: string): AnalogySection[] {
  const sections: { name: string; questions: [string, string, string, string][] }[] = [];
  text.split("\n").forEach((line, index) => {
    const fields = line.trim().split(/\s+/);
    if (fields[0] === "") return;
    if (fields[0].startsWith(":")) {
      sections.push({ name: line.trim().slice(1).trim(), questions: [] });
      return;
    }
    if (fields.length !== 4 || sections.length === 0) {
      const expected = sections.length === 0 ? "a section first, such as `: family`" : "four words";
      throw new FormatError(
        { file, line: index + 1 },
        `expected ${expected}, got ${JSON.stringify(line.trim().slice(0, 60))}`,
      );
    }
    sections[sections.length - 1].questions.push(fields as [string, string, string, string]);
  });
  if (sections.every(({ questions }) => questions.length === 0)) {
    throw new FormatError({ file }, "expected questions of four words, got none");
  }
  return sections;
}

/** Asks all questions; some seconds for the usual 19,544. */
export function evaluateAnalogies(
  vectors: WordVectors,
  sections: readonly AnalogySection[],
  kernels: Kernels,
  options: AnalogyOptions = {},
): AnalogyResult {
  const { maxWords = MAX_WORDS, onProgress, shouldStop } = options;
  const words = withoutMarkers(vectors);
  const index = lowerCaseIndex(words);
  const search = new VectorSearch(words, kernels, maxWords);
  const numQuestions = sections.reduce((sum, { questions }) => sum + questions.length, 0);
  let numDone = 0;
  const scores: (AnalogyScore & { name: string })[] = [];
  for (const { name, questions } of sections) {
    if (shouldStop?.() === true) break;
    const known = questions
      .map((question) => question.map((word) => index.get(word.toLowerCase()) ?? maxWords))
      .filter((rows) => rows.every((row) => row < maxWords));
    scores.push({
      name,
      numCorrect: countCorrect(search, known),
      numAsked: known.length,
      numQuestions: questions.length,
    });
    numDone += questions.length;
    onProgress?.(numDone, numQuestions);
  }
  const isSyntactic = ({ name }: { readonly name: string }): boolean => name.startsWith("gram");
  return {
    total: addUp(scores),
    semantic: addUp(scores.filter((score) => !isSyntactic(score))),
    syntactic: addUp(scores.filter(isSyntactic)),
    sections: scores,
  };
}

function countCorrect(search: VectorSearch, questions: readonly (readonly number[])[]): number {
  const { dimension } = search.vectors;
  const queries = new Float32Array(questions.length * dimension);
  for (const [i, rows] of questions.entries()) {
    search.analogyInto(rows.slice(0, 3), queries.subarray(i * dimension, (i + 1) * dimension));
  }
  let numCorrect = 0;
  search.search(
    queries,
    questions.length,
    1,
    (query) => questions[query].slice(0, 3),
    (query, indices) => {
      if (indices[0] === questions[query][3]) numCorrect++;
    },
  );
  return numCorrect;
}

function addUp(scores: readonly AnalogyScore[]): AnalogyScore {
  const sum = (field: keyof AnalogyScore): number => scores.reduce((total, score) => total + score[field], 0);
  return { numCorrect: sum("numCorrect"), numAsked: sum("numAsked"), numQuestions: sum("numQuestions") };
}
