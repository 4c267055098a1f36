/** @file What the text of a flag becomes, what is refused, and that every flag of train reaches the option it names. */
import { Command, InvalidArgumentError } from "commander";
import { describe, expect, it } from "vitest";
import { describeChosenOptions } from "../../src/cli/chosen-options.js";
import { addFlags, integer, number, sizes, worldSelection } from "../../src/cli/flags.js";
import { ANSWER_FLAGS } from "../../src/cli/model-flags.js";
import { FEATURE_FLAGS, MODEL_FLAGS, READ_FLAGS, RUN_FLAGS, WORLDS_FLAG } from "../../src/cli/train-flags.js";
import { chooseOptions } from "../../src/train/choose-options.js";

const refused = (parse: (text: string) => unknown, texts: readonly string[]): void => {
  for (const text of texts) expect(() => parse(text), JSON.stringify(text)).toThrow(InvalidArgumentError);
};

describe("numbers", () => {
  it("integers have a range and no other characters", () => {
    expect(["0", "7", "10"].map(integer(0, 10))).toEqual([0, 7, 10]);
    refused(integer(0, 10), ["11", "-1", "1.0", "1e1", "0x1", "", " 1", "many"]);
    expect(() => integer(1)("0")).toThrow('Expected an integer of at least 1, got "0".');
    expect(() => integer(0)("99999999999999999999")).toThrow(
      'Expected an integer from 0 to 9007199254740991, got "99999999999999999999".',
    );
    refused(integer(0), [String(2 ** 53)]);
  });

  it("numbers are finite and have a range", () => {
    expect(["0", "0.5", "1e-3"].map(number(0, 1))).toEqual([0, 0.5, 0.001]);
    refused(number(0, 1), ["1.01", "-0.1", "", " ", "NaN", "Infinity", "half"]);
    expect(() => number(0)("-1")).toThrow('Expected a number of at least 0, got "-1".');
  });

  it("sizes are a list; none is the empty one", () => {
    expect(["512", "512,256", "none"].map(sizes)).toEqual([[512], [512, 256], []]);
    refused(sizes, ["0", "65537", "1,", ",1", "1, 2", "a", "", "-1"]);
  });
});

describe("worlds", () => {
  it("are a count, or named one by one and in ranges", () => {
    expect(worldSelection("16")).toEqual({ worlds: null, count: 16 });
    expect(worldSelection("0-3")).toEqual({ worlds: [0, 1, 2, 3], count: 4 });
    expect(worldSelection("5,3,8-9,8")).toEqual({ worlds: [3, 5, 8, 9], count: 10 });
    expect(worldSelection("1024").count).toBe(1024);
    expect(worldSelection("1000-1023").count).toBe(1024);
    refused(worldSelection, ["0", "1025", "7-3", "3,1024", "-1", "1-", "a", "", "1;2"]);
  });
});

/** What `train` would see of these arguments, as its flags parse them. */
function parsed(...args: string[]): Record<string, unknown> {
  const command = new Command().exitOverride().configureOutput({ writeErr: () => {} });
  addFlags(command, [...RUN_FLAGS, WORLDS_FLAG, ...MODEL_FLAGS, ...READ_FLAGS, ...FEATURE_FLAGS]);
  return command.parse(args, { from: "user" }).opts();
}

describe("the flags of train", () => {
  it("name options that exist, each once", () => {
    const shape = { numRows: 10, numFeatures: 10, numLabels: 10, labelsPerRow: 1 };
    const options = MODEL_FLAGS.map(({ option }) => option);
    expect(Object.keys(chooseOptions(shape, {}))).toEqual(expect.arrayContaining(options));
    expect(new Set(options).size).toBe(options.length);
  });

  it("have no defaults of their own: what is left out is chosen from the data", () => {
    expect(parsed()).toEqual({});
  });

  it("take n-grams of letters as a range, one length, or none", () => {
    expect(parsed("--char-ngrams", "3-5").charNgrams).toEqual([3, 5]);
    expect(parsed("--char-ngrams", "4").charNgrams).toEqual([4, 4]);
    expect(parsed("--char-ngrams", "none").charNgrams).toEqual([]);
    for (const text of ["5-3", "0-2", "3-", "10", "3,4"]) expect(() => parsed("--char-ngrams", text)).toThrow();
  });

  it("take the choices of the newest options and refuse others", () => {
    const args = ["--activation", "none", "--input-moments", "row", "--scale", "max", "--power", "0.5"];
    expect(parsed(...args)).toEqual({ activation: "none", inputMoments: "row", scale: "max", power: 0.5 });
    for (const wrong of [
      ["--activation", "tanh"],
      ["--input-moments", "column"],
      ["--scale", "l1"],
      ["--power", "0"],
      ["--power", "-1"],
    ]) {
      expect(() => parsed(...wrong), wrong.join(" ")).toThrow();
    }
  });
});

describe("the help of train", () => {
  it("tells few rows from many in what is chosen", () => {
    const lines = describeChosenOptions().split("\n");
    expect(lines[1]).toMatch(/^ {2}5,000 rows, 500 labels: buckets 250, hidden 128, activation relu, dropout 0\.5, /);
    expect(lines[3]).toMatch(
      /^ {2}100,000 rows, 50,000 labels: buckets 1000, hidden 256, activation none, dropout 0, /,
    );
    expect(lines.at(-1)).toMatch(/^ {2}always: 8 worlds, adam, linear schedule, merge log-score, seed 1\./);
  });
});

describe("every flag", () => {
  it("has a help text of its own, and a parser or choices where it has a value", () => {
    const all = [...RUN_FLAGS, WORLDS_FLAG, ...MODEL_FLAGS, ...READ_FLAGS, ...FEATURE_FLAGS, ...ANSWER_FLAGS];
    for (const { syntax, help, parse, choices } of all) {
      expect(help.length, syntax).toBeGreaterThan(5);
      const takesText = /<(dir|file)>/.test(syntax);
      expect(!syntax.includes("<") || takesText || parse !== undefined || choices !== undefined, syntax).toBe(true);
    }
  });
});
