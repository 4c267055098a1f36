/** @file Flags of the commands that answer with a model. */
import { MERGE_KINDS } from "../mach/merge.js";
import { Model } from "../mach/model.node.js";
import type { WorldSelection } from "./flags.js";
import { type Flag, worldSelection } from "./flags.js";
import type { Progress } from "./progress.js";

export const ANSWER_FLAGS: readonly Flag<unknown>[] = [
  { syntax: "--merge <kind>", help: "merge worlds in this way instead of the model's", choices: MERGE_KINDS },
  { syntax: "-w, --worlds <count|list>", help: "answer with these worlds only: 4, 0-7, 3,5", parse: worldSelection },
  { syntax: "--json", help: "print JSON" },
];

/** Loads the model as the flags ask for, and notes worlds that do not answer. */
export async function loadModel(path: string, options: Record<string, unknown>, progress: Progress): Promise<Model> {
  const selection = options.worlds as WorldSelection | undefined;
  const worlds = selection && (selection.worlds ?? Array.from({ length: selection.count }, (_, world) => world));
  const model = await Model.load(path, {
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
