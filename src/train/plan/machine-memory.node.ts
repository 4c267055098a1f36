/**
 * @file How many worlds at once does this machine have memory for, where no budget says how much they may take?
 *
 * A training that outgrows memory is ended by the system, hours after it began perhaps, without a word of ours. So what
 * training-memory.ts adds up is held against the memory that there is before anything is written: fewer worlds are
 * trained at once where they do not all fit, and a model of which not one does is refused.
 *
 * No reserve is kept, unlike under a budget: only what is sure not to fit is refused.
 */
import { totalmem } from "node:os";
import { ConfigError } from "../../core/errors.js";
import type { ModelOptions } from "../model-options.js";
import type { PlanShape } from "./plan-shape.js";
import { type ProcessMemory, trainingBytes } from "./training-memory.js";

/** Bytes that this process may hold: the machine's memory, or what its container has of it. */
export function machineMemory(): number {
  const constrained = process.constrainedMemory();
  return constrained > 0 ? Math.min(constrained, totalmem()) : totalmem();
}

/** What is to be trained, and how many worlds at once if memory lets it. */
export interface MachineRequest {
  readonly options: ModelOptions;
  readonly shape: PlanShape;
  /** What the process holds, with the rows read. */
  readonly process: ProcessMemory;
  readonly numThreads: number;
  /** Default: `machineMemory()`. */
  readonly memoryBytes?: number;
}

/**
 * The most worlds at once that fit, at most `numThreads`.
 * @throws {ConfigError} if not one does, with what it would need.
 */
export function worldsThatFit({
  options,
  shape,
  process,
  numThreads,
  memoryBytes = machineMemory(),
}: MachineRequest): number {
  const bytesOf = (count: number): number => trainingBytes(options, shape, process, count);
  for (let count = Math.min(numThreads, options.numWorlds); count >= 1; count--) {
    if (bytesOf(count) <= memoryBytes) return count;
  }
  const [needed, there] = [bytesOf(1), memoryBytes].map((bytes) => `${Math.ceil(bytes / 1e8) / 10} GB`);
  const { numBuckets, hidden } = options;
  throw new ConfigError(
    `train: expected worlds that fit into the ${there} of memory here, got ${numBuckets} buckets and hidden ` +
      `${hidden.join(",") || "none"}, which take ${needed} for one; fewer --buckets or --hidden take less, and ` +
      "--memory chooses what fits",
  );
}
