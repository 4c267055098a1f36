/** @file Many threads, one memory. No learning here. */
export { type JobContext, serveJobs } from "./job-server.node.js";
export {
  type ClonedError,
  cloneError,
  JobThread,
  type PoolWorkerData,
  WorkerError,
  type WorkerMessage,
} from "./job-thread.node.js";
export { type PoolOptions, runJobs } from "./worker-pool.node.js";
