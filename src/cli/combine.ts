/** @file manyworlds combine: worlds that were trained apart, on several machines say, as one model. */
import type { Command } from "commander";
import { type CombineReport, combineModels } from "../checkpoint/combine-models.node.js";
import { ConfigError } from "../core/errors.js";
import { addFlags } from "./flags.js";
import type { CommandContext } from "./program.js";
import { createProgress } from "./progress.js";
import { formatBytes, formatPairs } from "./tables.js";
import { packageVersion } from "./version.js";

export function addCombineCommand(program: Command, context: CommandContext): void {
  const command = program
    .command("combine")
    .summary("make one model of worlds that were trained apart")
    .description(
      "Puts the worlds of several models into one, without training. The models must differ in their worlds alone: " +
        "same rows, same options, same seed. Of a world that several have, the first one's is taken.",
    )
    .argument("<models...>", "model directories, two or more");
  addFlags(command, [
    { syntax: "-m, --model <dir>", help: "directory of the model to write (required)" },
    { syntax: "--overwrite", help: "replace the model that is there, once the new one is complete" },
    { syntax: "--json", help: "print the summary as one JSON object" },
    { syntax: "--quiet", help: "no progress" },
  ]);
  command.addHelpText(
    "after",
    `
Example, on two machines and then on one of them:
  $ manyworlds train train.tsv --model a/ --worlds 0-7
  $ manyworlds train train.tsv --model b/ --worlds 8-15
  $ manyworlds combine a/ b/ --model m/
  $ manyworlds combine m/ c/ --model m/ --overwrite                      add the worlds of c/ to m/`,
  );
  command.action(async (sources: string[], options: Record<string, unknown>) => {
    const modelPath = options.model;
    if (typeof modelPath !== "string") {
      throw new ConfigError("combine: expected --model <dir>, the directory to write; add for example --model m/");
    }
    const progress = createProgress(context.stderr, { quiet: options.quiet === true });
    try {
      const report = await combineModels({
        sources,
        modelPath,
        overwrite: options.overwrite === true,
        writtenBy: `manyworlds ${packageVersion()}`,
        signal: context.signal,
        onProgress: ({ bytesDone, bytesTotal }) =>
          progress.update({ job: "copying", fraction: bytesDone / Math.max(1, bytesTotal), details: {} }),
      });
      progress.close();
      context.stdout.write(
        options.json === true ? `${JSON.stringify(summarise(report, modelPath))}\n` : format(report, modelPath),
      );
    } finally {
      progress.close();
    }
  });
}

function summarise({ manifest, worlds, missingWorlds }: CombineReport, model: string) {
  const sizeBytes = [...manifest.worlds, ...Object.values(manifest.files)].reduce((sum, { bytes }) => sum + bytes, 0);
  return { model, worlds, missingWorlds, sizeBytes };
}

function format(report: CombineReport, model: string): string {
  const { worlds, missingWorlds, sizeBytes } = summarise(report, model);
  const sources = [...new Set(worlds.map(({ source }) => source))];
  const missing = `${formatWorlds(missingWorlds)}: the model answers without; train --resume, or another combine, adds them`;
  return formatPairs([
    ["model", `${model}: ${worlds.length} worlds, ${formatBytes(sizeBytes)}`],
    ...sources.map((source): [string, string] => {
      const own = worlds.filter((world) => world.source === source).map(({ world }) => world);
      return ["from", `${source}: ${formatWorlds(own)}`];
    }),
    ...(missingWorlds.length === 0 ? [] : [["missing", missing] satisfies [string, string]]),
  ]).concat("\n");
}

/** `0-7,9`: ascending worlds as `--worlds` takes them. */
function formatWorlds(worlds: readonly number[]): string {
  const runs: [number, number][] = [];
  for (const world of worlds) {
    const last = runs.at(-1);
    if (last !== undefined && last[1] === world - 1) last[1] = world;
    else runs.push([world, world]);
  }
  return runs.map(([from, to]) => (from === to ? `${from}` : `${from}-${to}`)).join(",");
}
