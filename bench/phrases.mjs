/**
 * @file How long does `embed phrases` take, and how much memory? On the first 20 MB of corpus/enwiki50, one line without
 * underscores, on which word2phrase's rule, written down again below on strings, must give the very same text.
 *
 *   node bench/phrases.mjs [--turns 3]
 *
 * Each figure of time is the least of `turns` whole processes, from the text on disk (in the page cache) to the joined one.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { gunzipSync } from "node:zlib";
import { dataRoot, root } from "./datasets.mjs";
import { machineLine, table } from "./machine.mjs";

const CORPUS_BYTES = 20_000_000;
const MIN_COUNT = 5;
const CASES = ["100", "200,100"];

/** A pass of the C tool over a text of one line: words and pairs in one table. */
function joinByRule(words, threshold) {
  const counts = new Map();
  const count = (key) => counts.get(key) ?? 0;
  for (const [i, word] of words.entries()) {
    counts.set(word, count(word) + 1);
    if (i === 0) continue;
    const pair = `${words[i - 1]}_${word}`;
    counts.set(pair, count(pair) + 1);
  }
  const joined = [words[0]];
  let before = count(words[0]);
  for (let i = 1; i < words.length; i++) {
    const own = count(words[i]);
    const together = count(`${words[i - 1]}_${words[i]}`);
    const isFrequent = Math.min(before, own, together) >= MIN_COUNT;
    const isJoined = isFrequent && ((together - MIN_COUNT) / before / own) * words.length > threshold;
    if (isJoined) joined[joined.length - 1] += `_${words[i]}`;
    else joined.push(words[i]);
    before = isJoined ? 0 : own;
  }
  return joined;
}

function main(turns) {
  const folder = mkdtempSync(join(tmpdir(), "manyworlds-phrases-"));
  try {
    const [corpus, output] = [join(folder, "text"), join(folder, "joined")];
    const bytes = gunzipSync(readFileSync(join(dataRoot, "corpus/enwiki50.txt.gz"))).subarray(0, CORPUS_BYTES);
    writeFileSync(corpus, bytes);
    const words = bytes.toString().trim().split(/\s+/);
    const rows = [["", "wall s", "CPU-s", "kwords/s", "phrases", "joined", "words left", "peak MB"]];
    for (const threshold of CASES) {
      const flags = ["-o", output, "--threshold", threshold, "--overwrite", "--quiet", "--json"];
      const measured = Array.from({ length: turns }, () => {
        const start = performance.now();
        const main = join(root, "dist/src/cli/main.js");
        const summary = JSON.parse(
          execFileSync(process.execPath, [main, "embed", "phrases", corpus, ...flags]).toString(),
        );
        return { ...summary, wall: (performance.now() - start) / 1000 };
      });
      checkJoined(readFileSync(output, "utf8"), words, threshold);
      const least = (name) => Math.min(...measured.map((one) => one[name]));
      const { passes, joined, tokens } = measured[0];
      rows.push([
        `--threshold ${threshold}`,
        least("wall").toFixed(2),
        least("cpuSeconds").toFixed(2),
        (tokens / least("wall") / 1000).toFixed(0),
        passes.map(({ phrases }) => phrases).join(" + "),
        joined,
        tokens - joined,
        (Math.max(...measured.map((one) => one.peakMemoryBytes)) / 1e6).toFixed(0),
      ]);
    }
    console.log(machineLine());
    console.log(`embed phrases, 20 MB of enwiki50 (${words.length} words), least of ${turns} turns; one thread`);
    console.log(`words a second: of the text, whatever the passes; the text is byte for byte word2phrase's rule's\n`);
    console.log(table(rows));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * In later passes the tool adds the word `new_york` to the pair `new york` that was left, where we count them apart: of
 * this text no decision hangs on it.
 */
function checkJoined(text, words, threshold) {
  let expected = words;
  for (const one of threshold.split(",").map(Number)) expected = joinByRule(expected, one);
  const actual = text.trim().split(" ");
  const differing = actual.length === expected.length ? actual.filter((word, i) => word !== expected[i]).length : -1;
  if (differing === 0) return;
  throw new Error(
    `--threshold ${threshold}: expected the text of word2phrase's rule, got ${actual.length} words instead of ${expected.length}, ${differing} others`,
  );
}

main(Number(parseArgs({ options: { turns: { type: "string", default: "3" } } }).values.turns));
