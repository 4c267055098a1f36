/** @file word2vec on threads, on the built package: the matrices are shared, faults and interruptions end all threads. */
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, expect, it } from "vitest";
import { Rng } from "../../src/core/rng.js";
import { ROOT } from "./manyworlds-process.js";

const built = pathToFileURL(join(ROOT, "dist/src/embeddings/index.js")).href;
const { trainWord2Vec } = (await import(built)) as typeof import("../../src/embeddings/index.js");

const PATIENCE = { timeout: 60_000 };
let folder = "";
let text = "";

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "manyworlds-test-"));
  text = join(folder, "text");
  const rng = new Rng(3);
  const words = Array.from({ length: 60_000 }, (_, i) => {
    const topic = Math.floor(i / 10) % 5;
    return `t${topic}w${rng.nextBelow(6)}${i % 10 === 9 ? "\n" : " "}`;
  });
  writeFileSync(text, words.join(""));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it("three threads learn what one does", PATIENCE, async () => {
  const options = { architecture: "skipgram", dimension: 30, sample: 0, minCount: 1 } as const;
  const [one, three] = [
    await trainWord2Vec({ corpus: [text], options, numThreads: 1 }),
    await trainWord2Vec({ corpus: [text], options, numThreads: 3 }),
  ];
  expect(three.vocabulary.parts).toEqual(one.vocabulary.parts);
  expect(three.numThreads).toBe(3);
  // Noise of the negatives and lost updates: far below what is learnt, from 6·ln 2 = 4.16 at the start.
  expect(Math.abs(three.losses[4] - one.losses[4])).toBeLessThan(0.1);
  // Against one thread's start, 1.402: of three, one may find in its first iteration what the others have learnt by their
  // last. They end at 1.265 ± 0.009, by how they happen to meet (18 runs, 1.248 to 1.275).
  expect(three.losses[4]).toBeLessThan(0.94 * one.losses[0]);
  const { normalized, words, dimension } = three.vectors;
  for (const [i, word] of words.entries()) {
    const cosine = (j: number): number => {
      let sum = 0;
      for (let d = 0; d < dimension; d++) sum += normalized[i * dimension + d] * normalized[j * dimension + d];
      return sum;
    };
    const others = words.map((_, j) => j).filter((j) => j !== i);
    const nearest = others.sort((a, b) => cosine(b) - cosine(a)).slice(0, 5);
    expect(nearest.map((j) => words[j].slice(0, 2))).toEqual(Array(5).fill(word.slice(0, 2)));
  }
});

it("a thread that fails ends the run with its error; nothing is left behind", PATIENCE, async () => {
  const directory = mkdtempSync(join(folder, "ids-"));
  let isRemoved = false;
  const training = trainWord2Vec({
    corpus: [text],
    options: { iterations: 1_000_000 },
    numThreads: 2,
    directory,
    onProgress({ stage }) {
      if (stage === "training" && !isRemoved) rmSync(join(directory, readdirSync(directory)[0]), { recursive: true });
      isRemoved ||= stage === "training";
    },
  });
  await expect(training).rejects.toThrow(/part-000.ids: could not be read: no such file/);
  expect(readdirSync(directory)).toEqual([]);
});

it("interrupted on threads, it stops and goes on from its checkpoint", PATIENCE, async () => {
  const checkpoint = join(folder, "run.safetensors");
  const request = {
    corpus: [text],
    options: { dimension: 200, iterations: 8, minCount: 1 },
    numThreads: 2,
    checkpoint,
  };
  const abort = new AbortController();
  const fractions: number[] = [];
  const onProgress = (progress: { readonly stage: string; readonly fraction?: number }): void => {
    if (progress.stage !== "training") return;
    fractions.push(progress.fraction ?? 0);
    abort.abort();
  };
  await expect(trainWord2Vec({ ...request, signal: abort.signal, onProgress })).rejects.toThrow(/interrupted/);
  const report = await trainWord2Vec({ ...request, onProgress });
  expect(report.losses).toHaveLength(8);
  expect(report.losses.every(Number.isFinite)).toBe(true);
  expect(fractions[0]).toBeGreaterThan(0);
  expect(readdirSync(folder).filter((name) => name.includes("run"))).toEqual([]);
});
