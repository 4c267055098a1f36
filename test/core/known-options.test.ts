/** @file Is an option that does not exist refused, wherever a program may misspell one? */
import { describe, expect, it } from "vitest";
import { ConfigError } from "../../src/core/errors.js";
import { checkKnownOptions } from "../../src/core/known-options.js";
import { gloveOptions } from "../../src/embeddings/glove/glove-options.js";
import { chooseWord2VecOptions } from "../../src/embeddings/word2vec-options.js";

describe("options that do not exist", () => {
  it("are refused with those that do", () => {
    checkKnownOptions("f", {}, ["a", "b"]);
    checkKnownOptions("f", { b: 1 }, ["a", "b"]);
    expect(() => checkKnownOptions("f", { b: 1, c: 2 }, ["a", "b"])).toThrow(
      new ConfigError("f: expected options among a, b, got c; is it misspelt?"),
    );
  });

  it("such as dim where both say dimension", () => {
    expect(() => chooseWord2VecOptions({ dim: 10 } as object)).toThrow(/word2vec: .*dimension.*got dim;/);
    expect(() => gloveOptions({ dim: 10 } as object)).toThrow(/GloVe: .*dimension.*got dim;/);
    expect(chooseWord2VecOptions({ dimension: 10 }).dimension).toBe(10);
    expect(gloveOptions({ dimension: 10 }).dimension).toBe(10);
  });
});
