/** @file How far has the reading of a text come? */
import type { CorpusProgress } from "../../embeddings/corpus.node.js";
import type { Progress } from "../progress.js";

/** Shows counting and encoding as two jobs, one after the other. */
export function showReading(progress: Progress): (now: CorpusProgress) => void {
  let isEncoding = false;
  return ({ stage, doneBytes, totalBytes }) => {
    if (stage === "encoding" && !isEncoding) {
      isEncoding = true;
      progress.finish("counting");
    }
    progress.update({ job: stage, fraction: doneBytes / Math.max(1, totalBytes), details: {} });
  };
}
