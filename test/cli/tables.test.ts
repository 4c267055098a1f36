/** @file How figures read: units that change where they should, columns that line up. */
import { describe, expect, it } from "vitest";
import { formatMetrics } from "../../src/cli/metrics-table.js";
import { formatSeconds } from "../../src/cli/progress.js";
import { formatSkipped } from "../../src/cli/skipped-rows.js";
import {
  formatBytes,
  formatCount,
  formatLarge,
  formatPairs,
  formatPercent,
  formatTable,
} from "../../src/cli/tables.js";

const KIB = 2 ** 10;
const MIB = 2 ** 20;
const GIB = 2 ** 30;

describe("units", () => {
  it.each([
    [0, "0.0 s"],
    [8.44, "8.4 s"],
    [9.94, "9.9 s"],
    [9.96, "10 s"],
    [59.4, "59 s"],
    [59.6, "1 min 0 s"],
    [119.7, "2 min 0 s"],
    [200, "3 min 20 s"],
    [3599.4, "59 min 59 s"],
    [3599.7, "1 h 0 min"],
    [7170, "2 h 0 min"],
    [7500, "2 h 5 min"],
  ])("%d seconds are %s", (seconds, text) => {
    expect(formatSeconds(seconds)).toBe(text);
  });

  it.each([
    [0, "0 B"],
    [1023, "1023 B"],
    [KIB, "1 KiB"],
    [1023.4 * KIB, "1023 KiB"],
    [1023.9 * KIB, "1.0 MiB"],
    [9.94 * MIB, "9.9 MiB"],
    [9.96 * MIB, "10 MiB"],
    [417 * MIB, "417 MiB"],
    [1023.9 * MIB, "1.0 GiB"],
    [88.54 * GIB, "88.5 GiB"],
  ])("%d bytes are %s", (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text);
  });

  it.each([
    [999_999, "999,999"],
    [1_234_567, "1.2 million"],
    [999_940_000, "999.9 million"],
    [999_960_000, "1.0 billion"],
    [6.4e9, "6.4 billion"],
  ])("%d parameters are %s", (value, text) => {
    expect(formatLarge(value)).toBe(text);
  });

  it("counts have separators and no decimals, percentages two", () => {
    expect([formatCount(60_851), formatCount(7463.7), formatPercent(0.66045)]).toEqual(["60,851", "7,464", "66.05"]);
  });
});

describe("tables", () => {
  it("put numbers to the right, words to the left, and nothing behind the last column", () => {
    const table = formatTable([
      ["set", "P@1", "label"],
      ["nvd", "66.04", "a"],
      ["bibtex", "9.1", ""],
    ]);
    expect(table).toBe(["set       P@1  label", "nvd     66.04  a", "bibtex    9.1"].join("\n"));
    expect(
      formatPairs([
        ["a", "1"],
        ["long", "2"],
      ]),
    ).toBe("a     1\nlong  2");
  });

  it("of metrics have a row a family and a column a cutoff, as percentages", () => {
    const metrics = { "p@1": 0.6217, "p@3": 0.3241, "r@10": 0.68, "ndcg@1": 0.6217, "psp@3": 1 };
    expect(formatMetrics(metrics).split("\n")).toEqual([
      "%         k=1     k=3   k=10",
      "P@k     62.17   32.41",
      "R@k                    68.00",
      "nDCG@k  62.17",
      "PSP@k          100.00",
    ]);
  });
});

describe("skipped rows", () => {
  it("are a line a reason, with the place of the first", () => {
    const line = {
      reason: "not UTF-8" as const,
      count: 1200,
      firstFile: "a.tsv",
      firstLine: 7,
      firstProblem: "got byte 255",
    };
    expect(formatSkipped([line])).toBe("skipped 1,200 rows: not UTF-8 (first at a.tsv:7: got byte 255)");
    expect(formatSkipped([])).toBe("");
  });
});
