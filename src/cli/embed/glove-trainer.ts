/** @file `embed train --model glove`: from text files to vectors. */
import { countWords, encodeCorpus } from "../../embeddings/corpus.node.js";
import type { GloveOptions } from "../../embeddings/glove/glove-options.js";
import { trainGlove } from "../../embeddings/glove/train-glove.node.js";
import { showReading } from "./reading-progress.js";
import type { TrainOutcome, TrainRequest } from "./trainer.js";

/** The words of a text that are counted; as rare as this they teach little. */
const MIN_COUNT = 5;

const JOBS = { counting: "counting pairs", merging: "merging", training: "training" } as const;

export async function trainGloveFiles(request: TrainRequest): Promise<TrainOutcome> {
  const { corpus: paths, numThreads, temporaryDirectory, progress, signal } = request;
  const { minCount = MIN_COUNT, memory, ...options } = request.options;
  const startedMs = performance.now();
  const reading = { numThreads, signal, onProgress: showReading(progress) };
  const vocabulary = await countWords(paths, { ...reading, minCount: Number(minCount) });
  const directory = temporaryDirectory === null ? {} : { directory: temporaryDirectory };
  const corpus = await encodeCorpus(paths, vocabulary, { ...reading, ...directory });
  const readingSeconds = (performance.now() - startedMs) / 1000;
  try {
    progress.finish("encoding");
    let stage = "";
    const result = await trainGlove(corpus, vocabulary.words, {
      ...(options as Partial<GloveOptions>),
      numThreads,
      signal,
      ...(typeof memory === "number" ? { memoryBytes: memory * 2 ** 20 } : {}),
      ...(temporaryDirectory === null ? {} : { temporaryDirectory }),
      onProgress(now) {
        const job = JOBS[now.stage];
        if (stage !== job && stage !== "") progress.finish(stage);
        stage = job;
        const details =
          now.stage === "training"
            ? {
                iteration: now.iteration ?? 1,
                ...(Number.isFinite(now.loss) ? { loss: Number(now.loss?.toPrecision(5)) } : {}),
              }
            : {};
        progress.update({ job, fraction: now.fraction, details });
      },
    });
    return {
      vectors: result.vectors,
      numTokens: corpus.numTokens,
      numUnknown: corpus.numUnknown,
      numThreads: result.numThreads,
      options: { ...result.options, minCount },
      losses: result.losses,
      seconds: { reading: readingSeconds, ...result.seconds },
    };
  } finally {
    corpus.dispose();
  }
}
