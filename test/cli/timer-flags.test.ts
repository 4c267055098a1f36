/** @file Are times refused that a timer cannot hold? Node would let a longer one fire at once. */
import { expect, it } from "vitest";
import { SERVE_FLAGS } from "../../src/cli/serve-flags.js";

const parserOf = (name: string): ((text: string) => unknown) => {
  const parse = SERVE_FLAGS.find(({ syntax }) => syntax.startsWith(`${name} `))?.parse;
  if (parse === undefined) throw new Error(`no flag ${name} with a value`);
  return parse;
};

it.each(["--timeout", "--receive-timeout", "--grace", "--drain", "--batch-window"])("%s", (name) => {
  const parse = parserOf(name);
  expect([parse("1ms"), parse("2147483.647s")]).toEqual([0.001, 2147483.647]);
  for (const text of ["1000h", "2147483.648s", "0.9ms"]) {
    expect(() => parse(text)).toThrow(`Expected a time from 1ms to 596h, got "${text}".`);
  }
});

it.each([
  ["--timeout", false],
  ["--receive-timeout", false],
  ["--grace", false],
  ["--drain", true],
  ["--batch-window", true],
] as const)("%s takes 0: %s", (name, takes) => {
  const parse = parserOf(name);
  if (takes) expect(parse("0")).toBe(0);
  else expect(() => parse("0")).toThrow("Expected a time");
});
