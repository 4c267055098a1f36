/** @file Are flags kept with the words that the user typed? */
import { Command } from "commander";
import { describe, expect, it } from "vitest";
import { addFlags, byteSize, type Flag, sizes, worldSelection } from "../../src/cli/flags.js";
import { collectTypedFlags } from "../../src/cli/typed-flags.js";

const FLAGS: readonly Flag<unknown>[] = [
  { syntax: "-w, --worlds <count|list>", help: "", parse: worldSelection },
  { syntax: "--memory <size>", help: "", parse: byteSize },
  { syntax: "--hidden <sizes>", help: "", parse: sizes },
  { syntax: "--epochs <count>", help: "", defaultValue: 5 },
  { syntax: "--skip-bad-rows", help: "" },
  { syntax: "--json", help: "" },
];

function typed(...words: string[]) {
  const command = addFlags(new Command("train").argument("[files...]").exitOverride(), FLAGS);
  const flags = collectTypedFlags(command, ["--json"]);
  command.parse(words, { from: "user" });
  return flags();
}

describe("collectTypedFlags", () => {
  it("keeps words, not values, under the long name", () => {
    expect(typed("a.tsv", "-w", "0-7", "--memory=1.5GiB", "--hidden", "none", "--skip-bad-rows", "--json")).toEqual([
      { flag: "--worlds", value: "0-7" },
      { flag: "--memory", value: "1.5GiB" },
      { flag: "--hidden", value: "none" },
      { flag: "--skip-bad-rows", value: null },
    ]);
  });

  it("keeps the last value, and nothing that was not typed", () => {
    expect(typed("--hidden", "8", "--hidden", "16", "a.tsv")).toEqual([{ flag: "--hidden", value: "16" }]);
    expect(typed("a.tsv")).toEqual([]);
  });
});
