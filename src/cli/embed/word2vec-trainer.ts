/** @file `embed train --model skipgram` and `cbow`: from text files to vectors. */
import { trainWord2Vec, type Word2VecArchitecture, type Word2VecOptions } from "../../embeddings/index.js";
import { showReading } from "./reading-progress.js";
import type { TrainOutcome, TrainRequest } from "./trainer.js";

export async function trainWord2VecFiles(
  architecture: Word2VecArchitecture,
  request: TrainRequest,
): Promise<TrainOutcome> {
  const { corpus, numThreads, temporaryDirectory, progress, signal } = request;
  const { learningRate, checkpoint, ...options } = request.options;
  const onReading = showReading(progress);
  const report = await trainWord2Vec({
    corpus,
    options: {
      ...(options as Partial<Word2VecOptions>),
      architecture,
      ...(typeof learningRate === "number" ? { alpha: learningRate } : {}),
    },
    numThreads,
    signal,
    ...(temporaryDirectory === null ? {} : { directory: temporaryDirectory }),
    ...(typeof checkpoint === "string" ? { checkpoint } : {}),
    onProgress(now) {
      if (now.stage !== "training") {
        onReading(now);
        return;
      }
      progress.update({
        job: "training",
        fraction: now.fraction,
        details: Number.isFinite(now.loss) ? { loss: Number(now.loss.toPrecision(5)) } : {},
        rate: { perSecond: now.wordsPerSecond, unit: "words" },
      });
    },
  });
  const { vocabulary, vectors, numUnknown, losses } = report;
  return {
    vectors,
    numTokens: vocabulary.numTokens,
    numUnknown,
    numThreads: report.numThreads,
    options: report.options,
    losses,
    seconds: { reading: report.readingSeconds, training: report.trainingSeconds },
  };
}
