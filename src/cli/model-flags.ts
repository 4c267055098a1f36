/** @file Flags of the commands that answer with a model. */
import { availableParallelism } from "node:os";
import type { Ranker } from "../mach/evaluate.js";
import { MERGE_KINDS } from "../mach/merge.js";
import { Model } from "../mach/model.node.js";
import { PredictionPool } from "../mach/prediction-pool.node.js";
import type { WorldSelection } from "./flags.js";
import { type Flag, integer, worldSelection } from "./flags.js";
import type { Progress } from "./progress.js";

export const ANSWER_FLAGS: readonly Flag<unknown>[] = [
  { syntax: "--merge <kind>", help: "merge worlds in this way instead of the model's", choices: MERGE_KINDS },
  { syntax: "-w, --worlds <count|list>", help: "answer with these worlds only: 4, 0-7, 3,5", parse: worldSelection },
  { syntax: "--threads <count>", help: "threads that rank (default: one a core)", parse: integer(1, 1024) },
  { syntax: "--json", help: "print JSON" },
];

/** Loads the model as the flags ask for, and notes worlds that do not answer. `shared`: for `createRanker`. */
export async function loadModel(
  path: string,
  options: Record<string, unknown>,
  progress: Progress,
  shared: boolean,
): Promise<Model> {
  const selection = options.worlds as WorldSelection | undefined;
  const worlds = selection && (selection.worlds ?? Array.from({ length: selection.count }, (_, world) => world));
  const model = await Model.load(path, {
    shared: shared && numThreads(options) > 1,
    ...(worlds === undefined ? {} : { worlds }),
    ...(options.merge === undefined ? {} : { merge: options.merge as Model["ensemble"]["merge"] }),
  });
  if (model.missingWorlds.length > 0) {
    const { numWorlds } = model.ensemble;
    const [noun, verb] = model.missingWorlds.length === 1 ? ["world", "is"] : ["worlds", "are"];
    progress.note(`${noun} ${model.missingWorlds.join(", ")} ${verb} missing; the other ${numWorlds} answer`);
  }
  return model;
}

/** Ranks on as many threads as the flags ask for. Close it. */
export function createRanker(model: Model, options: Record<string, unknown>): Ranker & { close(): Promise<void> } {
  if (numThreads(options) > 1) return new PredictionPool(model, numThreads(options));
  return { predict: (rows, wanted) => model.predictRows(rows, wanted), close: async () => {} };
}

function numThreads(options: Record<string, unknown>): number {
  return typeof options.threads === "number" ? options.threads : availableParallelism();
}
