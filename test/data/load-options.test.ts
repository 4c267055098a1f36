/** @file Options of loadDataset are checked before anything is read: the file that is named here does not exist. */
import { describe, expect, it } from "vitest";
import { OptionError } from "../../src/core/errors.js";
import { type LoadOptions, loadDataset } from "../../src/data/index.js";

const load = (options: object): Promise<unknown> => loadDataset("no-such-file.xc", options as LoadOptions);

describe("loadDataset", () => {
  it.each([
    [{ scaling: "L2" }, "scaling: expected one of l2, max, none, got L2"],
    [{ power: -1 }, "power: expected a number above 0, got -1"],
    [{ power: Number.NaN }, "power: expected a number above 0, got NaN"],
    [{ power: Infinity }, "power: expected a number above 0, got Infinity"],
  ])("refuses numericOptions %j as an error of that option", async (numericOptions, message) => {
    await expect(load({ numericOptions })).rejects.toThrow(message);
    await expect(load({ numericOptions })).rejects.toBeInstanceOf(OptionError);
  });

  it("refuses misspelt options of numbers and of text", async () => {
    await expect(load({ numericOptions: { scale: "l2" } })).rejects.toThrow("got scale; is it misspelt?");
    await expect(load({ textOptions: { wordNgram: 2 } })).rejects.toThrow("got wordNgram; is it misspelt?");
  });

  it("refuses text options out of range before it knows the kind of the rows", async () => {
    await expect(load({ textOptions: { wordNgrams: 9 } })).rejects.toThrow("wordNgrams: expected an integer");
  });
});
