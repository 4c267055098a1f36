/** @file manyworlds embed as a user's shell runs it: train, ask, draw, and what it refuses. */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readWordVectors } from "../../dist/src/embeddings/index.js";
import { parseSvg, withClass } from "../plot/svg.js";
import {
  createDirectory,
  manyworlds,
  refusal,
  removeDirectory,
  startManyworlds,
  succeed,
} from "./manyworlds-process.js";

const MODELS: [string, string[]][] = [
  ["glove", ["--x-max", "10", "--alpha", "0.5", "--memory", "1", "--learning-rate", "0.02"]],
  ["skipgram", ["--negative", "3", "--sample", "0.01"]],
  ["cbow", ["--negative", "0", "--hierarchical-softmax", "--learning-rate", "0.1"]],
];

let folder: string;
const at = (name: string): string => join(folder, name);

/** Sentences about drinks and about tools; words of one kind meet each other. */
function text(numSentences: number): string {
  const kinds = [
    ["tea", "coffee", "juice", "milk", "cup", "drink", "hot"],
    ["saw", "hammer", "nail", "drill", "wood", "work", "hard"],
  ];
  const common = ["the", "a", "and", "with"];
  let state = 7;
  const below = (n: number): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * n);
  };
  return Array.from({ length: numSentences }, () => {
    const kind = below(2);
    return Array.from({ length: 10 }, () => {
      const choice = below(10);
      if (choice < 3) return common[below(4)];
      const words = kinds[choice === 3 ? 1 - kind : kind];
      return words[below(words.length)];
    }).join(" ");
  }).join("\n");
}

beforeAll(async () => {
  folder = createDirectory();
  writeFileSync(at("text.txt"), `${text(3000)}\nrare\n`);
  await succeed([
    "embed",
    "train",
    at("text.txt"),
    "-o",
    at("glove.bin"),
    "--model",
    "glove",
    "--iterations",
    "40",
    "--dimension",
    "8",
  ]);
});
afterAll(() => removeDirectory(folder));

