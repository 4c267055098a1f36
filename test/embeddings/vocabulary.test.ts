import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ConfigError, FormatError } from "../../src/core/errors.js";
import { TokenScanner, type TokenSink } from "../../src/embeddings/token-scanner.js";
import { Vocabulary } from "../../src/embeddings/vocabulary.js";
import { VocabularyCounter } from "../../src/embeddings/vocabulary-counter.js";
import { loadVocabulary, saveVocabulary } from "../../src/embeddings/vocabulary-file.node.js";
import { temporaryDirectory } from "../checkpoint/temporary-directory.js";

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);

function count(text: string, counter: VocabularyCounter = new VocabularyCounter()): VocabularyCounter {
  const bytes = encode(text);
  const scanner = new TokenScanner(counter);
  scanner.scan(bytes, 0, bytes.length);
  scanner.endToken();
  return counter;
}

/** Tokens as strings, line ends as "\n". */
class Collector implements TokenSink {
  readonly seen: string[] = [];
  onToken(bytes: Uint8Array, start: number, end: number): void {
    this.seen.push(new TextDecoder().decode(bytes.slice(start, end)));
  }
  onLineEnd(): void {
    this.seen.push("\n");
  }
}

describe("TokenScanner", () => {
  it("finds the same tokens however the text is cut into chunks", () => {
    const text = fc.string({ unit: fc.constantFrom("a", "b", "é", " ", "\t", "\n", "\r"), maxLength: 60 });
    fc.assert(
      fc.property(text, fc.array(fc.nat(12), { maxLength: 8 }), (string, sizes) => {
        const bytes = encode(string);
        const collector = new Collector();
        const scanner = new TokenScanner(collector);
        let at = 0;
        for (const size of [...sizes, bytes.length]) {
          const end = Math.min(bytes.length, at + size);
          // In a buffer that is overwritten, as a reader's is.
          const chunk = bytes.slice(at, end);
          scanner.scan(chunk, 0, chunk.length);
          chunk.fill(0x7a);
          at = end;
        }
        scanner.endToken();
        expect(collector.seen).toEqual(string.match(/[^ \t\r\n]+|\n/g) ?? []);
      }),
    );
  });

  it("leaves out tokens of more than 255 bytes, in one chunk or in many", () => {
    for (const [length, expected] of [
      [255, 2],
      [256, 1],
      [5000, 1],
    ]) {
      for (const step of [100, 10_000]) {
        const bytes = encode(`${"x".repeat(length)} y`);
        const collector = new Collector();
        const scanner = new TokenScanner(collector);
        for (let at = 0; at < bytes.length; at += step) scanner.scan(bytes, at, Math.min(bytes.length, at + step));
        scanner.endToken();
        expect(collector.seen).toHaveLength(expected);
        expect(collector.seen.at(-1)).toBe("y");
      }
    }
  });
});

describe("Vocabulary", () => {
  it("has falling counts, ties by bytes, every frequent word once, whatever the order of the text", () => {
    const words = fc.array(fc.constantFrom("a", "b", "bb", "c", "é", "z", "Z"), { minLength: 1, maxLength: 80 });
    fc.assert(
      fc.property(words, fc.integer({ min: 1, max: 4 }), (text, minCount) => {
        const counts = new Map<string, number>();
        for (const word of text) counts.set(word, (counts.get(word) ?? 0) + 1);
        const expected = [...counts]
          .filter(([, n]) => n >= minCount)
          .sort(([a, m], [b, n]) => n - m || Buffer.compare(Buffer.from(a), Buffer.from(b)));
        if (expected.length === 0) {
          expect(() => count(text.join(" ")).toVocabulary({ minCount })).toThrow(ConfigError);
          return;
        }
        const vocabulary = count(text.join(" ")).toVocabulary({ minCount });
        expect(vocabulary.words).toEqual(expected.map(([word]) => word));
        expect([...vocabulary.counts]).toEqual(expected.map(([, n]) => n));
        expect(vocabulary.numTokens).toBe(expected.reduce((sum, [, n]) => sum + n, 0));
        for (const [id, [word]] of expected.entries()) expect(vocabulary.idOf(word)).toBe(id);
        expect(vocabulary.idOf("absent")).toBe(-1);
      }),
    );
  });

  it("keeps the most frequent when maxWords is less than there are", () => {
    const vocabulary = count("a a a b b c c d").toVocabulary({ minCount: 1, maxWords: 2 });
    expect(vocabulary.words).toEqual(["a", "b"]);
    expect(() => count("a").toVocabulary({ minCount: 1, maxWords: 0 })).toThrow(/maxWords of 1 or more, got 0/);
    expect(() => count("a").toVocabulary({ minCount: -1 })).toThrow(/minCount of 0 or more, got -1/);
  });

  it("is counted alike in parts", () => {
    const whole = count("a b a c c c").toVocabulary({ minCount: 1 });
    const merged = new VocabularyCounter();
    for (const text of ["c c", "a b a", "c"]) {
      const part = count(text);
      merged.merge(part.parts, part.numTokens);
    }
    expect(merged.numTokens).toBe(6);
    expect(merged.toVocabulary({ minCount: 1 }).parts).toEqual(whole.parts);
  });

  it("stays within maxDistinct words and keeps the frequent ones", () => {
    const counter = new VocabularyCounter(10);
    for (let i = 0; i < 500; i++) count(`often rare${i} often`, counter);
    expect(counter.numDistinct).toBeLessThanOrEqual(10);
    expect(counter.numTokens).toBe(1500);
    const vocabulary = counter.toVocabulary({ minCount: 100 });
    expect(vocabulary.words).toEqual(["often"]);
    expect(vocabulary.counts[0]).toBe(1000);
  });

  it("is the same after it was saved and loaded, plain and gzipped", async () => {
    const folder = temporaryDirectory();
    const vocabulary = count("été a été b 7 a été").toVocabulary({ minCount: 1 });
    saveVocabulary(vocabulary, join(folder, "words.txt"));
    expect((await loadVocabulary(join(folder, "words.txt"))).parts).toEqual(vocabulary.parts);
    writeFileSync(join(folder, "words.gz"), gzipSync(Buffer.concat([...vocabulary.toBytes()])));
    expect((await loadVocabulary(join(folder, "words.gz"))).parts).toEqual(vocabulary.parts);
  });

  it("is read from the C tool's file; bad lines are named", () => {
    const vocabulary = Vocabulary.parse(encode("</s> 0\nof 5\nthe 9\n"), "vocab.txt");
    expect(vocabulary.words).toEqual(["the", "of"]);
    for (const [text, problem] of [
      ["the 9\nof\n", /vocab.txt:2: expected a word and its count/],
      ["the 9\nof 1.5\n", /vocab.txt:2: expected a word and its count/],
      ["the 9\n\nof 5\n", /vocab.txt:2/],
      ["the 9\nthe 3\n", /vocab.txt:2: expected each word once, got `the` again/],
      ["", /vocab.txt: expected lines of a word and its count, got none/],
    ] as const) {
      expect(() => Vocabulary.parse(encode(text), "vocab.txt")).toThrow(problem);
      expect(() => Vocabulary.parse(encode(text), "vocab.txt")).toThrow(FormatError);
    }
  });
});
