/** @file manyworlds info: what a model is made of, and what computes here. */
import type { Command } from "commander";
import { ModelDirectory, type WorldState } from "../checkpoint/model-directory.node.js";
import { createKernels } from "../kernels/index.js";
import { countParameters } from "../mach/parameter-count.js";
import { addFlags } from "./flags.js";
import { formatMetrics } from "./metrics-table.js";
import type { CommandContext } from "./program.js";
import { formatSeconds } from "./progress.js";
import { formatBytes, formatCount, formatLarge, formatPairs } from "./tables.js";

export function addInfoCommand(program: Command, context: CommandContext): void {
  const command = program
    .command("info")
    .summary("show what a model is made of")
    .description("Shows a model's shape, options, worlds and sizes, and which kernels compute on this machine.")
    .argument("<model>", "model directory");
  addFlags(command, [
    { syntax: "--verify", help: "read every file and compare its SHA-256 with the manifest" },
    { syntax: "--json", help: "print the manifest, the worlds' states and the kernels as one JSON object" },
  ]);
  command.addHelpText("after", "\nExample:\n  $ manyworlds info m/ --verify");
  command.action((path: string, options: Record<string, unknown>) => {
    const info = describe(path, options.verify === true);
    context.stdout.write(options.json === true ? `${JSON.stringify(info)}\n` : format(info));
    const worlds = info.worlds.filter(({ state }) => state === "damaged");
    const names = worlds.map(({ world }) => info.manifest.worlds.find((record) => record.world === world)?.file);
    const problems = [
      ...(names.length === 0
        ? []
        : [`damaged: ${names.join(", ")}; train again with --resume to rebuild, or delete to answer without`]),
      ...(info.damagedFiles.length === 0
        ? []
        : [`missing or damaged: ${info.damagedFiles.join(", ")}; restore, or train again with --overwrite`]),
    ];
    if (problems.length === 0) return;
    for (const problem of problems) context.stderr.write(`manyworlds: ${path}: ${problem}\n`);
    process.exitCode = 2;
  });
}

interface Info {
  readonly model: string;
  readonly manifest: ModelDirectory["manifest"];
  /** `state` "present" says that the file is there, as long as it should be, and was not read. */
  readonly worlds: readonly { readonly world: number; readonly state: WorldState | "present" }[];
  /** Other files of the manifest, without which no world answers, that are missing or not as it says. */
  readonly damagedFiles: readonly string[];
  readonly sizeBytes: number;
  readonly parameters: ReturnType<typeof countParameters>;
  readonly kernels: ReturnType<typeof createKernels>["info"];
}

function describe(path: string, verify: boolean): Info {
  const directory = ModelDirectory.open(path);
  const { manifest } = directory;
  const { present, untrained } = directory.listWorlds();
  const state = (world: number): WorldState | "present" => {
    if (verify) return directory.checkWorld(world);
    if (present.includes(world)) return directory.hasRecordedSize(world) ? "present" : "damaged";
    return untrained.includes(world) ? "untrained" : "missing";
  };
  const records = [...manifest.worlds, ...Object.values(manifest.files)];
  return {
    model: path,
    manifest,
    worlds: Array.from({ length: manifest.hash.numWorlds }, (_, world) => ({ world, state: state(world) })),
    damagedFiles: Object.keys(manifest.files).filter((name) => !directory.isFileSound(name, verify)),
    sizeBytes: records.reduce((sum, { bytes }) => sum + bytes, 0),
    parameters: countParameters(manifest.network, manifest.hash.numWorlds, manifest.hash.numLabels),
    kernels: createKernels().info,
  };
}

function format({ model, manifest, worlds, sizeBytes, parameters, kernels }: Info): string {
  const { network, hash, dataset, training, prior } = manifest;
  const byState = new Map<string, number[]>();
  for (const { world, state } of worlds) byState.set(state, [...(byState.get(state) ?? []), world]);
  const states = [...byState].map(([state, list]) =>
    list.length === worlds.length ? `all ${state}` : `${state}: ${list.join(", ")}`,
  );
  const seconds = manifest.worlds.reduce((sum, world) => sum + world.seconds, 0);
  const layers = [network.numFeatures, ...network.hidden, network.numBuckets].map(formatCount).join(" → ");
  const shape = network.hidden.length === 0 || network.activation === "none" ? "linear" : network.activation;
  const pairs: [string, string][] = [
    ["model", `${model} (${manifest.writtenBy}, format ${manifest.formatVersion})`],
    ["data", `${formatCount(Number(dataset.numRows))} rows of ${String(dataset.format)}`],
    ["labels", formatCount(hash.numLabels)],
    ["worlds", `${hash.numWorlds} (${states.join("; ")})`],
    ["a world", `${layers}, ${shape}, ${network.loss}, ${network.output} output, dropout ${network.dropout}`],
    [
      "training",
      Object.entries(training)
        .map(([key, value]) => `${key} ${String(value)}`)
        .join(", "),
    ],
    ["took", `${formatSeconds(seconds)}, all worlds added up`],
    [
      "merge",
      `${manifest.merge}${prior.seenOnly ? ", labels seen in training" : ""}${prior.alpha > 0 ? `, prior ${prior.alpha}` : ""}`,
    ],
    [
      "parameters",
      `${formatLarge(parameters.ensemble)} (full softmax of the same width: ${formatLarge(parameters.fullSoftmax)})`,
    ],
    ["size", formatBytes(sizeBytes)],
    ["kernels", `${kernels.backend}, ${kernels.isa}, ${kernels.gemm}`],
  ];
  const metrics = manifest.metrics === null ? "" : `\nOn the rows set aside:\n${formatMetrics(manifest.metrics)}\n`;
  return `${formatPairs(pairs)}\n${metrics}`;
}
