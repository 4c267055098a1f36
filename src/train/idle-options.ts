/**
 * @file Was something asked for that would do nothing? Then the user is told, before anything is written.
 *
 * An option that another one makes idle (negatives of an output that is not sampled) hides a misunderstanding: whoever
 * sets it expects a difference. Only what was given counts, not what `choose-options.ts` filled in.
 */
import { OptionError } from "../core/errors.js";
import type { ModelOptions } from "./model-options.js";

/** What idle option depends on what, and how to make it work. */
const NEEDS: readonly {
  readonly option: keyof ModelOptions;
  readonly isIdle: (options: ModelOptions) => boolean;
  readonly needs: string;
}[] = [
  { option: "numNegatives", isIdle: ({ output }) => output !== "sampled", needs: 'output "sampled"' },
  { option: "inputMoments", isIdle: ({ optimizer }) => optimizer !== "adam", needs: 'optimizer "adam"' },
  { option: "activation", isIdle: ({ hidden }) => hidden.length === 0, needs: "a hidden layer" },
  {
    option: "dropout",
    isIdle: ({ hidden, dropout }) => hidden.length === 0 && dropout > 0,
    needs: "a hidden layer",
  },
];

/** @throws {OptionError} for an option of `given` that does nothing beside the others in `all`; `command` asked. */
export function checkIdleOptions(command: string, given: Partial<ModelOptions>, all: ModelOptions): void {
  for (const { option, isIdle, needs } of NEEDS) {
    if (given[option] === undefined || !isIdle(all)) continue;
    const value = given[option];
    throw new OptionError(
      option,
      (name) => `${command}: ${name} ${value} does nothing without ${needs}; set that too, or leave it out`,
    );
  }
}

/** @throws {OptionError} for ways to read text where the rows are numbers, and the other way round. */
export function checkIdleFeatures(
  command: string,
  kind: "text" | "numeric",
  textOptions: object,
  numericOptions: object,
): void {
  const [idle, rows] = kind === "text" ? [numericOptions, "text"] : [textOptions, "feature numbers"];
  const [option] = Object.keys(idle);
  if (option === undefined) return;
  throw new OptionError(option, (name) => `${command}: ${name} does nothing for rows of ${rows}; leave it out`);
}
