/** @file Huffman's tree: as short as the best of all trees, prefix-free, reproducible, balanced among equals. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { HuffmanCode } from "../../src/nn/index.js";

/** Least Σ count·depth over all binary trees: any two may be joined first. */
function leastCost(counts: readonly number[]): number {
  if (counts.length === 1) return 0;
  let best = Number.POSITIVE_INFINITY;
  for (let i = 0; i < counts.length; i++) {
    for (let j = 0; j < i; j++) {
      const joined = counts[i] + counts[j];
      const rest = counts.filter((_, k) => k !== i && k !== j);
      best = Math.min(best, joined + leastCost([...rest, joined]));
    }
  }
  return best;
}

const cost = (code: HuffmanCode, counts: readonly number[]): number =>
  counts.reduce((sum, count, symbol) => sum + count * code.depth(symbol), 0);

describe("HuffmanCode", () => {
  it("costs as little as any tree", () => {
    const counts = fc.array(fc.integer({ min: 0, max: 30 }), { minLength: 2, maxLength: 6 });
    fc.assert(
      fc.property(counts, (list) => {
        expect(cost(new HuffmanCode(list), list)).toBe(leastCost(list));
      }),
      { numRuns: 60 },
    );
  });

  it("paths lead from the root along children to their symbol", () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0, max: 1e9, noNaN: true }), { minLength: 2, maxLength: 200 }),
        (counts) => {
          const { children, paths, numSymbols, maxDepth } = new HuffmanCode(counts);
          const inner = numSymbols - 1;
          let deepest = 0;
          for (let symbol = 0; symbol < numSymbols; symbol++) {
            let at = inner - 1;
            for (let e = paths.offsets[symbol]; e < paths.offsets[symbol + 1]; e++) {
              expect(paths.columns[e]).toBe(at);
              const next = children[2 * at + paths.values[e]];
              if (next < inner) expect(next).toBeLessThan(at);
              at = next;
            }
            expect(at).toBe(inner + symbol);
            deepest = Math.max(deepest, paths.offsets[symbol + 1] - paths.offsets[symbol]);
          }
          expect(maxDepth).toBe(deepest);
          expect([...children].sort((a, b) => a - b)).toEqual(
            Array.from({ length: 2 * inner }, (_, i) => (i < inner - 1 ? i : i + 1)),
          );
        },
      ),
      { numRuns: 50 },
    );
  });

  it("equal counts, also zero, give a balanced tree", () => {
    for (const count of [0, 7]) {
      const code = new HuffmanCode(new Float64Array(37).fill(count));
      const depths = Array.from({ length: 37 }, (_, symbol) => code.depth(symbol));
      expect([Math.min(...depths), Math.max(...depths)]).toEqual([5, 6]);
    }
  });

  it("counts like Fibonacci's make the deepest tree", () => {
    const code = new HuffmanCode([1, 1, 2, 3, 5, 8, 13, 21]);
    expect(code.maxDepth).toBe(7);
    expect(code.depth(7)).toBe(1);
  });

  it("refuses what has no tree", () => {
    expect(() => new HuffmanCode([1])).toThrow(/two symbols or more, got 1/);
    expect(() => new HuffmanCode([1, -1])).toThrow(/got -1 for symbol 1/);
    expect(() => new HuffmanCode([Number.NaN, 1])).toThrow(/got NaN for symbol 0/);
  });
});
