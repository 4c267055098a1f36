import { rmSync, truncateSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ModelDirectory, writeWorldFile } from "../../src/checkpoint/index.js";
import { ConfigError, FormatError } from "../../src/core/index.js";
import { createReferenceKernels } from "../../src/kernels/index.js";
import { Ensemble } from "../../src/mach/ensemble.js";
import { loadEnsemble, type WorldSource } from "../../src/mach/load-ensemble.js";
import type { WorldOptions } from "../../src/mach/world.js";
import { WorldScorer } from "../../src/mach/world-scorer.js";
import { sampleDescription } from "../checkpoint/sample-manifest.js";
import { temporaryDirectory } from "../checkpoint/temporary-directory.js";
import { type RandomModel, randomBatch, randomModel } from "./random-model.js";

const kernels = createReferenceKernels();
const network: WorldOptions = {
  numFeatures: 13,
  hidden: [6],
  numBuckets: 7,
  activation: "relu",
  dropout: 0,
  loss: "softmax",
  output: "full",
};

/** A model of 4 worlds on disk and in memory. */
function storedModel(): { model: RandomModel; directory: ModelDirectory } {
  const model = randomModel(kernels, network, { numLabels: 30, numWorlds: 4, seed: 6 });
  const description = {
    ...sampleDescription(),
    network,
    hash: model.hash.toJSON(),
    prior: { alpha: 0.1, seenOnly: true },
    vectorizerFile: null,
  };
  const directory = ModelDirectory.create(join(temporaryDirectory(), "m"), description, { "labels.bin": [] });
  model.worlds.forEach(({ parameters }, world) => {
    const tensors = parameters.parameters.map(({ name, shape, value }) => ({ name, shape, data: value }));
    directory.recordWorld({ ...writeWorldFile(directory.root, world, tensors), epochs: 1, loss: 1, seconds: 1 });
  });
  return { model, directory: ModelDirectory.open(directory.path) };
}

describe("loadEnsemble", () => {
  it("answers exactly as the worlds in memory, with the manifest's merge and prior", async () => {
    const { model, directory } = storedModel();
    const batch = randomBatch(9, 13, 1);
    const { ensemble, missingWorlds } = await loadEnsemble(kernels, directory, { labelCounts: null });
    expect(missingWorlds).toEqual([]);
    expect(ensemble.merge).toBe("log-score");
    const inMemory = new Ensemble(kernels, {
      hash: model.hash,
      worldOptions: network,
      worlds: model.loaded,
      merge: "log-score",
    });
    expect(ensemble.predict(batch, { k: 6 })).toEqual(inMemory.predict(batch, { k: 6 }));

    // Another thread's ensemble: the same parameters in shared memory, read once.
    const allocate = (length: number): Float32Array => new Float32Array(new SharedArrayBuffer(4 * length));
    const shared = await loadEnsemble(kernels, directory, { labelCounts: null, allocate });
    const worlds = [...shared.parameters].map(([world, arrays]) => {
      for (const array of arrays.values()) expect(array.buffer).toBeInstanceOf(SharedArrayBuffer);
      return { world, scorer: new WorldScorer(kernels, network, arrays) };
    });
    const other = new Ensemble(kernels, { hash: model.hash, worldOptions: network, worlds, merge: "log-score" });
    expect(other.predict(batch, { k: 6 })).toEqual(inMemory.predict(batch, { k: 6 }));

    const labelCounts = new Uint32Array(30).fill(4, 0, 5);
    const seen = (await loadEnsemble(kernels, directory, { labelCounts })).ensemble.predict(batch, { k: 6 });
    expect([...seen.counts]).toEqual(new Array(9).fill(5));
    await expect(loadEnsemble(kernels, directory, { labelCounts: new Uint32Array(29) })).rejects.toThrow(ConfigError);
  });

  it("answers without missing worlds and reports them", async () => {
    const { model, directory } = storedModel();
    rmSync(join(directory.path, "worlds/world-002.safetensors"));
    const batch = randomBatch(5, 13, 2);
    const { ensemble, missingWorlds } = await loadEnsemble(kernels, directory, { labelCounts: null });
    expect(missingWorlds).toEqual([2]);
    const subset = new Ensemble(kernels, {
      hash: model.hash,
      worldOptions: network,
      worlds: model.loaded.filter(({ world }) => world !== 2),
      merge: "log-score",
    });
    expect(ensemble.predict(batch, { k: 3 })).toEqual(subset.predict(batch, { k: 3 }));

    const asked = await loadEnsemble(kernels, directory, { labelCounts: null, worlds: [2, 3, 9] });
    expect(asked.ensemble.worldNumbers).toEqual([3]);
    expect(asked.missingWorlds).toEqual([2, 9]);
    await expect(loadEnsemble(kernels, directory, { labelCounts: null, worlds: [2] })).rejects.toThrow(
      /none of its worlds/,
    );
  });

  it("refuses damaged worlds and worlds of another model, naming the file", async () => {
    const { directory } = storedModel();
    truncateSync(join(directory.path, "worlds/world-001.safetensors"), 300);
    await expect(loadEnsemble(kernels, directory, { labelCounts: null })).rejects.toThrow(
      /world-001\.safetensors.*rebuild world 1/,
    );

    const foreign = (name: string, dtype: string, shape: number[]): WorldSource => ({
      manifest: directory.manifest,
      listWorlds: () => ({ present: [0] }),
      readWorld: (_, target) => target({ name, dtype, shape }),
    });
    for (const source of [
      foreign("0.weight", "F32", [6, 13]),
      foreign("9.weight", "F32", [7]),
      foreign("0.bias", "U32", [6]),
    ]) {
      await expect(loadEnsemble(kernels, source, { labelCounts: null })).rejects.toThrow(FormatError);
    }
    await expect(loadEnsemble(kernels, foreign("0.bias", "F32", [6]), { labelCounts: null })).rejects.toThrow(
      /expected tensor 0\.weight, 3\.weight, 3\.bias; the file belongs to another model/,
    );
  });
});
