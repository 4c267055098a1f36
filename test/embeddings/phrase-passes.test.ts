/** @file Are phrases those of the C tool's rule, are several passes one after the other, and is memory bounded? */
import { existsSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { joinPhrases, type PhraseProgress } from "../../src/embeddings/join-phrases.node.js";
import { TextFile } from "../../src/embeddings/text-file.node.js";
import { temporaryDirectory } from "../checkpoint/temporary-directory.js";

/** The beginning of "A Tale of Two Cities" (Dickens, 1859): ten times `it was the … of …`, 60 words. */
const TIMES =
  "it was the best of times it was the worst of times it was the age of wisdom it was the age of foolishness " +
  "it was the epoch of belief it was the epoch of incredulity it was the season of light it was the season of darkness " +
  "it was the spring of hope it was the winter of despair";

/** Descriptions of vulnerabilities, without underscores, on one line: real text in which lines play no part. */
function realText(numRows: number): string {
  const path = fileURLToPath(new URL("../../data/nvd/test.tsv.gz", import.meta.url));
  const rows = gunzipSync(readFileSync(path)).toString().split("\n").slice(0, numRows);
  const text = rows.map((row) => row.slice(row.indexOf("\t") + 1)).join(" ");
  return text.toLowerCase().replaceAll("_", " ").split(/\s+/).join(" ").trim();
}

/** What word2phrase writes for one line: words and pairs in one table, word by word, `pa` of the word before. */
function byTheToolsRule(text: string, minCount: number, threshold: number): string {
  const words = text.split(" ");
  const counts = new Map<string, number>();
  const count = (key: string): number => counts.get(key) ?? 0;
  for (const [i, word] of words.entries()) {
    counts.set(word, count(word) + 1);
    if (i > 0) counts.set(`${words[i - 1]}_${word}`, count(`${words[i - 1]}_${word}`) + 1);
  }
  let out = words[0];
  let pa = count(words[0]);
  for (let i = 1; i < words.length; i++) {
    let pb = count(words[i]);
    const pab = count(`${words[i - 1]}_${words[i]}`);
    const isRare = pa < minCount || pb < minCount || pab < minCount;
    const score = isRare ? 0 : ((pab - minCount) / pa / pb) * words.length;
    out += (score > threshold ? "_" : " ") + words[i];
    if (score > threshold) pb = 0;
    pa = pb;
  }
  return out;
}

function files(text: string): { folder: string; input: string; output: string; read: () => string } {
  const folder = temporaryDirectory();
  const [input, output] = [join(folder, "text"), join(folder, "out")];
  writeFileSync(input, text);
  return { folder, input, output, read: () => readFileSync(output, "utf8") };
}

describe("the score", () => {
  it("is word2phrase's, computed by hand", async () => {
    const { input, output, read } = files(TIMES);
    // it, was, the, of: 10 each; times, age, epoch, season: 2 each. (count − 1) / (count · count) · 60:
    // it was, was the: 9/100 · 60 = 5.4 · of times, times it, the age, age of, the epoch … : 1/20 · 60 = 3
    const above = await joinPhrases([input], output, { discount: 1, threshold: 3 });
    expect(read()).toBe(`${TIMES.replaceAll("it was", "it_was")}\n`);
    expect(above.passes).toEqual([
      {
        threshold: 3,
        numPhrases: 1,
        numJoined: 10,
        frequent: [{ phrase: "it_was", count: 10, score: expect.closeTo(5.4, 10) }],
      },
    ]);
    const below = await joinPhrases([input], output, { discount: 1, threshold: 2.9 });
    expect(read()).toBe(
      `${TIMES.replaceAll("it was", "it_was")
        .replaceAll("of times", "of_times")
        .replaceAll(/the (age|epoch|season)/g, "the_$1")}\n`,
    );
    expect(below).toMatchObject({ numTokens: 60, numJoined: 18, numBytes: TIMES.length + 1 });
    expect(below.passes[0].frequent.map(({ score }) => score.toFixed(6))).toEqual([
      "5.400000",
      ...Array(4).fill("3.000000"),
    ]);
  });

  it("of a second pass counts the words of the first", async () => {
    const { input, output, read } = files(TIMES);
    // 50 words after the first pass: it_was the: 9/100 · 50 = 4.5; of times, the age …: 1/20 · 50 = 2.5.
    const report = await joinPhrases([input], output, { discount: 1, threshold: [5, 2.6] });
    expect(read()).toBe(`${TIMES.replaceAll("it was the", "it_was_the")}\n`);
    expect(report.numJoined).toBe(20);
    expect(report.passes[1].frequent).toEqual([{ phrase: "it_was_the", count: 10, score: expect.closeTo(4.5, 10) }]);
  });

  it("joins real text as word2phrase does", async () => {
    const text = realText(4000);
    const { input, output, read } = files(text);
    for (const [minCount, threshold] of [
      [5, 100],
      [2, 20],
    ]) {
      const report = await joinPhrases([input], output, { discount: minCount, threshold });
      expect(report.numJoined).toBeGreaterThan(1000);
      expect(read() === `${byTheToolsRule(text, minCount, threshold)}\n`).toBe(true);
    }
  });
});

describe("passes", () => {
  it("are the same as running again on the result, without a file between", async () => {
    const lines = realText(3000).replaceAll(". ", ".\n");
    const { folder, input, output } = files(lines);
    const [first, second, third] = ["1", "2", "3"].map((name) => join(folder, name));
    await joinPhrases([input], first, { threshold: 200 });
    await joinPhrases([first], second, { threshold: 100 });
    await joinPhrases([second], third, { threshold: 50 });
    const seen: PhraseProgress[] = [];
    const report = await joinPhrases([input], output, {
      threshold: [200, 100, 50],
      onProgress: (now) => seen.push(now),
    });
    expect(readFileSync(output).equals(readFileSync(third))).toBe(true);
    expect(readFileSync(output, "utf8")).toMatch(/[a-z]_[a-z]+_[a-z]+_[a-z]/);
    expect(report.passes.map(({ threshold }) => threshold)).toEqual([200, 100, 50]);
    expect(report.numJoined).toBe(report.passes.reduce((sum, { numJoined }) => sum + numJoined, 0));
    expect([...new Set(seen.map(({ stage, pass }) => `${stage} ${pass}`))]).toEqual([
      ...["counting 1", "counting 2", "counting 3", "joining 3"],
    ]);
    for (const { doneBytes, totalBytes } of seen) expect(doneBytes).toBeLessThanOrEqual(totalBytes);
    expect(readdirSync(folder).sort()).toEqual(["1", "2", "3", "out", "text"]);
  });

  it("tell a_b c from a b_c", async () => {
    // Each occurs 4 times; together they would pass.
    const text = `${"a_b c\n".repeat(4)}${"a b_c\n".repeat(4)}${"x y z\n".repeat(20)}`;
    const { input, output, read } = files(text);
    await joinPhrases([input], output, { discount: 4, threshold: 0 });
    expect(read()).toBe(text.replaceAll("x y", "x_y"));
  });

  it("need a threshold each", async () => {
    const { input, output } = files("a b");
    await expect(joinPhrases([input], output, { threshold: [] })).rejects.toThrow(/one threshold or more, got none/);
    await expect(joinPhrases([input], output, { threshold: [9, -2] })).rejects.toThrow(
      /threshold of 0 or more, got -2/,
    );
    expect(existsSync(output)).toBe(false);
  });
});

describe("what a text may do to it", () => {
  it("pairs too long to be read as words are left apart, and nothing is lost", async () => {
    const [long, short] = ["l".repeat(200), "s".repeat(54)];
    const text = `${`${long} ${short}\n`.repeat(30)}${`${long} ${short}s\n`.repeat(30)}`;
    const { input, output, read } = files(text);
    await joinPhrases([input], output, { discount: 1, threshold: 0 });
    expect(read()).toBe(text.replaceAll(`${long} ${short}\n`, `${long}_${short}\n`)); // 255 bytes, and 256
  });

  it("more distinct words than are counted at a time: frequent pairs survive with about their counts", async () => {
    const text = Array.from({ length: 4000 }, (_, i) => `new york r${i}`).join(" ");
    const { input, output, read } = files(text);
    const { passes } = await joinPhrases([input], output, { maxDistinct: 40, threshold: 0.1 });
    expect(read()).toBe(`${text.replaceAll("new york", "new_york")}\n`);
    // (4000 − 5) / 4000² · 12000 = 2.996, less what was forgotten.
    expect(passes[0].frequent).toEqual([{ phrase: "new_york", count: 4000, score: expect.closeTo(2.996, 2) }]);
  });

  it("a text that is another when read again is refused, and the old output stands", async () => {
    const { folder, input, output, read } = files("a b c\n");
    writeFileSync(output, "old");
    const onProgress = ({ stage }: PhraseProgress): void => {
      if (stage !== "counting") return;
      writeFileSync(join(folder, "other"), "a b\n");
      renameSync(join(folder, "other"), input);
    };
    await expect(joinPhrases([input], output, { onProgress })).rejects.toThrow(
      /text: expected the same text each time it is read, got 3 words, then 2; is it a pipe/,
    );
    expect(read()).toBe("old");
    expect(readdirSync(folder).sort()).toEqual(["out", "text"]);
  });

  it("a file that is written is not there before it is whole", () => {
    const { folder, output, read } = files("");
    const file = new TextFile(output);
    for (let i = 0; i < 100_000; i++) file.onToken(new TextEncoder().encode(`w${i % 10}`), 0, 2);
    file.onLineEnd();
    expect(existsSync(output)).toBe(false);
    expect(readdirSync(folder)).toHaveLength(2);
    file.commit();
    file.discard();
    expect([file.numTokens, file.numBytes]).toEqual([100_000, 300_000]);
    expect(read()).toBe(`${"w0 w1 w2 w3 w4 w5 w6 w7 w8 w9 ".repeat(10_000).trimEnd()}\n`);
    expect(readdirSync(folder).sort()).toEqual(["out", "text"]);
  });
});
