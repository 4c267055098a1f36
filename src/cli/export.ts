/** @file manyworlds export: a model as a folder of plain files that answers in the browser, from any static host. */
import { cpSync, existsSync, mkdirSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Command, InvalidArgumentError } from "commander";
import { ConfigError, FormatError } from "../core/errors.js";
import { DEFAULT_WEIGHT_BITS, type ExportReport, exportPortableModel } from "../portable/export-model.node.js";
import { swapFolder } from "../portable/folder-swap.node.js";
import { INDEX_FILE, PORTABLE_FORMAT } from "../portable/portable-index.js";
import type { WeightBits } from "../portable/quantize.js";
import { addFlags, type WorldSelection, worldSelection } from "./flags.js";
import type { CommandContext } from "./program.js";
import { createProgress } from "./progress.js";
import { formatBytes, formatCount, formatPairs } from "./tables.js";
import { packageVersion } from "./version.js";

/** Of the folder: where the model lies, which the page knows (web/browser-model/main.tsx). */
const MODEL_FOLDER = "model";

function weightBits(text: string): WeightBits {
  if (text === "4" || text === "8" || text === "32") return Number(text) as WeightBits;
  throw new InvalidArgumentError(`Expected 4, 8 or 32, got "${text}".`);
}

interface Report extends ExportReport {
  readonly folder: string;
  /** Bytes of the page, its script and style. */
  readonly pageBytes: number;
  /** Files in all. */
  readonly numFiles: number;
}

export function addExportCommand(program: Command, context: CommandContext): void {
  const command = program
    .command("export")
    .summary("write a model as a folder that answers in the browser, with no server")
    .description(
      "Writes a page, WebAssembly kernels and the model's rounded weights as plain files. Put them on any static host: " +
        "the page answers in the browser, and no word that is typed leaves it.",
    )
    .argument("<model>", "model directory, of a model of words");
  addFlags(command, [
    { syntax: "--web <folder>", help: "the folder to write; required" },
    {
      syntax: "--bits <bits>",
      help: "bits of a weight: 4, 8, or 32 for weights that are not rounded",
      parse: weightBits,
      defaultValue: DEFAULT_WEIGHT_BITS,
    },
    {
      syntax: "-w, --worlds <count|list>",
      help: "only these worlds: 4, 0-7, 3,5 (default: all); fewer are smaller and less exact",
      parse: worldSelection,
    },
    { syntax: "--overwrite", help: "replace an export that stands there" },
    { syntax: "--json", help: "print the sizes as one JSON object" },
  ]);
  command.addHelpText(
    "after",
    `
Example:
  $ manyworlds export m/ --web site/                 then serve site/ with any web server
  $ manyworlds export m/ --web site/ --worlds 4 --overwrite`,
  );
  command.action(async (path: string, options: Record<string, unknown>) => {
    const folder = options.web;
    if (typeof folder !== "string") throw new ConfigError("export: expected --web <folder>, where it is written");
    const progress = createProgress(context.stderr);
    try {
      const report = await exportWeb(
        path,
        folder,
        options,
        (fraction) => {
          progress.update({ job: "exporting", fraction, details: {} });
        },
        context.signal,
      );
      if (report.missingWorlds.length > 0) {
        progress.note(`worlds ${report.missingWorlds.join(", ")} are missing; the export is without them`);
      }
      progress.close();
      context.stdout.write(options.json === true ? `${JSON.stringify(report)}\n` : format(report));
    } finally {
      progress.close();
    }
  });
}

async function exportWeb(
  path: string,
  folder: string,
  options: Record<string, unknown>,
  onProgress: (fraction: number) => void,
  signal: AbortSignal,
): Promise<Report> {
  const selection = options.worlds as WorldSelection | undefined;
  const worlds = selection && (selection.worlds ?? Array.from({ length: selection.count }, (_, world) => world));
  const page = pageFolder();
  const mark = { file: join(MODEL_FOLDER, INDEX_FILE), text: PORTABLE_FORMAT };
  const names = [...readdirSync(page), MODEL_FOLDER];
  return swapFolder(folder, { overwrite: options.overwrite === true, mark, names }, async (temporary) => {
    cpSync(page, temporary, { recursive: true });
    const { bytes: pageBytes, count: pageFiles } = sizeOf(temporary);
    const modelFolder = join(temporary, MODEL_FOLDER);
    mkdirSync(modelFolder);
    const report = await exportPortableModel(path, modelFolder, {
      bits: options.bits as WeightBits,
      writtenBy: `manyworlds ${packageVersion()}`,
      onProgress,
      signal,
      ...(worlds === undefined ? {} : { worlds }),
    });
    return { folder, ...report, pageBytes, numFiles: pageFiles + sizeOf(modelFolder).count };
  });
}

/** The built page: dist/web/browser-model, beside dist/src in the package. @throws {FormatError} if it was not built. */
function pageFolder(): string {
  for (const up of ["../../web/browser-model/", "../../dist/web/browser-model/"]) {
    const folder = fileURLToPath(new URL(up, import.meta.url));
    if (existsSync(join(folder, "index.html")) && existsSync(join(folder, "assets"))) return folder;
  }
  throw new FormatError({ file: "dist/web/browser-model" }, "the page is not there; run `npm run build`");
}

function sizeOf(folder: string): { readonly bytes: number; readonly count: number } {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const bytes = files.reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0);
  return { bytes, count: files.length };
}

function format(report: Report): string {
  const { folder, bytes, pageBytes, worlds, bits, numShards, shardRows, numFiles } = report;
  return `${formatPairs([
    ["folder", `${folder}: ${formatCount(numFiles)} files, ${formatBytes(bytes.total + pageBytes)}`],
    ["page", formatBytes(pageBytes)],
    ["weights", `${worlds.length} worlds, ${bits} bits`],
    ["first answer", `after ${formatBytes(bytes.first + pageBytes)}: page, kernels, words, labels, one world`],
    ["all worlds", formatBytes(bytes.first + pageBytes + bytes.worlds - Math.round(bytes.worlds / worlds.length))],
    [
      "input rows",
      `${formatBytes(bytes.input)} in ${formatCount(numShards)} files of ${formatCount(shardRows)} words; ` +
        `a query fetches those of its words, ${formatBytes(bytes.input / Math.max(1, numShards))} each`,
    ],
  ])}\nServe it with any web server, such as:\n  cd ${folder} && python3 -m http.server\n`;
}
