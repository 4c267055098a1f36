import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { ConfigError, FormatError, InterruptedError } from "../../src/core/errors.js";
import { Rng } from "../../src/core/rng.js";
import { trainWord2Vec, type Word2VecProgress } from "../../src/embeddings/train-word2vec.node.js";
import type { WordVectors } from "../../src/embeddings/word-vectors.js";
import { keepThresholds } from "../../src/embeddings/word2vec-model.js";
import { chooseWord2VecOptions, type Word2VecOptions } from "../../src/embeddings/word2vec-options.js";
import { temporaryDirectory } from "../checkpoint/temporary-directory.js";

const NUM_TOPICS = 5;
const WORDS_OF_TOPIC = 6;

/** Sentences of ten words, all of one topic but for a few that every topic has. */
function plantedText(numSentences: number, seed = 1): string {
  const rng = new Rng(seed);
  const sentences = Array.from({ length: numSentences }, () => {
    const topic = rng.nextBelow(NUM_TOPICS);
    const words = Array.from({ length: 10 }, () =>
      rng.nextBelow(5) === 0 ? `of${rng.nextBelow(3)}` : `t${topic}w${rng.nextBelow(WORDS_OF_TOPIC)}`,
    );
    return words.join(" ");
  });
  return sentences.join("\n");
}

function plantedFile(numSentences: number): string {
  const path = join(temporaryDirectory(), "text");
  writeFileSync(path, plantedText(numSentences));
  return path;
}

const SMALL: Partial<Word2VecOptions> = { dimension: 20, sample: 0, minCount: 1, iterations: 5 };

/** Share of the topics' words whose five nearest words are the rest of their topic. */
function shareWithOwnTopic({ words, normalized, dimension }: WordVectors): number {
  const isOfTopic = (word: string): boolean => word.startsWith("t");
  let right = 0;
  for (const [i, word] of words.entries()) {
    if (!isOfTopic(word)) continue;
    const cosines = words.map((other, j) => {
      let sum = 0;
      for (let d = 0; d < dimension; d++) sum += normalized[i * dimension + d] * normalized[j * dimension + d];
      return { other, sum: i === j ? -2 : sum };
    });
    const nearest = cosines.sort((a, b) => b.sum - a.sum).slice(0, WORDS_OF_TOPIC - 1);
    right += nearest.every(({ other }) => other.slice(0, 2) === word.slice(0, 2)) ? 1 : 0;
  }
  return right / (NUM_TOPICS * WORDS_OF_TOPIC);
}

