/** @file Files of word vectors: every format there and back, gzipped, in pieces; what is wrong with them is said. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Rng } from "../../src/core/rng.js";
import {
  readWordVectors,
  VECTOR_FORMATS,
  vectorFormatOf,
  WordVectors,
  writeWordVectors,
} from "../../src/embeddings/index.js";
import { temporaryDirectory } from "../checkpoint/temporary-directory.js";

function random(numWords: number, dimension: number): WordVectors {
  const rng = new Rng(numWords);
  const numbers = Float32Array.from({ length: numWords * dimension }, () => (2 * rng.nextFloat() - 1) * 3);
  const words = Array.from({ length: numWords }, (_, i) => `wörd${i}`);
  return new WordVectors(words, numbers, dimension);
}

/** Reads `content` as a file. */
function read(content: string | Uint8Array, maxWords?: number): Promise<WordVectors> {
  const path = join(temporaryDirectory(), "v");
  writeFileSync(path, content);
  return readWordVectors(path, maxWords === undefined ? {} : { maxWords });
}

/** The message without the folder. */
async function complaint(content: string | Uint8Array): Promise<string> {
  const error = await read(content).then(
    () => expect.fail("it was read"),
    (e: Error) => e,
  );
  expect(error.name).toBe("FormatError");
  return error.message.replace(/^.*\//, "");
}

const rows = ({ words, vectors }: WordVectors) => ({ words: [...words], vectors: [...vectors] });

describe("word vector files", () => {
  it.each(VECTOR_FORMATS)("%s: there and back with the same bits, also gzipped and in part", async (format) => {
    // Larger than a chunk of the reader, so that records lie across chunks.
    for (const vectors of [random(1, 1), random(3, 2), random(3000, 50)]) {
      const path = join(temporaryDirectory(), "vectors");
      const { bytes } = writeWordVectors(path, vectors, format);
      expect(readFileSync(path)).toHaveLength(bytes);
      let last = 0;
      const back = await readWordVectors(path, {
        onProgress: ({ bytesRead, bytesTotal }) => {
          expect([bytesTotal, bytesRead > last]).toEqual([bytes, true]);
          last = bytesRead;
        },
      });
      expect(last).toBe(bytes);
      expect(rows(back)).toEqual(rows(vectors));
      expect(rows(await read(gzipSync(readFileSync(path))))).toEqual(rows(vectors));
      const part = await read(readFileSync(path), 2);
      expect(part.words).toEqual(vectors.words.slice(0, 2));
      expect(part.vectors).toEqual(back.vectors.subarray(0, 2 * vectors.dimension).slice());
    }
  });

  it("any words and numbers come back", async () => {
    const word = fc
      .string({ unit: "grapheme", minLength: 1, maxLength: 8 })
      .filter((w) => !/[ \t\n\r]/.test(w) && !/\p{Surrogate}/u.test(w));
    const number = fc.float({ noNaN: true, noDefaultInfinity: true }).map((x) => (x === 0 ? 0 : x));
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(word, fc.array(number, { minLength: 2, maxLength: 2 })), { minLength: 1, maxLength: 9 }),
        fc.constantFrom("text", "binary"),
        async (list, format) => {
          const vectors = new WordVectors(
            list.map(([w]) => w),
            Float32Array.from(list.flatMap(([, n]) => n)),
            2,
          );
          const path = join(temporaryDirectory(), "v");
          writeWordVectors(path, vectors, format as "text");
          expect(rows(await readWordVectors(path))).toEqual(rows(vectors));
        },
      ),
      { numRuns: 30 },
    );
  });

  it("reads what other tools write: blanks at line ends, CRLF, words with blanks, no line ends in binary", async () => {
    const wanted = { words: ["a", "b"], vectors: [1, -2, 0.5, 4] };
    expect(rows(await read("2 2\na 1.000000 -2.000000 \nb 0.500000 4.000000 \n"))).toEqual(wanted);
    expect(rows(await read("2 2\r\na 1 -2\r\nb 0.5 4\r\n"))).toEqual(wanted);
    expect(rows(await read("a\t1\t-2\nb 5e-1 4"))).toEqual(wanted);
    expect((await read("a 1 2\n. . . 3 4\nat x@y.org 5 6\n")).words).toEqual(["a", ". . .", "at x@y.org"]);
    const numbers = (...list: number[]) => Buffer.from(Float32Array.from(list).buffer);
    const binary = (end: string) =>
      Buffer.concat([
        Buffer.from("2 2\na "),
        numbers(1, -2),
        Buffer.from(`${end}b `),
        numbers(0.5, 4),
        Buffer.from(end),
      ]);
    expect(rows(await read(binary("")))).toEqual(wanted);
    expect(rows(await read(binary("\n")))).toEqual(wanted);
    // Bytes of a word that was cut in the middle of a character.
    expect((await read(Buffer.concat([Buffer.from("a"), Buffer.from([0xc3]), Buffer.from(" 1 2\n")]))).words).toEqual([
      "a\ufffd",
    ]);
    expect((await read("0 5\n")).numWords).toBe(0);
  });

  it("says where text is wrong", async () => {
    expect(await complaint("")).toBe("v: expected word vectors, got an empty file");
    expect(await complaint("hello\n")).toMatch(/^v:1: expected a word and its numbers, or their counts/);
    expect(await complaint("2 2\na 1 2\nb 1\n")).toBe(
      'v:3: expected 2 numbers for the word "b", as the first line says, got 1; mend the line or remove it',
    );
    expect(await complaint("a 1 2\nb 1 2 3\n")).toBe(
      'v:2: expected 2 numbers for the word "b", as the first line has, got 3; mend the line or remove it',
    );
    expect(await complaint("a 1 2\nb 1 x\n")).toBe(
      'v:2: expected number 2 of the word "b", finite, got "x"; mend the line or remove it',
    );
    expect(await complaint("a 1 2\nb 1 nan\n")).toMatch(/^v:2: expected number 2 .* got "nan"/);
    expect(await complaint("a 1 2\nb 1 1e99\n")).toMatch(/^v:2: expected number 2 .* got "1e99"/);
    expect(await complaint("a 1 2\nb x 1 2 3\n")).toMatch(/^v:2: expected 2 numbers for the word "b x 1"/);
    expect(await complaint("a 1 2\n\nb 1 2\n")).toMatch(/^v:2: .*got an empty line; remove it/);
    expect(await complaint("3 2\na 1 2\nb 1 2\n")).toMatch(
      /^v: expected 3 words as the first line says, got 2; is the file cut/,
    );
    expect(await complaint("1 2\na 1 2\nb 1 2\n")).toMatch(/^v:3: expected 1 words as the first line says, got more/);
    expect(await complaint("5 0\n")).toMatch(/^v:1: /);
  });

  it("says where binary is wrong", async () => {
    const path = join(temporaryDirectory(), "v.bin");
    writeWordVectors(path, random(5, 4));
    const bytes = readFileSync(path);
    expect(await complaint(bytes.subarray(0, bytes.length - 9))).toMatch(
      /^v: byte \d+: expected 5 words, got the file's end in word 5/,
    );
    expect(await complaint(Buffer.concat([bytes, Buffer.from("more")]))).toMatch(
      /^v: byte 124: expected the end after 5 words/,
    );
    const nan = Buffer.from(bytes);
    nan.writeFloatLE(Number.NaN, 4 + 6 + 1 + 8);
    expect(await complaint(nan)).toMatch(/^v: byte 19: expected number 3 of the word "wörd0", finite, got NaN/);
    await expect(readWordVectors(join(path, "absent"))).rejects.toThrow(/expected a file/);
  });

  it("refuses to write what nobody could read", () => {
    const folder = temporaryDirectory();
    expect(() => writeWordVectors(join(folder, "v.txt.gz"), random(1, 1))).toThrow(/without \.gz/);
    expect(() => writeWordVectors(join(folder, "v"), new WordVectors(["a b"], new Float32Array(1), 1))).toThrow(
      /"a b"/,
    );
    expect(vectorFormatOf("x/v.bin")).toBe("binary");
    expect(vectorFormatOf("x/v.vec")).toBe("text");
  });
});

describe("WordVectors", () => {
  it("finds words, the first of equal ones, and rows of length 1", () => {
    const vectors = new WordVectors(["a", "b", "a"], Float32Array.from([3, 4, 0, 0, 1, 1]), 2);
    expect([vectors.indexOf("a"), vectors.indexOf("b"), vectors.indexOf("c")]).toEqual([0, 1, -1]);
    expect([...vectors.row(2)]).toEqual([1, 1]);
    const half = Math.fround(Math.SQRT1_2);
    expect([...vectors.normalized]).toEqual([Math.fround(0.6), Math.fround(0.8), 0, 0, half, half]);
    expect(vectors.normalized).toBe(vectors.normalized);
    expect(() => new WordVectors(["a"], new Float32Array(3), 2)).toThrow(/1 words × 2 numbers, got 3/);
  });
});
