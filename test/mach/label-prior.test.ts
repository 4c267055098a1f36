/** @file The prior's bias is at most 0, whoever asks for it. */
import { describe, expect, it } from "vitest";
import { createReferenceKernels } from "../../src/kernels/index.js";
import { createLabelPrior, priorCodes } from "../../src/mach/index.js";

const kernels = createReferenceKernels();
const codes = priorCodes(kernels, Uint32Array.of(0, 1, 8, 100));

describe("createLabelPrior", () => {
  it("gives the most frequent label 0, and no label more", () => {
    const prior = createLabelPrior(kernels, codes, { alpha: 0.5, seenOnly: false });
    const bias = Array.from(codes, (code) => prior?.bias[code] ?? Number.NaN);
    expect(bias[3]).toBe(0);
    expect(bias).toEqual([...bias].sort((a, b) => a - b));
  });

  it.each([-0.5, Number.NaN, Infinity])("refuses alpha %d", (alpha) => {
    expect(() => createLabelPrior(kernels, codes, { alpha, seenOnly: true })).toThrow(
      `expected alpha of at least 0, got ${alpha}`,
    );
  });
});