describe("trainWord2Vec", () => {
  for (const architecture of ["skipgram", "cbow"] as const) {
    for (const kind of ["negative sampling", "hierarchical softmax", "both"]) {
      it(`${architecture} with ${kind} finds which words belong together, and its loss falls`, async () => {
        const options = {
          ...SMALL,
          architecture,
          negative: kind === "hierarchical softmax" ? 0 : 5,
          hierarchicalSoftmax: kind !== "negative sampling",
        };
        const { vectors, losses } = await trainWord2Vec({ corpus: [plantedFile(4000)], options, numThreads: 1 });
        expect(vectors.numWords).toBe(NUM_TOPICS * WORDS_OF_TOPIC + 3);
        expect(shareWithOwnTopic(vectors)).toBe(1);
        expect(losses).toHaveLength(5);
        expect(losses[4]).toBeLessThan(0.99 * losses[0]);
      });
    }
  }

  it("one thread: equal seeds give equal bytes, plain or gzipped; other seeds do not", async () => {
    const text = plantedText(500);
    const folder = temporaryDirectory();
    const [plain, zipped] = [join(folder, "text"), join(folder, "text.gz")];
    writeFileSync(plain, text);
    writeFileSync(zipped, gzipSync(text));
    const train = async (path: string, seed: number): Promise<Float32Array> =>
      (await trainWord2Vec({ corpus: [path], options: { ...SMALL, seed }, numThreads: 1 })).vectors.vectors;
    const first = await train(plain, 1);
    expect(await train(plain, 1)).toEqual(first);
    expect(await train(zipped, 1)).toEqual(first);
    expect(await train(plain, 2)).not.toEqual(first);
  });

  it("reports how far it is, and cleans up", async () => {
    const directory = temporaryDirectory();
    const seen: Word2VecProgress[] = [];
    const stages = new Set<string>();
    const report = await trainWord2Vec({
      corpus: [plantedFile(3000)],
      options: { ...SMALL, dimension: 300, iterations: 20 },
      numThreads: 1,
      directory,
      onProgress(progress) {
        stages.add(progress.stage);
        if (progress.stage === "training") seen.push(progress);
      },
    });
    expect([...stages]).toEqual(["counting", "encoding", "training"]);
    for (const [i, { fraction, wordsPerSecond, alpha, etaSeconds }] of seen.entries()) {
      expect(fraction).toBeGreaterThan(i === 0 ? 0 : seen[i - 1].fraction);
      expect(wordsPerSecond).toBeGreaterThan(0);
      expect(etaSeconds).toBeGreaterThanOrEqual(0);
      // Falls from 0.05 with what was done before the chunk.
      expect(alpha).toBeGreaterThanOrEqual(0.05 * (1 - fraction));
      expect(alpha).toBeLessThanOrEqual(0.05 * (1 - fraction + 10_000 / (20 * 30_000)));
    }
    expect(report.wordsPerSecond).toBeGreaterThan(0);
    expect(report.numUnknown).toBe(0);
    expect(readdirSync(directory)).toEqual([]);
  });

  it("resumed after interruptions, ends with the bytes of a run that never stopped", async () => {
    const folder = temporaryDirectory();
    const checkpoint = join(folder, "run.safetensors");
    const request = {
      corpus: [plantedFile(3000)],
      options: { ...SMALL, dimension: 40, iterations: 12 },
      numThreads: 1,
    };
    const expected = await trainWord2Vec(request);
    let interruptions = 0;
    for (;;) {
      let polls = 0;
      // Aborts in the middle of an iteration, whose ids take four chunks.
      const signal = {
        get aborted() {
          return ++polls > 15;
        },
      } as AbortSignal;
      try {
        const report = await trainWord2Vec({ ...request, checkpoint, signal });
        expect(report.vectors.vectors).toEqual(expected.vectors.vectors);
        expect(report.losses).toEqual(expected.losses);
        break;
      } catch (error) {
        expect(error).toBeInstanceOf(InterruptedError);
        expect(existsSync(checkpoint)).toBe(true);
        interruptions++;
        const other = { ...request, options: { ...request.options, window: 4 }, checkpoint };
        await expect(trainWord2Vec(other)).rejects.toThrow(/expected a checkpoint of this training/);
      }
    }
    expect(interruptions).toBeGreaterThan(2);
    expect(existsSync(checkpoint)).toBe(false);
  });

  it("refuses damaged checkpoints, corpora without words, and more threads than WASM has memories", async () => {
    const corpus = [plantedFile(50)];
    const checkpoint = join(temporaryDirectory(), "run.safetensors");
    writeFileSync(checkpoint, "not a checkpoint");
    const request = { corpus, options: SMALL, numThreads: 1 };
    await expect(trainWord2Vec({ ...request, checkpoint })).rejects.toThrow(FormatError);
    await expect(trainWord2Vec({ ...request, numThreads: 0 })).rejects.toThrow(/numThreads of 1 or more, got 0/);
    await expect(trainWord2Vec({ ...request, options: { ...SMALL, minCount: 1e6 } })).rejects.toThrow(/lower minCount/);
    const one = join(temporaryDirectory(), "one");
    writeFileSync(one, "word word word");
    await expect(trainWord2Vec({ ...request, corpus: [one] })).rejects.toThrow(
      /a vocabulary of two words or more, got 1/,
    );
    process.env.MANYWORLDS_KERNELS = "wasm";
    try {
      await expect(trainWord2Vec({ ...request, numThreads: 2 })).rejects.toThrow(
        /expected native kernels for 2 threads/,
      );
      const { vectors } = await trainWord2Vec({ corpus, options: SMALL });
      expect(vectors.vectors.every(Number.isFinite)).toBe(true);
    } finally {
      delete process.env.MANYWORLDS_KERNELS;
    }
  });
});

describe("options", () => {
  it("have the C tool's defaults", () => {
    expect(chooseWord2VecOptions()).toMatchObject({
      dimension: 100,
      window: 5,
      sample: 1e-3,
      negative: 5,
      iterations: 5,
    });
  });

  it("that make no sense are named", () => {
    for (const [options, problem] of [
      [{ dimension: 0 }, /dimension to be an integer from 1 to 4096, got 0/],
      [{ dimension: 1.5 }, /got 1.5/],
      [{ window: 0 }, /window to be an integer from 1 to 1000, got 0/],
      [{ sample: 1 }, /sample to be a share of the text, from 0 to 1, got 1/],
      [{ alpha: -1 }, /alpha above 0, at most 1, got -1/],
      [{ negative: 0 }, /negative of 1 or more, or hierarchicalSoftmax/],
      [{ iterations: 0 }, /iterations to be an integer ≥ 1, got 0/],
      [{ architecture: "glove" as "cbow" }, /one of skipgram, cbow, got glove/],
    ] as const) {
      expect(() => chooseWord2VecOptions(options)).toThrow(problem);
      expect(() => chooseWord2VecOptions(options)).toThrow(ConfigError);
    }
  });

  it("sub-sampling keeps a word with the C tool's probability", () => {
    const counts = [50_000, 5000, 1000, 10];
    const shares = [...keepThresholds(counts, 1e6, 1e-3)].map((threshold) => threshold / 2 ** 32);
    // (√(f/s) + 1)·s/f for f = 0.05, 0.005, 0.001, 0.00001 and s = 0.001, at most 1.
    for (const [i, share] of [0.16142, 0.64721, 1, 1].entries()) expect(shares[i]).toBeCloseTo(share, 4);
    expect([...keepThresholds(counts, 1e6, 0)]).toEqual(counts.map(() => 2 ** 32 - 1));
  });
});
