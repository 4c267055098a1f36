/** @file A save in the middle of a hogwild epoch: whole, though the others are at work, and gone on from. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { PATIENCE } from "./built-strategies.js";
import { Journal, savedTensor, trainInterrupted } from "./counted-steps.js";

const folder = mkdtempSync(join(tmpdir(), "manyworlds-hogwild-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("hogwild", () => {
  it("writes a file that proves itself, and goes on from it", PATIENCE, async () => {
    const checkpoint = join(folder, "counted.safetensors");
    // So many batches that the others have not done with theirs when the lead saves, and numbers that take long to write.
    const data = { numBatches: 60_000, epochs: 1, width: 200_000, gradientMs: [1, 0, 0] };
    const options = { strategy: "hogwild", numWorkers: 3, checkpoint } as const;
    const first = new Journal();
    const begun = await trainInterrupted(data, options, first, 200);
    expect(begun.history.ended).toBe("interrupted");
    expect(first.numSteps).toBeLessThan(60_000);
    const saved = savedTensor(checkpoint, "dense");
    const resumed = await trainInterrupted(data, options, new Journal(), 200);
    expect(resumed.history.steps.length).toBeGreaterThan(begun.history.steps.length);
    const [before, after] = [saved, resumed.parameters[0].value].map((values) => values.reduce((a, b) => a + b, 0));
    expect(after).toBeGreaterThan(before);
  });
});
