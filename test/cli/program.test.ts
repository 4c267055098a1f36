/** @file Which commands does the program load for the arguments that it is given? */
import { PassThrough } from "node:stream";
import { expect, it } from "vitest";
import { createProgram } from "../../src/cli/program.js";
import { packageVersion } from "../../src/cli/version.js";

async function programFor(args: readonly string[]) {
  const stdout = new PassThrough();
  const streams = { stdout, stderr: new PassThrough() } as unknown as Record<"stdout" | "stderr", NodeJS.WriteStream>;
  const program = await createProgram({ signal: new AbortController().signal, ...streams }, args);
  return { program, names: program.commands.map((command) => command.name()), stdout };
}

it.each(["--version", "-V"])("%s loads none and prints the version", async (flag) => {
  const { program, names, stdout } = await programFor([flag]);
  expect(names).toEqual([]);
  await expect(program.parseAsync([flag], { from: "user" })).rejects.toMatchObject({ exitCode: 0 });
  expect(stdout.read().toString()).toBe(`${packageVersion()}\n`);
});

it("a command that is named loads itself alone, all else loads all", async () => {
  expect((await programFor(["info", "--version"])).names).toEqual(["info"]);
  const all = ["train", "evaluate", "predict", "serve", "info", "combine", "plan", "export", "sparsity", "embed"];
  for (const args of [[], ["--help"], ["trian"]]) expect((await programFor(args)).names).toEqual(all);
});

it.each([
  [["train", "rows.tsv", "--model", ""], /train: expected a name for -m, --model <dir>, got an empty one/],
  [["train", "rows.tsv", "", "--model", "m"], /train: expected a name for files/],
  [["predict", "", "red shoes"], /predict: expected a name for model/],
  [["predict", "m", "red shoes", "--output", ""], /predict: expected a name for -o, --output <file>/],
  [["embed", "train", "text.txt", "--output", ""], /train: expected a name for -o, --output <file>/],
])("%j: an empty name is not the working directory", async (args, message) => {
  const { program } = await programFor(args);
  await expect(program.parseAsync(args, { from: "user" })).rejects.toThrow(message);
});
