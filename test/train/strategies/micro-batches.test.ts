/** @file Pieces of a batch: all rows once, in order, and as the kernels' paths want them. */
import { expect, it } from "vitest";
import { cutRows, LEAST_ROWS, leastForwardRows } from "../../../src/train/strategies/micro-batches.js";

const FEW_ROWS = 24;
const COUNTS = [1, 2, 3, 4, 9];
const SIZES = Array.from({ length: 300 }, (_, i) => i + 1);

it.each([1, 8, 25])("pieces of at least %i rows are all rows in their order, as many as fit", (least) => {
  for (const numRows of SIZES) {
    for (const most of COUNTS) {
      const pieces = cutRows(numRows, most, least);
      expect(pieces.length).toBe(Math.max(1, Math.min(most, Math.floor(numRows / least))));
      expect(pieces[0].from).toBe(0);
      expect(pieces.at(-1)?.to).toBe(numRows);
      for (let i = 1; i < pieces.length; i++) expect(pieces[i].from).toBe(pieces[i - 1].to);
      for (const { from, to } of pieces) expect(to - from).toBeGreaterThanOrEqual(Math.min(least, numRows));
    }
  }
});

it("forward, pieces take the path of the whole; columns need not look at that", () => {
  for (const numRows of SIZES) {
    for (const most of COUNTS) {
      const pieces = cutRows(numRows, most, leastForwardRows(numRows));
      for (const { from, to } of pieces) expect(to - from > FEW_ROWS).toBe(numRows > FEW_ROWS);
    }
  }
  const sizes = [16, 24, 32, 49, 50, 128, 256];
  const counts = (leastOf: (numRows: number) => number) => sizes.map((n) => cutRows(n, 4, leastOf(n)).length);
  expect(counts(leastForwardRows)).toEqual([2, 3, 1, 1, 2, 4, 4]);
  expect(counts(() => LEAST_ROWS)).toEqual([2, 3, 4, 4, 4, 4, 4]);
});
