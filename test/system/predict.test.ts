/** @file What are the rows that predict writes? Labels and scores, aligned with the queries, whoever reads them. */
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createDirectory, manyworlds, ROOT, removeDirectory, succeed } from "./manyworlds-process.js";
import { createTinyModels, TINY } from "./tiny-models.js";

let folder = "";
const at = (name: string): string => join(folder, name);

beforeAll(async () => {
  folder = createDirectory();
  await createTinyModels(folder);
});
afterAll(() => removeDirectory(folder));

describe("predict", () => {
  const row = /^(label-\d+:-?[\d.]+(e-?\d+)?)(\tlabel-\d+:-?[\d.]+(e-?\d+)?)*$/;
  const scores = (line: string): number[] => line.split("\t").map((cell) => Number(cell.split(":")[1]));

  it("prints label:score separated by tabs, best first", async () => {
    const { stdout } = await succeed(["predict", at("m"), "word20 word21 word22", "-k", "5"]);
    const line = stdout.trimEnd();
    expect(line).toMatch(row);
    expect(line.split("\t")).toHaveLength(5);
    expect(line.split(":")[0]).toBe("label-4");
    expect(scores(line)).toEqual(scores(line).sort((a, b) => b - a));
  });

  it("writes one row a query from rows with labels, and nothing to stdout", async () => {
    const { stdout } = await succeed(["predict", at("m"), "--input", at("test.tsv"), "--output", at("top.tsv")]);
    expect(stdout).toBe("");
    const lines = readFileSync(at("top.tsv"), "utf8").split("\n");
    expect(lines.pop()).toBe("");
    expect(lines).toHaveLength(200);
    for (const line of lines) expect(line).toMatch(row);
  });

  it("takes plain lines, compressed too; an empty query keeps its row", async () => {
    const queries = "word20 word21\n\nword100 word101, word102\nxyzzy qqq\n";
    writeFileSync(at("queries.txt"), queries);
    writeFileSync(at("queries.gz"), gzipSync(queries));
    const { stdout, progress } = await succeed(["predict", at("m"), "--input", at("queries.txt"), "-k", "3"]);
    const lines = stdout.trimEnd().split("\n");
    expect(lines).toHaveLength(4);
    expect([lines[0].split(":")[0], lines[2].split(":")[0]]).toEqual(["label-4", "label-20"]);
    expect(progress.map(({ message }) => message)).toContainEqual(
      expect.stringMatching(/^queries without a known word: 2;/),
    );
    expect((await succeed(["predict", at("m"), "--input", at("queries.gz"), "-k", "3"])).stdout).toBe(stdout);
  });

  it("answers typed queries as it answers the same lines of a file", async () => {
    const typed = await succeed(["predict", at("m"), "word20 word21", "", "word100", "-k", "4"]);
    writeFileSync(at("same.txt"), "word20 word21\n\nword100\n");
    const read = await succeed(["predict", at("m"), "--input", at("same.txt"), "-k", "4"]);
    expect(read.stdout).toBe(typed.stdout);
  });

  it("keeps a row a query and a label a field where labels hold line breaks and tabs", async () => {
    const rows = ['"one\ttab",red green blue\n', '"two\nlines",cyan magenta yellow\n'];
    writeFileSync(at("quoted.csv"), `label,text\n${rows.join("").repeat(50)}`);
    await succeed(["train", at("quoted.csv"), "--model", at("quoted"), ...TINY]);
    const args = ["predict", at("quoted"), "red green blue", "cyan magenta yellow"];
    const lines = (await succeed(args)).stdout.trimEnd().split("\n");
    const labels = lines.map((line) => line.split("\t").map((cell) => cell.split(":")[0]));
    expect(labels).toEqual([
      ["one tab", "two lines"],
      ["two lines", "one tab"],
    ]);
    const [first] = (await succeed([...args, "--json"])).stdout.split("\n");
    expect(JSON.parse(first).labels[0].label).toBe("one\ttab");
  });

  it("ranks as many labels as asked for, and no more than there are", async () => {
    const few = await succeed(["predict", at("m"), "--input", at("test.tsv"), "-k", "3"]);
    const all = await succeed(["predict", at("m"), "--input", at("test.tsv"), "-k", "100000"]);
    const rows = all.stdout.trimEnd().split("\n");
    expect(rows).toHaveLength(200);
    expect(new Set(rows.map((line) => line.split("\t").length))).toEqual(new Set([30]));
    expect(rows.map((line) => line.split("\t").slice(0, 3).join("\t")).join("\n")).toBe(few.stdout.trimEnd());
  });

  it("names labels of an XC file by their integers", async () => {
    const { stdout } = await succeed(["predict", at("xc"), "--input", at("test.xc"), "-k", "3"]);
    const lines = stdout.trimEnd().split("\n");
    expect(lines).toHaveLength(200);
    const labels = lines.flatMap((line) => line.split("\t").map((cell) => cell.split(":")[0]));
    expect(labels.every((label) => /^\d+$/.test(label) && Number(label) >= 7 && Number(label) < 37)).toBe(true);
  });

  it("--json prints one object a query", async () => {
    const { stdout } = await succeed(["predict", at("m"), "word20 word21", "word100", "-k", "2", "--json"]);
    const [first, second] = stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(first).toMatchObject({ query: "word20 word21", labels: [{ label: "label-4" }, {}] });
    expect(second.labels[0].score).toBeGreaterThan(second.labels[1].score);
  });

  it("does not fail when its reader goes away", async () => {
    const main = join(ROOT, "dist/src/cli/main.js");
    const many = Array.from({ length: 20_000 }, (_, i) => `word${i % 150}\n`).join("");
    writeFileSync(at("many.txt"), many);
    const command = 'set -o pipefail; "$0" "$1" predict "$2" --input "$3" -k 30 | head -1; echo "code $?"';
    const { stdout } = spawnSync("bash", ["-c", command, process.execPath, main, at("m"), at("many.txt")]);
    expect(stdout.toString()).toMatch(/^label-\d+:.*\ncode 0\n$/);
  });

  it("returns the best of the labels that a file lets through", async () => {
    const query = ["predict", at("m"), "word20 word21 word22", "-k", "3", "--json"];
    const answer = async (...flags: string[]): Promise<string[]> => {
      const { stdout } = await succeed([...query, ...flags]);
      return (JSON.parse(stdout) as { labels: { label: string }[] }).labels.map(({ label }) => label);
    };
    const best = await answer();
    expect(best[0]).toBe("label-4");
    writeFileSync(at("stock.txt"), `label-7\n\nno-such-label\r\n${best[1]}\n`);
    expect(new Set(await answer("--only", at("stock.txt")))).toEqual(new Set(["label-7", best[1]]));
    expect((await answer("--only", at("stock.txt")))[0]).toBe(best[1]);
    const without = await answer("--except", at("stock.txt"));
    expect(without[0]).toBe("label-4");
    expect(without).not.toContain(best[1]);
    const { progress } = await succeed([...query, "--only", at("stock.txt")]);
    expect(progress.map(({ message }) => message)).toContainEqual(
      expect.stringMatching(/does not know 1 of its labels, the first in line 3/),
    );
    const run = (...flags: string[]) => manyworlds([...query, ...flags]);
    writeFileSync(at("unknown.txt"), "a\nb\n");
    expect(await run("--only", at("unknown.txt"))).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/unknown.txt: expected labels of the model/),
    });
    expect(await run("--only", at("absent.txt"))).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/absent.txt/),
    });
    expect(await run("--only", at("stock.txt"), "--except", at("stock.txt"))).toMatchObject({ code: 2 });
  });

  it("looks no further than a budget", async () => {
    const query = ["predict", at("m"), "word20 word21 word22", "-k", "2"];
    const exact = await succeed(query);
    const near = await succeed([...query, "--budget", "3,2"]);
    expect(near.stdout.split(":")[0]).toBe(exact.stdout.split(":")[0]);
    for (const wrong of ["3", "0,2", "3,99"]) {
      expect(await manyworlds([...query, "--budget", wrong])).toMatchObject({ code: 2 });
    }
  });
});
