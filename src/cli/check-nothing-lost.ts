/** @file May this file be written? Not where it is an input or a part of a model: what the user has would be lost. */
import { statSync } from "node:fs";
import { isModelFile } from "../checkpoint/index.js";
import { ConfigError } from "../core/errors.js";

/**
 * Compares files, not names: links and other paths to an input are found as well.
 * @throws {ConfigError} naming the input that `output` is, or saying that it is a model's.
 */
export function checkNothingLost(command: string, output: string, inputs: readonly string[]): void {
  if (isModelFile(output)) {
    throw new ConfigError(
      `${command}: expected --output other than a model's own files, got ${output}; give another name`,
    );
  }
  const target = fileOf(output);
  if (target === undefined) return;
  for (const input of inputs) {
    const source = fileOf(input);
    if (source?.dev !== target.dev || source.ino !== target.ino) continue;
    throw new ConfigError(`${command}: expected --output other than the inputs, got ${input}; give another name`);
  }
}

/** Undefined where there is none: whoever opens it says so. */
function fileOf(path: string): { readonly dev: bigint; readonly ino: bigint } | undefined {
  try {
    return statSync(path, { bigint: true, throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}
