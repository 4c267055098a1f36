/** @file A thread that counts or encodes parts of a text, one after another. */
import { serveJobs } from "../parallel/job-server.node.js";
import type { CorpusJob, CorpusJobProgress, CorpusJobResult, CorpusJobShared } from "./corpus-job.js";
import { readPart } from "./read-part.node.js";
import { Vocabulary } from "./vocabulary.js";

let vocabulary: Vocabulary | null = null;

serveJobs<CorpusJobShared, CorpusJob, CorpusJobProgress, CorpusJobResult>((shared, job, context) => {
  // Once a thread: the index of the words is made at the first look-up.
  if (shared.vocabulary !== null) vocabulary ??= Vocabulary.fromParts(shared.vocabulary);
  return readPart(job, vocabulary, shared.maxDistinct, {
    shouldStop: () => context.shouldStop(),
    onBytes: (numBytes) => context.postProgress(numBytes),
  });
});
