/** @file Do the commands that our documents, help texts and quickstart show exist, flag by flag? */
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { ROOT, succeed } from "./manyworlds-process.js";

const COMMANDS = [
  ...["train", "evaluate", "predict", "serve", "export", "info", "combine", "plan", "sparsity"],
  ...["phrases", "train", "nearest", "analogy", "similarity", "project"].map((name) => `embed ${name}`),
];
/** Command → the text of its help. */
const help = new Map<string, string>();

beforeAll(async () => {
  for (const command of COMMANDS) help.set(command, (await succeed([...command.split(" "), "--help"])).stdout);
});

/** A command line that some text shows: where, the command, its flags. */
interface Shown {
  readonly file: string;
  readonly command: string;
  readonly flags: readonly string[];
}

/** Command lines such as `npx manyworlds train rows.tsv --model m/ \`, continued lines joined; prose is not taken. */
function commandsIn(file: string, text: string): Shown[] {
  const joined = text.replaceAll(/\\\n\s*/g, " ");
  return [...joined.matchAll(/(?:npx |\$ )manyworlds (?!-)(embed [\w-]+|[\w-]+)([^\n`]*)/g)].map(
    ([, command, rest]) => ({
      file,
      command,
      flags: [...rest.replaceAll(/"[^"]*"/g, "").matchAll(/(?<=\s)--?[a-z][\w-]*/g)].map(([flag]) => flag),
    }),
  );
}

/** What of `shown` the help does not know. */
function unknownParts(shown: readonly Shown[]): string[] {
  return shown.flatMap(({ file, command, flags }) => {
    const text = help.get(command);
    if (text === undefined) return [`${file}: manyworlds ${command}`];
    const known = new Set([...text.matchAll(/(?<=^ {2}|, )--?[a-z][\w-]*/gm)].map(([flag]) => flag));
    return flags.filter((flag) => !known.has(flag)).map((flag) => `${file}: manyworlds ${command} ${flag}`);
  });
}

describe("commands shown", () => {
  it("in the documents exist", () => {
    const listed = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard", "*.md"], {
      cwd: ROOT,
      encoding: "utf8",
    });
    const files = listed.split("\n").filter((file) => file !== "" && existsSync(join(ROOT, file)));
    const shown = files.flatMap((file) => commandsIn(file, readFileSync(join(ROOT, file), "utf8")));
    expect(shown.length).toBeGreaterThan(3);
    expect(unknownParts(shown)).toEqual([]);
  });

  it("in the help texts exist", () => {
    const shown = [...help].flatMap(([command, text]) => commandsIn(`${command} --help`, text));
    expect(shown.length).toBeGreaterThanOrEqual(COMMANDS.length);
    expect(unknownParts(shown)).toEqual([]);
  });

  it("and run by the quickstart exist", () => {
    const text = readFileSync(join(ROOT, "scripts/quickstart.mjs"), "utf8");
    const calls = [...text.matchAll(/\bmanyworlds\(\s*"(\w+)",([^;]*)\);/g)];
    const shown = calls.map(([, command, rest]) => ({
      file: "quickstart.mjs",
      command,
      flags: [...rest.matchAll(/"(--?[a-z][\w-]*)"/g)].map(([, flag]) => flag),
    }));
    expect(new Set(shown.map(({ command }) => command))).toEqual(new Set(["train", "evaluate", "predict"]));
    expect(unknownParts([...shown, ...commandsIn("quickstart.mjs", text)])).toEqual([]);
  });
});
