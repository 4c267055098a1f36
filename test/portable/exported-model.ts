/** @file A small random model of words, on disk, exported, and as the library answers with the weights that codes stand for. */
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ModelDirectory, writeWorldFile } from "../../src/checkpoint/index.js";
import { Rng } from "../../src/core/rng.js";
import { fitTexts, LabelTable } from "../../src/data/index.js";
import type { TextVectorizer, TextVectorizerOptions } from "../../src/data/text-vectorizer.js";
import { createReferenceKernels } from "../../src/kernels/index.js";
import { Ensemble } from "../../src/mach/ensemble.js";
import { createLabelPrior, priorCodes } from "../../src/mach/label-prior.js";
import type { MergeKind } from "../../src/mach/merge.js";
import { type WorldOptions, worldLayers } from "../../src/mach/world.js";
import { WorldScorer } from "../../src/mach/world-scorer.js";
import { type ExportReport, exportPortableModel } from "../../src/portable/export-model.node.js";
import type { FileFetcher } from "../../src/portable/portable-files.js";
import { dequantizeGroup, quantizeGroup, type WeightBits, weightBytes } from "../../src/portable/quantize.js";
import { sampleDescription } from "../checkpoint/sample-manifest.js";
import { randomModel } from "../mach/random-model.js";

export interface ExportedOptions {
  readonly bits: WeightBits;
  readonly network?: Partial<WorldOptions>;
  readonly merge?: MergeKind;
  readonly numWorlds?: number;
  /** Only these are exported. */
  readonly worlds?: readonly number[];
  readonly text?: Partial<TextVectorizerOptions>;
  readonly labels?: LabelTable;
  /** Another vectorizer's JSON for the model directory. */
  readonly vectorizerJson?: object;
  /** Stands for one weight of world 0. */
  readonly badWeight?: number;
}

export interface ExportedModel {
  /** The model directory. */
  readonly path: string;
  /** The folder with index.json. */
  readonly folder: string;
  readonly report: ExportReport;
  readonly vectorizer: TextVectorizer;
  readonly labels: LabelTable;
  /** The library, with weights rounded as the export's are. */
  readonly ensemble: Ensemble;
}

export const NUM_LABELS = 40;
const kernels = createReferenceKernels();

/** Texts of words w0 … w59, small numbers more often. */
export function randomTexts(count: number, seed: number, numWords = 60): string[] {
  const rng = new Rng(seed);
  return Array.from({ length: count }, () => {
    const length = 1 + rng.nextBelow(8);
    return Array.from({ length }, () => `w${Math.floor(numWords * rng.nextFloat() ** 2)}`).join(" ");
  });
}

/** Labels "label 0" …, with names that are hard to pack, and counts: the first never seen. */
export function sampleLabels(): LabelTable {
  const names = Array.from({ length: NUM_LABELS }, (_, id) => (id === 7 ? "two\nlines\tünï" : `label ${id * id}`));
  const table = LabelTable.named(names);
  const ids = names.flatMap((_, id) => Array.from({ length: id * 3 }, () => id));
  table.countLabels({
    numRows: 1,
    numLabels: NUM_LABELS,
    offsets: Uint32Array.of(0, ids.length),
    ids: Uint32Array.from(ids),
  });
  return table;
}

/** Writes, exports and loads a random model below `root`. */
export async function exportedModel(root: string, options: ExportedOptions): Promise<ExportedModel> {
  const { bits, merge = "log-score", numWorlds = 5, labels = sampleLabels(), vectorizerJson, badWeight } = options;
  const { vectorizer } = fitTexts(randomTexts(200, 1), { minDocumentFrequency: 2, ...options.text });
  const network: WorldOptions = {
    hidden: [6],
    numBuckets: 9,
    activation: "none",
    dropout: 0,
    loss: "softmax",
    output: "full",
    ...options.network,
    numFeatures: vectorizer.numFeatures,
  };
  const { hash, worlds, loaded } = randomModel(kernels, network, { numLabels: labels.numLabels, numWorlds, seed: 6 });
  if (badWeight !== undefined) worlds[0].parameters.value[3] = badWeight;
  const prior = { alpha: 0.1, seenOnly: true };
  const encoder = new TextEncoder();
  const directory = ModelDirectory.create(
    join(root, "m"),
    { ...sampleDescription(), network, hash: hash.toJSON(), merge, prior },
    {
      "labels.bin": [labels.toBytes()],
      "vectorizer.json": [encoder.encode(JSON.stringify(vectorizerJson ?? vectorizer.toJSON()))],
    },
  );
  worlds.forEach(({ parameters }, world) => {
    const tensors = parameters.parameters.map(({ name, shape, value }) => ({ name, shape, data: value }));
    directory.recordWorld({ ...writeWorldFile(directory.root, world, tensors), epochs: 1, loss: 1, seconds: 1 });
  });

  const folder = join(root, "export");
  mkdirSync(folder);
  const chosen = options.worlds === undefined ? {} : { worlds: options.worlds };
  const report = await exportPortableModel(directory.path, folder, { bits, writtenBy: "test", ...chosen });
  const { labelCounts } = labels;
  const ensemble = new Ensemble(kernels, {
    hash,
    worldOptions: network,
    worlds: loaded
      .filter(({ world }) => options.worlds?.includes(world) ?? true)
      .map(({ world }) => {
        const { parameters } = worlds[world].parameters;
        const rounded = new Map(parameters.map(({ name, value }) => [name, value]));
        for (const layer of worldLayers(network)) {
          const name = `${layer.position}.weight`;
          const group = layer.kind === "sparse" ? layer.numOutputs : layer.numInputs;
          rounded.set(name, roundedWeights(rounded.get(name) as Float32Array, group, bits));
        }
        return { world, scorer: new WorldScorer(kernels, network, rounded) };
      }),
    merge,
    prior: labelCounts && createLabelPrior(kernels, priorCodes(kernels, labelCounts), prior),
  });
  return { path: directory.path, folder, report, vectorizer, labels, ensemble };
}

/** The weights that codes of `bits` stand for. */
export function roundedWeights(weights: Float32Array, groupSize: number, bits: WeightBits): Float32Array {
  if (bits === 32) return weights;
  const out = new Float32Array(weights.length);
  for (let at = 0; at < weights.length; at += groupSize) {
    const codes = new Uint8Array(weightBytes(groupSize, bits));
    const scale = quantizeGroup(weights.subarray(at, at + groupSize), bits, codes);
    dequantizeGroup(codes, scale, bits, out.subarray(at, at + groupSize));
  }
  return out;
}

/** Fetches from `folder`, and notes the names. */
export function folderFiles(folder: string, fetched: string[] = []): FileFetcher {
  return async (name) => {
    fetched.push(name);
    const path = join(folder, name);
    if (!existsSync(path)) throw new Error(`no ${name}`);
    return readFileSync(path);
  };
}
