import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { Rng } from "../../src/core/rng.js";
import { joinPhrases } from "../../src/embeddings/join-phrases.node.js";
import { temporaryDirectory } from "../checkpoint/temporary-directory.js";

const DISCOUNT = 5;
const THRESHOLD = 100;

/** Sixty words at random, with `new york` and `ice cream` among them far more often than chance; lines of about twelve. */
function phrasedText(numWords: number): string {
  const rng = new Rng(1);
  let text = "";
  for (let i = 0; i < numWords; i++) {
    const draw = rng.nextBelow(500);
    text += draw === 0 ? "new york" : draw === 1 ? "ice cream" : `w${rng.nextBelow(60)}`;
    text += rng.nextBelow(12) === 0 ? "\n" : " ";
  }
  return `${text.trim()}\n`;
}

/** The definition, on strings: which words are joined to the one before. */
function joinedBySpecification(text: string, discount = DISCOUNT, threshold = THRESHOLD): string {
  const lines = text.split("\n").map((line) => line.split(" ").filter((word) => word !== ""));
  const [words, pairs] = [new Map<string, number>(), new Map<string, number>()];
  const add = (map: Map<string, number>, key: string): unknown => map.set(key, (map.get(key) ?? 0) + 1);
  for (const line of lines) {
    for (const [i, word] of line.entries()) {
      add(words, word);
      if (i > 0) add(pairs, `${line[i - 1]} ${word}`);
    }
  }
  const numWords = lines.flat().length;
  const countOf = (word: string): number => words.get(word) ?? 0;
  return lines
    .map((line) => {
      let out = line[0] ?? "";
      let isFree = true;
      for (let i = 1; i < line.length; i++) {
        const [a, b] = [countOf(line[i - 1]), countOf(line[i])];
        const score = ((pairs.get(`${line[i - 1]} ${line[i]}`) ?? 0) - discount) / (a * b);
        const isJoined: boolean = isFree && a >= discount && b >= discount && score * numWords > threshold;
        out += (isJoined ? "_" : " ") + line[i];
        isFree = !isJoined;
      }
      return out;
    })
    .join("\n");
}

describe("joinPhrases", () => {
  it("joins what the definition joins, plain and gzipped, and nothing else", async () => {
    const folder = temporaryDirectory();
    const [input, zipped, output] = [join(folder, "text"), join(folder, "text.gz"), join(folder, "out")];
    const text = phrasedText(40_000);
    writeFileSync(input, text);
    writeFileSync(zipped, gzipSync(text));
    const expected = joinedBySpecification(text);
    const numJoined = expected.match(/_/g)?.length ?? 0;
    expect(numJoined).toBeGreaterThan(100);
    expect(new Set(expected.match(/\w+_\w+/g))).toEqual(new Set(["new_york", "ice_cream"]));
    for (const path of [input, zipped]) {
      const report = await joinPhrases([path], output);
      expect(readFileSync(output, "utf8")).toBe(expected);
      expect(report.numJoined).toBe(numJoined);
      expect(report.numTokens).toBe(text.split(/\s+/).length - 1);
    }
  });

  it("a lower threshold joins more; a second run joins phrases to longer ones; no word twice", async () => {
    const folder = temporaryDirectory();
    const [input, once, twice] = ["text", "once", "twice"].map((name) => join(folder, name));
    const text = "a b c x\na b c y\n".repeat(40) + "x y p q\n".repeat(30);
    writeFileSync(input, text);
    await joinPhrases([input], once, { discount: 1, threshold: 1 });
    expect(readFileSync(once, "utf8")).toBe(joinedBySpecification(text, 1, 1));
    expect(readFileSync(once, "utf8")).toMatch(/^a_b c_x\n/);
    await joinPhrases([once], twice, { discount: 1, threshold: 0.5 });
    expect(readFileSync(twice, "utf8")).toMatch(/^a_b_c_x\n/);
    await joinPhrases([input], once, { discount: 1, threshold: 1e6 });
    expect(readFileSync(once, "utf8")).toBe(text);
  });

  it("does not join across lines or files, and ends a file's last line", async () => {
    const folder = temporaryDirectory();
    const [first, second, output] = ["1", "2", "out"].map((name) => join(folder, name));
    writeFileSync(first, "a\nb\n".repeat(50).trimEnd());
    writeFileSync(second, "c");
    await joinPhrases([first, second], output, { discount: 1, threshold: 0 });
    expect(readFileSync(output, "utf8")).toBe(`${"a\nb\n".repeat(50)}c\n`);
  });

  it("stays within its bound of distinct pairs", async () => {
    const folder = temporaryDirectory();
    const [input, output] = [join(folder, "text"), join(folder, "out")];
    writeFileSync(input, Array.from({ length: 3000 }, (_, i) => `new york r${i}`).join(" "));
    await joinPhrases([input], output, { maxDistinct: 50, threshold: 0.1 });
    expect(readFileSync(output, "utf8")).toMatch(/^new_york r0 new_york r1 /);
  });

  it("says what is wrong and leaves no half file", async () => {
    const folder = temporaryDirectory();
    const [input, output] = [join(folder, "text"), join(folder, "out")];
    writeFileSync(input, "a b");
    await expect(joinPhrases([input], output, { threshold: -1 })).rejects.toThrow(/threshold of 0 or more, got -1/);
    await expect(joinPhrases([input], output, { discount: 0 })).rejects.toThrow(/discount of 1 or more, got 0/);
    await expect(joinPhrases([`${input}2`], output)).rejects.toThrow(/text2: expected a file/);
    await expect(joinPhrases([input], join(folder, "no", "out"))).rejects.toThrow(/could not be written: no such file/);
    await expect(joinPhrases([input], output, { signal: AbortSignal.abort() })).rejects.toThrow(/interrupted/);
    writeFileSync(input, " \n ");
    await expect(joinPhrases([input], output)).rejects.toThrow(/expected words in the text, got none/);
    expect(existsSync(output)).toBe(false);
    expect(readdirSync(folder)).toEqual(["text"]);
  });
});
