/** @file A diverged word2vec says its iteration as its message does: from 1. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { countWords, encodeCorpus } from "../../src/embeddings/index.js";
import { trainSlice } from "../../src/embeddings/train-slice.node.js";
import type { Word2VecRun } from "../../src/embeddings/word2vec-run.js";
import { createReferenceKernels } from "../../src/kernels/index.js";
import { temporaryDirectory } from "../checkpoint/temporary-directory.js";

it("counts iterations from 1", async () => {
  const folder = temporaryDirectory();
  const text = join(folder, "text");
  writeFileSync(text, "a b a b a b");
  const corpus = await encodeCorpus([text], await countWords([text], { minCount: 1 }), { directory: folder });
  const kernels = { ...createReferenceKernels(), trainWords: () => Number.NaN };
  const run = {
    corpus,
    numIds: corpus.numIds,
    ...{ numThreads: 1, iterations: 3, alpha: 0.1, seed: 1 },
    positions: Float64Array.of(1, 0),
    states: new Uint32Array(64),
    losses: new Float64Array(6),
  } as unknown as Word2VecRun;
  const hooks = { shouldStop: () => false, onProgress: () => {} };
  const training = trainSlice(kernels, run, { thread: 0, endIteration: 3 }, hooks);
  await expect(training).rejects.toThrow("in iteration 2");
  await expect(training).rejects.toMatchObject({ name: "DivergenceError", step: 2 });
});
