/** @file Pieces of a batch: all rows once, in order, and as the kernels' paths want them. */
import { expect, it } from "vitest";
import { cutRows } from "../../../src/train/strategies/micro-batches.js";

const FEW_ROWS = 24;

it("pieces are all rows in their order, as many as fit", () => {
  for (let numRows = 1; numRows <= 300; numRows++) {
    for (const most of [1, 2, 3, 4, 9]) {
      const pieces = cutRows(numRows, most);
      expect(pieces.length).toBeLessThanOrEqual(most);
      expect(pieces[0].from).toBe(0);
      expect(pieces.at(-1)?.to).toBe(numRows);
      for (let i = 1; i < pieces.length; i++) expect(pieces[i].from).toBe(pieces[i - 1].to);
      for (const { from, to } of pieces) expect(to - from > FEW_ROWS).toBe(numRows > FEW_ROWS);
      if (numRows >= 8) for (const { from, to } of pieces) expect(to - from).toBeGreaterThanOrEqual(8);
    }
  }
  expect([16, 24, 49, 50, 128, 256].map((numRows) => cutRows(numRows, 4).length)).toEqual([2, 3, 1, 2, 4, 4]);
});
