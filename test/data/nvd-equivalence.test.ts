/**
 * @file The documented tf-idf applied to nvd's text gives the features that nvd's xc file holds, up to their numbers.
 * Needs ../shared/data/nvd beside the repository; skipped where it is absent.
 */
import { existsSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { loadDataset } from "../../src/data/index.js";

const NVD = new URL("../../../shared/data/nvd/", import.meta.url).pathname;

describe.skipIf(!existsSync(NVD))("nvd (needs ../shared/data/nvd)", () => {
  it("has D = 60,851 and the same values in each row", async () => {
    const text = await loadDataset(`${NVD}train.tsv.gz`, { textOptions: { alphabet: "ascii" } });
    const xc = await loadDataset(`${NVD}train.xc.gz`);
    const a = text.dataset.features;
    const b = xc.dataset.features;
    expect(a.numCols).toBe(60_851);
    expect(a.numRows).toBe(115_006);
    expect(a.offsets).toEqual(b.offsets);
    let largestError = 0;
    for (let row = 0; row < a.numRows; row++) {
      const ours = a.values.slice(a.offsets[row], a.offsets[row + 1]).sort();
      const theirs = b.values.slice(b.offsets[row], b.offsets[row + 1]).sort();
      for (let i = 0; i < ours.length; i++) largestError = Math.max(largestError, Math.abs(ours[i] / theirs[i] - 1));
    }
    // The file has four significant digits: a relative error of at most 5e-4 (1.000|5).
    expect(largestError).toBeLessThan(5.1e-4);
    const labelsOf = (loaded: typeof xc): number => loaded.report.numLabelOccurrences;
    expect(labelsOf(text)).toBe(labelsOf(xc));
  });
});
