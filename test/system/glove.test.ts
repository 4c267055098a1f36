/** @file GloVe on threads: planted meanings are found, one thread repeats itself, nothing is left behind. */
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  countWords,
  type EncodedCorpus,
  encodeCorpus,
  type GloveProgress,
  trainGlove,
  type Vocabulary,
} from "../../dist/src/embeddings/index.js";
import { createDirectory, removeDirectory } from "./manyworlds-process.js";

/**
 * Words of four topics, ten each, and ten that stand everywhere; most of a sentence is about one topic, since GloVe learns
 * from how often words meet, and nothing from words that never do.
 */
const TOPICS = 4;
const topicOf = (word: string): string => word.slice(0, 2);

function plantedText(numSentences: number): string {
  let state = 12345;
  const below = (n: number): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * n);
  };
  return Array.from({ length: numSentences }, () => {
    const topic = below(TOPICS);
    const word = (): string => {
      const kind = below(8);
      if (kind === 0) return `any${below(10)}`;
      return `t${kind === 1 ? below(TOPICS) : topic}w${below(10)}`;
    };
    return Array.from({ length: 12 }, word).join(" ");
  }).join("\n");
}

let folder: string;
let temporary: string;
let vocabulary: Vocabulary;
let corpus: EncodedCorpus;
beforeAll(async () => {
  folder = createDirectory();
  temporary = join(folder, "temporary");
  mkdirSync(temporary);
  const text = join(folder, "text");
  writeFileSync(text, plantedText(6000));
  vocabulary = await countWords([text], { minCount: 1 });
  corpus = await encodeCorpus([text], vocabulary, { directory: folder });
});
afterAll(() => removeDirectory(folder));

const small = { dimension: 10, window: 5, xMax: 100, iterations: 60, seed: 3 };
const train = (over: object = {}) =>
  trainGlove(corpus, vocabulary.words, { ...small, temporaryDirectory: temporary, ...over });

/** Share of the topics' words whose nearest word is of the same topic. */
function purity({ vectors }: Awaited<ReturnType<typeof train>>): number {
  const words = vectors.words.filter((word) => word.startsWith("t"));
  const row = (word: string): Float32Array => {
    const at = vectors.indexOf(word) * vectors.dimension;
    return vectors.normalized.subarray(at, at + vectors.dimension);
  };
  const similarity = (a: string, b: string): number => row(a).reduce((sum, x, d) => sum + x * row(b)[d], 0);
  const hits = words.filter((word) => {
    const others = words.filter((other) => other !== word);
    const nearest = others.reduce((best, other) => (similarity(word, other) > similarity(word, best) ? other : best));
    return topicOf(nearest) === topicOf(word);
  });
  return hits.length / words.length;
}

describe("trainGlove", () => {
  it.each([1, 2])("finds planted topics on %d threads; the loss falls; no file is left", async (numThreads) => {
    const seen: GloveProgress[] = [];
    const result = await train({ numThreads, onProgress: (progress: GloveProgress) => seen.push(progress) });
    expect(result.vectors.words).toEqual(vocabulary.words);
    expect(result.losses).toHaveLength(60);
    // On two threads, one may be through many iterations before the other, with the first, has begun.
    expect(result.losses[59]).toBeLessThan(Math.max(...result.losses) / 3);
    expect(result.numCells).toBe((50 * 51) / 2);
    expect(purity(result)).toBe(1);
    expect(readdirSync(temporary)).toEqual([]);
    expect([...new Set(seen.map(({ stage }) => stage))]).toEqual(["counting", "merging", "training"]);
    for (const stage of ["counting", "merging", "training"]) {
      const fractions = seen.filter((progress) => progress.stage === stage).map(({ fraction }) => fraction);
      expect(fractions).toEqual([...fractions].sort((a, b) => a - b));
      expect(fractions[fractions.length - 1]).toBeLessThanOrEqual(1);
    }
    expect(seen[seen.length - 1]).toMatchObject({ fraction: 1, iteration: 60, loss: result.losses[59] });
  });

  it("repeats itself on one thread, with little memory too", async () => {
    const [first, again, other] = [await train(), await train(), await train({ seed: 4 })];
    expect(again.vectors.vectors).toEqual(first.vectors.vectors);
    expect(other.vectors.vectors).not.toEqual(first.vectors.vectors);
    const little = await train({ memoryBytes: 2 ** 20 });
    expect(little.vectors.vectors).toEqual(first.vectors.vectors);
    expect(little.losses).toEqual(first.losses);
  });

  it("stops when asked, and says what is wrong, leaving no file", async () => {
    const abort = new AbortController();
    const onProgress = ({ stage, fraction }: GloveProgress): void => {
      if (stage === "training" && fraction > 0) abort.abort();
    };
    const stopped = train({ iterations: 100_000, numThreads: 2, signal: abort.signal, onProgress });
    await expect(stopped).rejects.toThrow(/interrupted/);
    await expect(train({ learningRate: 1e30 })).rejects.toThrow(
      /loss became (NaN|Infinity) in iteration \d+; try a learning rate/,
    );
    await expect(train({ dimension: 0 })).rejects.toThrow(/dimension to be an integer from 1 to 65536, got 0/);
    await expect(train({ memoryBytes: 5 })).rejects.toThrow(/at least 1048576 bytes/);
    await expect(train({ xMax: 0 })).rejects.toThrow(/xMax above 0/);
    await expect(train({ temporaryDirectory: join(folder, "absent") })).rejects.toThrow(/absent.*could not be written/);
    expect(readdirSync(temporary)).toEqual([]);
  });

  it("passes a thread's failure on: the corpus is gone", async () => {
    const text = join(folder, "gone.txt");
    writeFileSync(text, "a b c a b c");
    const words = await countWords([text], { minCount: 1 });
    const gone = await encodeCorpus([text], words, { directory: folder });
    gone.dispose();
    await expect(trainGlove(gone, words.words, { ...small, temporaryDirectory: temporary })).rejects.toThrow(
      /could not be read/,
    );
    writeFileSync(text, "a\nb\na\nb");
    const alone = await encodeCorpus([text], words, { directory: folder });
    await expect(trainGlove(alone, words.words, { ...small, temporaryDirectory: temporary })).rejects.toThrow(
      /words near each other/,
    );
    expect(readdirSync(temporary)).toEqual([]);
  });

  it("says in which iteration it diverged, from 1 as its message", async () => {
    const diverging = train({ learningRate: 1e30 });
    await expect(diverging).rejects.toThrow(/in iteration 1/);
    await expect(diverging).rejects.toMatchObject({ exitCode: 2, step: 1 });
  });
});
