/** @file A worker thread of `descend`: one job, its thread's part of all epochs. */
import { createKernels } from "../kernels/index.js";
import { serveJobs } from "../parallel/index.js";
import { type DescentEnd, type DescentProgress, type DescentShared, runDescentThread } from "./descent-thread.js";

/** At most so often is progress posted: an epoch may take less than a message. */
const PROGRESS_MS = 100;

serveJobs<DescentShared, number, DescentProgress, DescentEnd>((shared, thread, context) => {
  let lastMs = performance.now();
  return runDescentThread(createKernels(), shared, thread, context.stopFlag, {
    onEpoch(progress) {
      if (performance.now() - lastMs < PROGRESS_MS) return;
      lastMs = performance.now();
      context.postProgress(progress);
    },
    nowMs: () => Number(process.hrtime.bigint()) / 1e6,
    cpuMs() {
      const { user, system } = process.cpuUsage();
      return (user + system) / 1000;
    },
  });
});
