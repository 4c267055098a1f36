/** @file Does every option do something? A misspelt one, which types do not catch in JavaScript, would be passed over. */
import { ConfigError } from "./errors.js";

/** @throws {ConfigError} naming the first option of `given` that is none of `known`, and those that there are. */
export function checkKnownOptions(where: string, given: object, known: readonly string[]): void {
  const unknown = Object.keys(given).find((name) => !known.includes(name));
  if (unknown === undefined) return;
  throw new ConfigError(`${where}: expected options among ${known.join(", ")}, got ${unknown}; is it misspelt?`);
}
