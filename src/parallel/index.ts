/** @file Many threads, one memory. No learning here. */
export { type JobContext, serveJobs } from "./job-server.node.js";
export {
  type ClonedError,
  cloneError,
  type PoolOptions,
  type PoolWorkerData,
  runJobs,
  WorkerError,
  type WorkerMessage,
} from "./worker-pool.node.js";