describe("embed train", () => {
  it.each(MODELS)("%s: writes vectors and says what it did", async (model, flags) => {
    const output = at(`${model}.txt`);
    const temporary = at("temporary");
    mkdirSync(temporary, { recursive: true });
    const { stdout, progress } = await succeed([
      ...["embed", "train", at("text.txt"), "-o", output, "--model", model, "--dimension", "6", "--iterations", "3"],
      ...["--threads", "2", "--temporary", temporary, "--json", ...flags],
    ]);
    const summary = JSON.parse(stdout);
    expect(summary).toMatchObject({
      output,
      model,
      words: 18,
      dimension: 6,
      tokens: 30_000,
      unknownTokens: 1,
      threads: 2,
    });
    expect(summary.losses).toHaveLength(3);
    expect(summary.options).toMatchObject({ minCount: 5, seed: 1, iterations: 3 });
    expect(summary.seconds.total).toBeGreaterThan(summary.seconds.training);
    expect(progress.some(({ job }) => job === "training")).toBe(true);
    const vectors = await readWordVectors(output);
    expect([vectors.numWords, vectors.dimension]).toEqual([18, 6]);
    expect(readFileSync(output, "utf8").split("\n")[0]).toBe("18 6");
    expect(readdirSync(temporary)).toEqual([]);
  });

  it("says how many words are not UTF-8, which may have become one", async () => {
    const latin1 = at("latin1.txt");
    writeFileSync(latin1, Buffer.from("thé thè tree house ".repeat(500), "latin1"));
    const args = ["embed", "train", latin1, "--dimension", "2", "--iterations", "1", "--overwrite", "-o", at("l.txt")];
    expect((await succeed(args)).stdout).toMatch(/^not UTF-8 +2 words are written with \ufffd .*iconv/m);
    expect(JSON.parse((await succeed([...args, "--json"])).stdout).notUtf8Words).toBe(2);
    expect((await succeed(["embed", "train", at("text.txt"), "--overwrite", "-o", at("l.txt")])).stdout).not.toMatch(
      /UTF-8/,
    );
  });

  it("gives the same bytes on one thread; prints a table; replaces only when told", async () => {
    const args = [
      "embed",
      "train",
      at("text.txt"),
      "--model",
      "glove",
      "--iterations",
      "2",
      "--threads",
      "1",
      "--quiet",
    ];
    const { stdout, stderr } = await succeed([...args, "-o", at("a.bin")]);
    expect(stdout).toMatch(/^words +18 of 50 numbers$/m);
    expect(stderr).toBe("");
    await succeed([...args, "-o", at("b.bin"), "--memory", "1"]);
    expect(readFileSync(at("b.bin")).equals(readFileSync(at("a.bin")))).toBe(true);
    expect(await refusal([...args, "-o", at("a.bin")])).toMatch(
      /a\.bin is there already; give another --output, or --overwrite/,
    );
    await succeed([...args, "-o", at("a.bin"), "--overwrite", "--seed", "2"]);
    expect(readFileSync(at("b.bin")).equals(readFileSync(at("a.bin")))).toBe(false);
  });

  it("stops on a signal with 130, and leaves no output", async () => {
    const output = at("never.bin");
    const args = ["embed", "train", at("text.txt"), "-o", output, "--model", "glove", "--iterations", "1000000"];
    const { child, outcome } = startManyworlds(args);
    await new Promise<void>((resolve) => {
      child.stderr?.on("data", (chunk: Buffer) => {
        if (chunk.toString().includes('"training"')) resolve();
      });
    });
    child.kill("SIGINT");
    expect(await outcome).toMatchObject({ code: 130, stdout: "" });
    expect(existsSync(output)).toBe(false);
  });

  it("refuses what makes no sense", async () => {
    const train = ["embed", "train", at("text.txt"), "--model", "glove"];
    expect(await refusal(train)).toMatch(/expected --output <file>/);
    expect(await refusal([...train, "-o", at("v.gz")])).toMatch(/without \.gz/);
    expect(await refusal([...train, "-o", at("no/v.bin")])).toMatch(/no such file or directory/);
    expect(await refusal(["embed", "train", at("absent"), "-o", at("v"), "--model", "glove"])).toMatch(
      /absent: expected a file/,
    );
    expect(await refusal([...train, "-o", at("v"), "--min-count", "100000"])).toMatch(/100000 times or more, got none/);
    expect(await refusal([...train, "-o", at("v"), "--negative", "5"])).toMatch(
      /--negative is for --model skipgram or cbow/,
    );
    expect(await refusal([...train, "-o", at("v"), "--dimension", "0"])).toMatch(/integer from 1 to 4096, got "0"/);
    expect(existsSync(at("v"))).toBe(false);
  });
});

