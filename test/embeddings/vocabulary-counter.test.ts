/** @file What does a counter remember that may not remember everything? */
import { describe, expect, it } from "vitest";
import { Rng } from "../../src/core/rng.js";
import { VocabularyCounter } from "../../src/embeddings/vocabulary-counter.js";

const encoder = new TextEncoder();

function counterOf(maxDistinct: number) {
  const counter = new VocabularyCounter(maxDistinct);
  return {
    counter,
    add(word: string): void {
      const bytes = encoder.encode(word);
      counter.onToken(bytes, 0, bytes.length);
    },
    countOf(word: string): number {
      const bytes = encoder.encode(word);
      return counter.countOf(bytes, 0, bytes.length);
    },
  };
}

describe("VocabularyCounter beyond its bound", () => {
  it("forgets what came once, not what comes again and again, however often it has to forget", () => {
    const { counter, add, countOf } = counterOf(100);
    const words = Array.from({ length: 20 }, (_, i) => `often${i}`);
    for (let round = 0; round < 50; round++) {
      for (const word of [...words, ...words]) add(word);
      for (let i = 0; i < 400; i++) add(`once${round}-${i}`);
      expect(counter.numDistinct).toBeLessThanOrEqual(100);
    }
    expect(words.map(countOf)).toEqual(words.map(() => 100));
    expect(counter.numTokens).toBe(50 * 440);
  });

  it("counts of what it keeps are never too large, and too small only for what was rare when it was dropped", () => {
    const rng = new Rng(11);
    const { counter, add, countOf } = counterOf(500);
    const truth = new Map<string, number>();
    for (let i = 0; i < 60_000; i++) {
      const word = `w${Math.floor(20_000 * rng.nextFloat() ** 4)}`;
      truth.set(word, (truth.get(word) ?? 0) + 1);
      add(word);
      if (counter.numDistinct > 500) expect.unreachable("more words than the bound");
    }
    expect(truth.size).toBeGreaterThan(5000);
    for (const [word, count] of truth) expect(countOf(word)).toBeLessThanOrEqual(count);
    // The twenty most frequent, 147 to 5,077 times, lose two at most: what they had when they were dropped early.
    const frequent = [...truth].sort((a, b) => b[1] - a[1]).slice(0, 20);
    for (const [word, count] of frequent) expect(countOf(word)).toBeGreaterThanOrEqual(count - 2);
  });

  it("words of one count go together, even all of them", () => {
    const { counter, add, countOf } = counterOf(4);
    for (const word of ["a", "b", "c", "d", "e"]) add(word);
    expect(counter.numDistinct).toBe(0);
    for (const word of ["a", "a", "b"]) add(word);
    expect([countOf("a"), countOf("b"), countOf("c")]).toEqual([2, 1, 0]);
    const one = counterOf(1);
    for (const word of ["a", "a", "b", "b"]) one.add(word);
    expect(one.counter.numDistinct).toBeLessThanOrEqual(1);
  });
});
