/** @file Are text and binary vectors told apart, whatever the words are and however short the numbers? */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readWordVectors, VECTOR_FORMATS, WordVectors, writeWordVectors } from "../../src/embeddings/index.js";
import { temporaryDirectory } from "../checkpoint/temporary-directory.js";

describe("the format of vectors", () => {
  it.each([
    ["short numbers, then words of other scripts", "3 2\ncat 1 2\nécole 2 1\n日本 0 1\n"],
    ["a row of zeros first, as word2vec's </s>", "3 4\n</s> 0 0 0 0\n猫 1 2 3 4\n犬 4 3 2 1\n"],
    ["a blank at the end of rows, as the C tools write", "2 3\na 0 1 0 \nü 1 0 1 \n"],
    ["CRLF", "2 3\r\na 0 1 0\r\nü 1 0 1\r\n"],
  ])("text: %s", async (_, content) => {
    const path = join(temporaryDirectory(), "v");
    writeFileSync(path, content);
    const rows = content.trimEnd().split(/\s*\n/).slice(1);
    const { words, vectors } = await readWordVectors(path);
    expect(words).toEqual(rows.map((row) => row.split(" ")[0]));
    expect([...vectors]).toEqual(rows.flatMap((row) => row.split(" ").slice(1).map(Number)));
  });

  // From four numbers on: the bytes of fewer may happen to be letters, and a file of those is both.
  it("written in any format, from words in any script and numbers of any length, is read back", async () => {
    const path = join(temporaryDirectory(), "v");
    const word = fc.constantFrom("a", "1", "-2.5", "été", "日本", "🙂", "мир", "</s>", '"', "nan");
    const number = fc.oneof(
      fc.integer({ min: -9, max: 9 }),
      fc.constant(0.25),
      fc.float({ noNaN: true, noDefaultInfinity: true }),
    );
    const table = fc.integer({ min: 4, max: 12 }).chain((dimension) =>
      fc.record({
        words: fc.uniqueArray(word, { minLength: 1 }),
        dimension: fc.constant(dimension),
        numbers: fc.array(number, { minLength: 10 * dimension, maxLength: 10 * dimension }),
        format: fc.constantFrom(...VECTOR_FORMATS.filter((format) => format !== "glove")),
      }),
    );
    await fc.assert(
      fc.asyncProperty(table, async ({ words, dimension, numbers, format }) => {
        const vectors = Float32Array.from(numbers.slice(0, words.length * dimension), (value) => value + 0);
        writeWordVectors(path, new WordVectors(words, vectors, dimension), format);
        const back = await readWordVectors(path);
        expect([back.words, back.dimension, [...back.vectors]]).toEqual([words, dimension, [...vectors]]);
      }),
      { numRuns: 200 },
    );
  });
});
