/** @file A small model's manifest and description, for tests. */
import type { Manifest } from "../../src/checkpoint/manifest.js";
import type { ModelDescription } from "../../src/checkpoint/model-directory.node.js";
import { LabelHash } from "../../src/mach/label-hash.js";

export function sampleDescription(): ModelDescription {
  return {
    writtenBy: "manyworlds test",
    created: null,
    network: {
      numFeatures: 3,
      hidden: [2],
      numBuckets: 5,
      activation: "relu",
      dropout: 0.25,
      loss: "softmax",
      output: "full",
    },
    hash: new LabelHash({ numLabels: 11, numBuckets: 5, numWorlds: 4, seed: 1 }).toJSON(),
    merge: "log-score",
    prior: { alpha: 0.5, seenOnly: true },
    training: { epochs: 3, learningRate: 0.001, schedule: "linear" },
    dataset: { fingerprint: "abc", numRows: 17 },
    labelsFile: "labels.bin",
    vectorizerFile: "vectorizer.json",
    labelCountsFile: null,
    metrics: { "p@1": 0.5 },
  };
}

export function sampleManifest(): Manifest {
  const sha256 = "0123456789abcdef".repeat(4);
  return {
    format: "manyworlds",
    formatVersion: 1,
    ...sampleDescription(),
    worlds: [
      { world: 2, file: "worlds/world-002.safetensors", bytes: 12, sha256, epochs: 3, loss: 1.5, seconds: 2.25 },
    ],
    files: { "labels.bin": { bytes: 3, sha256 }, "vectorizer.json": { bytes: 2, sha256 } },
  };
}