describe("what vectors are asked", () => {
  it("embed nearest: words of the same kind", async () => {
    const { stdout } = await succeed(["embed", "nearest", at("glove.bin"), "tea", "hammer", "-k", "6", "--json"]);
    const [tea, hammer] = stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(tea.query).toBe("tea");
    const words = ({ neighbors }: typeof tea): string[] => neighbors.map(({ word }: { word: string }) => word).sort();
    expect(words(tea)).toEqual(["coffee", "cup", "drink", "hot", "juice", "milk"]);
    expect(words(hammer)).toEqual(["drill", "hard", "nail", "saw", "wood", "work"]);
    const plain = await succeed(["embed", "nearest", at("glove.bin"), "tea", "-k", "2"]);
    expect(plain.stdout).toMatch(/^tea\t\w+:0\.\d{6}\t\w+:0\.\d{6}\n$/);
    expect(await refusal(["embed", "nearest", at("glove.bin"), "Tea"])).toMatch(/got "Tea"; "tea" has one/);
    expect(await refusal(["embed", "nearest", at("text.txt"), "tea"])).toMatch(/text\.txt:1: expected/);
  });

  it("embed analogy: three words, or a file of questions", async () => {
    const { stdout } = await succeed([
      "embed",
      "analogy",
      at("glove.bin"),
      "tea",
      "coffee",
      "saw",
      "-k",
      "3",
      "--json",
    ]);
    expect(JSON.parse(stdout)).toMatchObject({ query: "tea : coffee = saw :" });
    writeFileSync(at("questions.txt"), ": kinds\ntea coffee saw drill\ntea coffee saw unheard\n");
    const asked = await succeed(["embed", "analogy", at("glove.bin"), "--questions", at("questions.txt"), "--json"]);
    expect(JSON.parse(asked.stdout)).toMatchObject({ total: { numAsked: 1, numQuestions: 2 } });
    const table = await succeed(["embed", "analogy", at("glove.bin"), "--questions", at("questions.txt")]);
    expect(table.stdout).toMatch(/^kinds +(0|100)\.00 +\d +1 +1$/m);
    expect(await refusal(["embed", "analogy", at("glove.bin"), "tea", "coffee"])).toMatch(/words in threes/);
    expect(await refusal(["embed", "analogy", at("glove.bin")])).toMatch(/three words or --questions/);
  });

  it("embed similarity: a figure a file", async () => {
    writeFileSync(at("pairs.txt"), "tea coffee 9\ntea hammer 1\nsaw drill 8\nmilk wood 2\ntea unheard 5\n");
    const { stdout } = await succeed(["embed", "similarity", at("glove.bin"), at("pairs.txt"), "--json"]);
    const { rho, numFound, numPairs } = JSON.parse(stdout);
    expect([numFound, numPairs]).toEqual([4, 5]);
    expect(rho).toBeGreaterThan(0.5);
    const table = await succeed(["embed", "similarity", at("glove.bin"), at("pairs.txt")]);
    expect(table.stdout).toMatch(/^pairs\.txt +[01]\.\d{4} +4 +1$/m);
    writeFileSync(at("bad.txt"), "tea coffee 9\ntea\n");
    expect(await refusal(["embed", "similarity", at("glove.bin"), at("bad.txt")])).toMatch(
      /bad\.txt:2: expected two words and a number/,
    );
    expect(await refusal(["embed", "similarity", at("glove.bin"), at("questions.txt")])).toMatch(/holds analogies/);
  });

  it.each(["tsne", "pca"])("embed project: a picture by %s", async (method) => {
    const output = at(`${method}.svg`);
    const args = ["embed", "project", at("glove.bin"), "-o", output, "--method", method, "--words", "12"];
    await succeed([...args, "--title", "Drinks & tools"]);
    const svg = parseSvg(readFileSync(output, "utf8"));
    expect(svg.children[0].text).toBe("Drinks & tools");
    expect(withClass(svg, "mw-fill0")).toHaveLength(12);
    expect(await refusal(args)).toMatch(/is there already/);
    writeFileSync(at("list.txt"), "tea\nsaw milk\n");
    const { stdout } = await succeed([...args, "--overwrite", "--list", at("list.txt"), "--json"]);
    expect(JSON.parse(stdout).words.map(({ word }: { word: string }) => word)).toEqual(["tea", "saw", "milk"]);
  });

  it("embed project refuses what makes no sense", async () => {
    const project = ["embed", "project", at("glove.bin"), "-o", at("x.svg")];
    expect(await refusal([...project, "--method", "pca", "--steps", "5"])).toMatch(/--steps is for --method tsne/);
    expect(await refusal([...project, "--skip", "17"])).toMatch(/at least 2 words to draw, got 1/);
    writeFileSync(at("list.txt"), "tea unheard");
    expect(await refusal([...project, "--list", at("list.txt")])).toMatch(/have a vector, got unheard/);
    expect(existsSync(at("x.svg"))).toBe(false);
  });
});

describe("help", () => {
  it("of every subcommand has an example; a misspelt one is told", async () => {
    const main = await succeed(["embed", "--help"]);
    for (const name of ["train", "nearest", "analogy", "similarity", "project"]) {
      expect(main.stdout).toContain(`${name} `);
      expect((await succeed(["embed", name, "--help"])).stdout).toContain(`$ manyworlds embed ${name} `);
    }
    const misspelt = await manyworlds(["embed", "nearst"]);
    expect(misspelt.code).toBe(2);
    expect(misspelt.stderr).toMatch(/nearest/);
    expect((await manyworlds(["embed"])).code).toBe(2);
  });
});
