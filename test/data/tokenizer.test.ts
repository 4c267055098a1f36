import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { murmur3 } from "../../src/data/murmur3.js";
import { Tokenizer, TokenList } from "../../src/data/tokenizer.js";

const encoder = new TextEncoder();

function tokens(text: string, alphabet: "unicode" | "ascii" = "unicode"): string[] {
  const list = new TokenList();
  const bytes = encoder.encode(text);
  expect(new Tokenizer(alphabet).tokenize(bytes, 0, bytes.length, list)).toBe(true);
  return list.toStrings();
}

describe("Tokenizer", () => {
  it("equals the documented pattern on ASCII text", () => {
    const pattern = /[a-z0-9]+(?:[._+-][a-z0-9]+)*/g;
    const unit = fc.constantFrom(..."abzAZ059._+-_ ,/\t\0~");
    fc.assert(
      fc.property(fc.string({ unit, maxLength: 60 }), (text) => {
        expect(tokens(text)).toEqual(text.toLowerCase().match(pattern) ?? []);
      }),
      { numRuns: 500 },
    );
  });

  it("gives the same tokens when text of another script stands beside", () => {
    const unit = fc.constantFrom(..."abAZ05._+- ,");
    fc.assert(
      fc.property(fc.string({ unit, maxLength: 40 }), (text) => {
        expect(tokens(`é ${text}`)).toEqual(["é", ...tokens(text)]);
      }),
    );
  });

  it("normalises, keeps marks, pairs characters of scripts without spaces", () => {
    expect(tokens("Ｆｕｌｌ ﬁne e\u0301té 2²")).toEqual(["full", "fine", "été", "22"]);
    expect(tokens("हिन्दी नमस्ते")).toEqual(["हिन्दी", "नमस्ते"]);
    expect(tokens("データ 日 v2.0日本")).toEqual(["デー", "ータ", "日", "v2.0", "日本"]);
    expect(tokens("ที่นี่")).toEqual(["ที่นี่"]);
    expect(tokens("서울 날씨")).toEqual(["서울", "날씨"]);
    expect(tokens("中。文")).toEqual(["中", "文"]);
  });

  it("splits at every other character with the ASCII alphabet", () => {
    expect(tokens("Müller-Straße 日本 x1", "ascii")).toEqual(["m", "ller-stra", "e", "x1"]);
  });

  it("refuses bytes that are not UTF-8", () => {
    const bytes = Uint8Array.of(0x61, 0xff, 0x62);
    for (const alphabet of ["unicode", "ascii"] as const) {
      expect(new Tokenizer(alphabet).tokenize(bytes, 0, 3, new TokenList())).toBe(false);
    }
  });

  it("grows with the document", () => {
    const words = Array.from({ length: 5000 }, (_, i) => `w${i}`);
    expect(tokens(words.join(" "))).toEqual(words);
    expect(tokens(`é ${words.join(" ")}`)).toEqual(["é", ...words]);
  });
});

describe("murmur3", () => {
  it("equals the published function", () => {
    // Values of MurmurHash3_x86_32 with seed 0 from Appleby's code.
    const cases: [string, number][] = [
      ["", 0],
      ["a", 0x3c2569b2],
      ["abc", 0xb3dd93fa],
      ["hello", 0x248bfa47],
      ["hello, world", 0x149bbb7f],
      ["The quick brown fox jumps over the lazy dog", 0x2e4ff723],
    ];
    for (const [text, hash] of cases) {
      const bytes = encoder.encode(text);
      expect(murmur3(bytes, 0, bytes.length)).toBe(hash);
    }
  });
});
