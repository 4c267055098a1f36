/** @file A thread of word2vec: trains its slice on the matrices that all threads share. */
import { createKernels } from "../kernels/index.js";
import { serveJobs } from "../parallel/job-server.node.js";
import { trainSlice } from "./train-slice.node.js";
import type { Word2VecJob, Word2VecJobProgress, Word2VecRun } from "./word2vec-run.js";

const kernels = createKernels();

serveJobs<Word2VecRun, Word2VecJob, Word2VecJobProgress, void>((run, job, context) =>
  trainSlice(kernels, run, job, {
    shouldStop: () => context.shouldStop(),
    onProgress: (progress) => context.postProgress(progress),
  }),
);
