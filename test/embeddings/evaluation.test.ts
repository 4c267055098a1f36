/** @file Figures that say how good vectors are: Spearman's ρ by hand, analogies that were planted, files that are wrong. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Rng } from "../../src/core/rng.js";
import {
  evaluateAnalogies,
  evaluateSimilarity,
  parseAnalogies,
  parseWordPairs,
  ranks,
  spearman,
  VectorSearch,
  WordVectors,
} from "../../src/embeddings/index.js";
import { createKernels } from "../../src/kernels/index.js";

const kernels = createKernels();

describe("spearman", () => {
  it("ranks with ties at their mean", () => {
    expect([...ranks([10, 20, 20, 5, 20])]).toEqual([1, 3, 3, 0, 3]);
    expect([...ranks([])]).toEqual([]);
  });

  it("is what a hand finds", () => {
    // Without ties 1 − 6·Σd²/(n(n² − 1)): d = 1, 1, 0, 1, 1 → 1 − 24/120.
    expect(spearman([1, 2, 3, 4, 5], [2, 1, 3, 5, 4])).toBeCloseTo(0.8, 12);
    expect(spearman([1, 2, 3], [30, 20, 10])).toBeCloseTo(-1, 12);
    // Ranks 0 1.5 1.5 3 and 0 1 2 3: covariance 4.5, variances 4.5 and 5.
    expect(spearman([1, 2, 2, 3], [1, 2, 3, 4])).toBeCloseTo(4.5 / Math.sqrt(4.5 * 5), 12);
    expect(spearman([1], [1])).toBeNaN();
    expect(spearman([1, 2], [3, 3])).toBeNaN();
  });

  it("does not change when the numbers are stretched", () => {
    const list = fc.array(fc.tuple(fc.integer({ min: -9, max: 9 }), fc.integer({ min: -9, max: 9 })), { minLength: 3 });
    fc.assert(
      fc.property(list, (pairs) => {
        const [a, b] = [pairs.map(([x]) => x), pairs.map(([, y]) => y)];
        const rho = spearman(a, b);
        fc.pre(!Number.isNaN(rho));
        expect(
          spearman(
            a.map((x) => Math.exp(x)),
            b,
          ),
        ).toBeCloseTo(rho, 10);
        expect(
          spearman(
            a.map((x) => -x),
            b,
          ),
        ).toBeCloseTo(-rho, 10);
      }),
    );
  });
});

/** Words as sums of features, with a little noise: gender, royalty, and many random others. */
function planted(): WordVectors {
  const rng = new Rng(5);
  const dimension = 40;
  const random = (): number[] => Array.from({ length: dimension }, () => rng.nextFloat() - 0.5);
  const features = Object.fromEntries(["person", "royal", "young", "female", "plural"].map((name) => [name, random()]));
  const words: [string, string[]][] = [
    ["man", ["person"]],
    ["woman", ["person", "female"]],
    ["King", ["person", "royal"]],
    ["queen", ["person", "royal", "female"]],
    ["boy", ["person", "young"]],
    ["girl", ["person", "young", "female"]],
    ["men", ["person", "plural"]],
    ["kings", ["person", "royal", "plural"]],
    ...Array.from({ length: 60 }, (_, i): [string, string[]] => [`other${i}`, []]),
  ];
  const numbers = words.flatMap(([, list]) => {
    const row = random().map((x) => (list.length === 0 ? x : x / 20));
    for (const name of list) for (let d = 0; d < dimension; d++) row[d] += features[name][d];
    return row;
  });
  return new WordVectors(
    ["</s>", ...words.map(([word]) => word)],
    Float32Array.from([...random(), ...numbers]),
    dimension,
  );
}

const QUESTIONS = `: family
man woman king queen
boy girl man woman
king queen boy girl
king queen prince princess

: gram8-plural
man men king kings
man men king queen
`;

describe("analogies", () => {
  it("that were planted are found; unknown words and late ones are counted apart", () => {
    const sections = parseAnalogies(QUESTIONS, "q.txt");
    const result = evaluateAnalogies(planted(), sections, kernels);
    expect(result.sections).toEqual([
      { name: "family", numCorrect: 3, numAsked: 3, numQuestions: 4 },
      { name: "gram8-plural", numCorrect: 1, numAsked: 2, numQuestions: 2 },
    ]);
    expect(result.total).toEqual({ numCorrect: 4, numAsked: 5, numQuestions: 6 });
    expect([result.semantic.numCorrect, result.syntactic.numAsked]).toEqual([3, 2]);
    // The first six words less the marker: no plural is among them.
    const few = evaluateAnalogies(planted(), sections, kernels, { maxWords: 6 });
    expect(few.sections.map(({ numAsked }) => numAsked)).toEqual([3, 0]);
    const seen: number[] = [];
    evaluateAnalogies(planted(), sections, kernels, {
      onProgress: (n) => seen.push(n),
      shouldStop: () => seen.length > 0,
    });
    expect(seen).toEqual([4]);
  });

  it("are parsed with places of what is wrong", () => {
    expect(() => parseAnalogies("a b c d\n", "q.txt")).toThrow(/^q\.txt:1: expected a section first/);
    expect(() => parseAnalogies(": a\n\na b c\n", "q.txt")).toThrow(/^q\.txt:3: expected four words, got "a b c"/);
    expect(() => parseAnalogies(": a\n", "q.txt")).toThrow(/^q\.txt: expected questions of four words, got none/);
  });
});

