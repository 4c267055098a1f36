/** @file Many threads, one memory. No learning here. */
export { Barrier, BarrierAborted } from "./barrier.js";
export { type JobContext, serveJobs } from "./job-server.node.js";
export {
  type ClonedError,
  cloneError,
  JobThread,
  type PoolWorkerData,
  WorkerError,
  type WorkerMessage,
} from "./job-thread.node.js";
export { LockTable } from "./lock-table.js";
export { runTeam, type TeamOptions } from "./team.node.js";
export { serveTeam, type TeamMember } from "./team-member.node.js";
export { type PoolOptions, runJobs } from "./worker-pool.node.js";
