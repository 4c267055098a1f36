/** @file Which worlds are read, and what if some cannot be? Damage that is tolerated, parameters that are known. */
import { rmSync, truncateSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ModelDirectory, writeWorldFile } from "../../src/checkpoint/index.js";
import { ConfigError, FormatError } from "../../src/core/index.js";
import { createReferenceKernels } from "../../src/kernels/index.js";
import { loadEnsemble, loadWorlds, type WorldArrays } from "../../src/mach/load-ensemble.js";
import type { WorldOptions } from "../../src/mach/world.js";
import { sampleDescription } from "../checkpoint/sample-manifest.js";
import { temporaryDirectory } from "../checkpoint/temporary-directory.js";
import { randomModel } from "./random-model.js";

const kernels = createReferenceKernels();
const network: WorldOptions = {
  ...{ numFeatures: 9, hidden: [4], numBuckets: 5, activation: "relu", dropout: 0, loss: "softmax", output: "full" },
};

function storedModel(): ModelDirectory {
  const model = randomModel(kernels, network, { numLabels: 20, numWorlds: 3, seed: 2 });
  const description = { ...sampleDescription(), network, hash: model.hash.toJSON(), vectorizerFile: null };
  const directory = ModelDirectory.create(join(temporaryDirectory(), "m"), description, { "labels.bin": [] });
  model.worlds.forEach(({ parameters }, world) => {
    const tensors = parameters.parameters.map(({ name, shape, value }) => ({ name, shape, data: value }));
    directory.recordWorld({ ...writeWorldFile(directory.root, world, tensors), epochs: 1, loss: 1, seconds: 1 });
  });
  return directory;
}

const fileOf = (directory: ModelDirectory, world: number): string =>
  join(directory.path, `worlds/world-00${world}.safetensors`);

describe("loadWorlds", () => {
  it("leaves damaged worlds out where that is wanted, and says what is wrong with them", async () => {
    const directory = storedModel();
    truncateSync(fileOf(directory, 1), 60);
    rmSync(fileOf(directory, 2));
    await expect(loadWorlds(kernels, directory)).rejects.toBeInstanceOf(FormatError);
    const loaded = await loadWorlds(kernels, directory, { tolerateDamage: true });
    expect([[...loaded.parameters.keys()], loaded.missingWorlds]).toEqual([[0], [2]]);
    expect(loaded.damagedWorlds).toEqual([{ world: 1, error: expect.any(FormatError) }]);
    const options = { labelCounts: null, tolerateDamage: true };
    expect((await loadEnsemble(kernels, directory, options)).ensemble.worldNumbers).toEqual([0]);
    truncateSync(fileOf(directory, 0), 60);
    const none = loadWorlds(kernels, directory, { tolerateDamage: true });
    await expect(none).rejects.toBeInstanceOf(ConfigError);
    await expect(none).rejects.toThrow(/none of its worlds \(damaged: 0, 1\); the first: .*world-000/);
  });

  it("does not read files whose parameters it is given", async () => {
    const directory = storedModel();
    const first = await loadWorlds(kernels, directory);
    const known = new Map<string, WorldArrays>();
    for (const { world, sha256 } of directory.manifest.worlds.slice(0, 2)) {
      const arrays = first.parameters.get(world);
      if (arrays !== undefined) known.set(sha256, arrays);
    }
    // Damaged since: nobody looks.
    truncateSync(fileOf(directory, 0), 60);
    const again = await loadWorlds(kernels, directory, { known });
    expect(again.parameters.get(0)).toBe(first.parameters.get(0));
    expect(again.parameters.get(2)).not.toBe(first.parameters.get(2));
    expect(again.parameters.get(2)).toEqual(first.parameters.get(2));
  });
});