describe("word pairs", () => {
  it("are compared in lower case; those without vectors are left out", () => {
    const vectors = new WordVectors(["Sun", "sun", "moon", "car"], Float32Array.of(1, 0, 0, 1, 0.8, 0.6, -1, 0.1), 2);
    const pairs = parseWordPairs("word1,word2,score\nSUN,moon,9\nsun\tcar\t1.5\r\nmoon car 2\nstar,sun,5\n\n", "p.csv");
    expect(pairs).toHaveLength(4);
    const result = evaluateSimilarity(vectors, pairs);
    expect(result).toMatchObject({ numFound: 3, numPairs: 4 });
    // People: 9, 1.5, 2; cosines .8, −.995, −.74 : the same order.
    expect(result.rho).toBeCloseTo(1, 12);
    expect(evaluateSimilarity(vectors, pairs.slice(3)).rho).toBeNaN();
  });

  it("are parsed with places of what is wrong", () => {
    expect(() => parseWordPairs("a b 1\na b\n", "p.txt")).toThrow(
      /^p\.txt:2: expected two words and a number.*got "a b"/,
    );
    expect(() => parseWordPairs("a b\n", "p.txt")).toThrow(/^p\.txt:1: /);
    expect(() => parseWordPairs("", "p.txt")).toThrow(/^p\.txt: expected pairs of words/);
  });
});

describe("VectorSearch", () => {
  it("finds what a loop over all words finds, over blocks of words and of queries", () => {
    const rng = new Rng(8);
    const [numWords, dimension] = [20_000, 7];
    const numbers = Float32Array.from({ length: numWords * dimension }, () => Math.round(4 * rng.nextFloat() - 2));
    const vectors = new WordVectors(
      Array.from({ length: numWords }, (_, i) => `w${i}`),
      numbers,
      dimension,
    );
    const { normalized } = vectors;
    const search = new VectorSearch(vectors, kernels);
    const cosine = (i: number, j: number): number => {
      let sum = 0;
      for (let d = 0; d < dimension; d++) sum += normalized[i * dimension + d] * normalized[j * dimension + d];
      return sum;
    };
    const query = 12_345;
    const found = search.nearest(`w${query}`, 25);
    const all = Array.from({ length: numWords }, (_, i) => (i === query ? -2 : cosine(query, i)));
    const best = [...all].sort((a, b) => b - a).slice(0, 25);
    expect(found).toHaveLength(25);
    found.forEach(({ index, word, similarity }, rank) => {
      expect(word).toBe(`w${index}`);
      expect(similarity).toBeCloseTo(best[rank], 5);
      expect(all[index]).toBeCloseTo(best[rank], 5);
      // Ties, of which there are many, go to the earlier word.
      if (rank > 0 && similarity === found[rank - 1].similarity) expect(index).toBeGreaterThan(found[rank - 1].index);
    });
    const seen: number[] = [];
    search.search(
      normalized,
      600,
      1,
      (q) => [q],
      (q, [index], [score]) => {
        seen.push(q);
        expect(index).not.toBe(q);
        if (q % 100 === 0)
          expect(score).toBeCloseTo(
            Math.max(...Array.from({ length: numWords }, (_, i) => (i === q ? -2 : cosine(q, i)))),
            5,
          );
      },
    );
    expect(seen).toEqual(Array.from({ length: 600 }, (_, q) => q));
  });

  it("answers less when there are fewer words, and names those it does not know", () => {
    const search = new VectorSearch(new WordVectors(["a", "b", "c"], Float32Array.of(1, 0, 0, 1, 1, 1), 2), kernels);
    expect(search.nearest("a", 10).map(({ word }) => word)).toEqual(["c", "b"]);
    expect(search.analogy("a", "b", "c", 10)).toEqual([]);
    expect(() => search.nearest("A", 1)).toThrow(/expected words that have a vector, got "A"; "a" has one/);
    expect(() => search.nearest("x", 1)).toThrow(/got "x"; it was too rare/);
  });
});
