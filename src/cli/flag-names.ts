/** @file What does the user call an option? The library names it as programs do, the command line by its flag. */
import { OptionError } from "../core/errors.js";
import { MODEL_FLAGS, STRATEGY_FLAGS, WORLDS_FLAG } from "./train-flags.js";

/** Flag → option of how texts become features, by the names that commander gives flags. */
export const TEXT_OPTION_NAMES = {
  wordNgrams: "wordNgrams",
  charNgrams: "charNgrams",
  hashBits: "hashBits",
  minDf: "minDocumentFrequency",
  maxFeatures: "maxFeatures",
} as const;

/** Flag → option of how rows of numbers are scaled. */
export const NUMERIC_OPTION_NAMES = { scale: "scaling", power: "power" } as const;

/** `--batch-size` of `-b, --batch-size <rows>`. */
export function flagOf(syntax: string): string {
  return /--[a-z-]+/.exec(syntax)?.[0] ?? syntax;
}

/** The name under which commander gives the value of `--batch-size`: `batchSize`. */
export function keyOf(flag: string): string {
  return flag.slice(2).replaceAll(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

/** Option → flag. */
const FLAGS: ReadonlyMap<string, string> = new Map([
  ...[...MODEL_FLAGS, ...STRATEGY_FLAGS].map(({ option, syntax }): [string, string] => [option, flagOf(syntax)]),
  ...Object.entries({ ...TEXT_OPTION_NAMES, ...NUMERIC_OPTION_NAMES }).map(([flag, option]): [string, string] => [
    option,
    `--${flag.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`,
  ]),
  ["numWorlds", flagOf(WORLDS_FLAG.syntax)],
  ["format", "--format"],
]);

/** What `work` gives; an error about an option says the flag that sets it. */
export async function sayingFlags<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const flag = error instanceof OptionError ? FLAGS.get(error.option) : undefined;
    throw flag === undefined ? error : (error as OptionError).named(flag);
  }
}
