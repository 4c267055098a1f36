/** @file Is an option called by the flag that the user typed, and does that flag exist? */
import { PassThrough } from "node:stream";
import { expect, it } from "vitest";
import { keyOf, NUMERIC_OPTION_NAMES, sayingFlags, TEXT_OPTION_NAMES } from "../../src/cli/flag-names.js";
import { createProgram } from "../../src/cli/program.js";
import { ConfigError, OptionError } from "../../src/core/errors.js";
import { chooseOptions } from "../../src/train/choose-options.js";
import { STRATEGY_DEFAULTS } from "../../src/train/strategies/strategy.js";

const said = (error: Error): Promise<unknown> =>
  sayingFlags(() => Promise.reject(error)).then(
    () => null,
    (thrown: unknown) => thrown,
  );
const about = (option: string): OptionError => new OptionError(option, (name) => `expected ${name} otherwise`);

it.each([
  ["numNegatives", "--negatives"],
  ["batchSize", "--batch-size"],
  ["averageEvery", "--average-every"],
  ["scaling", "--scale"],
  ["minDocumentFrequency", "--min-df"],
  ["numWorlds", "--worlds"],
])("%s is %s", async (option, flag) => {
  const error = await said(about(option));
  expect(error).toBeInstanceOf(ConfigError);
  expect((error as Error).message).toBe(`expected ${flag} otherwise`);
});

it("other errors, and options that no flag sets, stay as they are", async () => {
  for (const error of [new ConfigError("batchSize"), new TypeError("seed"), about("seenOnly")]) {
    expect(await said(error)).toBe(error);
  }
  expect(await sayingFlags(async () => 7)).toBe(7);
});

it("every option that train takes has a flag of train", async () => {
  const streams = { stdout: new PassThrough(), stderr: new PassThrough() };
  const context = { signal: new AbortController().signal, ...streams } as unknown as Parameters<
    typeof createProgram
  >[0];
  const [train] = (await createProgram(context, ["train"])).commands;
  const flags = train.options.map(({ long }) => long);
  const shape = { numRows: 100, numFeatures: 10, numLabels: 5, labelsPerRow: 1 };
  const options = [
    ...Object.keys(chooseOptions(shape, {})),
    ...Object.keys(STRATEGY_DEFAULTS),
    ...Object.values({ ...TEXT_OPTION_NAMES, ...NUMERIC_OPTION_NAMES }),
  ];
  const without: string[] = [];
  for (const option of options) {
    const [, flag = ""] = /expected (\S+)/.exec(((await said(about(option))) as Error).message) ?? [];
    if (!flags.includes(flag)) without.push(option);
    else expect(train.getOptionValueSource(keyOf(flag))).toBeUndefined();
  }
  // Merging takes labels that training never saw only where a program asks for it.
  expect(without).toEqual(["seenOnly"]);
});
