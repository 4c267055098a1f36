import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  fitTexts,
  NumericVectorizer,
  parseVectorizer,
  type TextVectorizer,
  type TextVectorizerOptions,
} from "../../src/data/index.js";
import { SparseRow } from "../../src/data/sparse-row.js";
import { decodeCounts, encodeCounts } from "../../src/data/varint.js";

const texts = fc.array(
  fc
    .array(fc.constantFrom("red", "fish", "blue", "über", "日本", "x.y", "swim", "..."), { maxLength: 12 })
    .map((words) => words.join(" ")),
  { minLength: 1, maxLength: 12 },
);
const OPTIONS: Partial<TextVectorizerOptions>[] = [
  {},
  { minDocumentFrequency: 1, wordNgrams: 3 },
  { charNgrams: [2, 4], maxFeatures: 10 },
  { hashBits: 6, charNgrams: [1, 3] },
  { useIdf: false, alphabet: "ascii" },
];

function transformed(vectorizer: TextVectorizer, list: string[]) {
  return list.map((text) => vectorizer.transform(text));
}

describe("TextVectorizer", () => {
  it("gives queries the very rows it gave training, also after a round trip through JSON", () => {
    fc.assert(
      fc.property(texts, fc.constantFrom(...OPTIONS), (list, options) => {
        const { vectorizer, features } = fitTexts(list, options);
        const loaded = parseVectorizer(JSON.parse(JSON.stringify(vectorizer)), "vectorizer.json") as TextVectorizer;
        expect(loaded.numFeatures).toBe(features.numCols);
        for (const candidate of [vectorizer, loaded]) {
          transformed(candidate, list).forEach((row, i) => {
            const [start, end] = features.offsets.subarray(i, i + 2);
            expect(row.columns).toEqual(features.columns.slice(start, end));
            expect(row.values).toEqual(features.values.slice(start, end));
          });
        }
        expect(features.columns.length).toBe(features.offsets[features.numRows]);
        expect(JSON.stringify(loaded)).toBe(JSON.stringify(vectorizer));
      }),
    );
  });

  it("weighs by (1 + ln tf)(ln(N/df) + 1), length 1, drops rare and unknown features", () => {
    const { vectorizer } = fitTexts(["a a b", "a c", "b", "d"]);
    const row = vectorizer.transform("a a a b c zzz");
    const weights = [(1 + Math.log(3)) * (Math.log(4 / 2) + 1), Math.log(4 / 2) + 1];
    const norm = Math.hypot(...weights);
    expect(Array.from(row.columns)).toEqual([0, 1]);
    expect(Array.from(row.values)).toEqual(weights.map((w) => expect.closeTo(w / norm, 6)));
    expect(vectorizer.transform("zzz c").columns.length).toBe(0);
  });

  it("counts features that occur hundreds of times", () => {
    const long = `${"a ".repeat(300)}${"b ".repeat(254)}${"c ".repeat(255)}`;
    const { vectorizer, features } = fitTexts([long, long, "a d"]);
    expect(vectorizer.transform(long).values).toEqual(features.values.slice(0, 3));
  });

  it("refuses bad options and damaged files, naming them", () => {
    expect(() => fitTexts([], { wordNgrams: 0 })).toThrow("wordNgrams: expected an integer from 1 to 5, got 0");
    expect(() => fitTexts([], { hashBits: 40 })).toThrow("hashBits: expected an integer from 1 to 26, got 40");
    expect(() => fitTexts([], { charNgrams: [3, 2] })).toThrow(
      "charNgrams maximum: expected an integer from 3 to 20, got 2",
    );
    const json = fitTexts(["a b", "a b"]).vectorizer.toJSON();
    const read = (changes: object) => () => parseVectorizer({ ...json, ...changes }, "m/vectorizer.json");
    expect(read({ format: "x" })).toThrow('m/vectorizer.json: expected a vectorizer (format "manyworlds-vectorizer")');
    expect(read({ version: 2 })).toThrow("m/vectorizer.json: expected vectorizer version 1, got 2; update manyworlds");
    expect(read({ numDocuments: -1 })).toThrow("m/vectorizer.json: field numDocuments: ");
    expect(read({ terms: "a\na" })).toThrow("m/vectorizer.json: terms: expected distinct terms, line 2 repeats");
    expect(read({ terms: "a" })).toThrow("m/vectorizer.json: expected 1 counts, got more");
    expect(read({ documentFrequency: "*" })).toThrow("m/vectorizer.json: ");
    expect(() => parseVectorizer(null, "m/vectorizer.json")).toThrow("m/vectorizer.json: expected a vectorizer");
  });
});

describe("NumericVectorizer", () => {
  const row = (columns: number[]): SparseRow => {
    const out = new SparseRow();
    out.columns.set(columns);
    out.values.fill(2, 0, columns.length);
    out.length = columns.length;
    return out;
  };

  it("refuses columns beyond a promised D, drops those beyond a seen one, survives JSON", () => {
    expect(new NumericVectorizer(5, "header").apply(row([1, 5]))).toBe(-1);
    const seen = parseVectorizer(
      new NumericVectorizer(5, "data", { scaling: "l2" }).toJSON(),
      "v",
    ) as NumericVectorizer;
    const input = row([1, 4, 5, 9]);
    expect(seen.apply(input)).toBe(2);
    expect(input.length).toBe(2);
    expect(input.values[0]).toBeCloseTo(Math.SQRT1_2, 6);
  });

  it("tempers values by a power, then divides by the largest", () => {
    const input = row([0, 1, 2]);
    input.values.set([0.25, -4, 1]);
    new NumericVectorizer(3, "data", { scaling: "max", power: 0.5 }).apply(input);
    expect([...input.values.subarray(0, 3)]).toEqual([0.25, -1, 0.5]);
  });

  it.each(["l2", "max", "none"] as const)("scales by %s as the formula says, and the same after JSON", (scaling) => {
    const value = fc.integer({ min: -64_000, max: 64_000 }).map((x) => x / 64);
    const powers = fc.constantFrom(0.25, 0.5, 1, 2);
    fc.assert(
      fc.property(fc.array(value, { maxLength: 9 }), powers, (values, power) => {
        const tempered = values.map((x) => Math.sign(x) * Math.abs(x) ** power);
        const divisor = { l2: Math.hypot(...tempered), max: Math.max(0, ...tempered.map(Math.abs)), none: 1 }[scaling];
        const input = row(values.map((_, column) => column));
        input.values.set(values);
        const made = new NumericVectorizer(9, "data", { scaling, power });
        const loaded = parseVectorizer(JSON.parse(JSON.stringify(made)), "v") as NumericVectorizer;
        expect(loaded.options).toEqual({ scaling, power });
        expect(loaded.apply(input)).toBe(0);
        tempered.forEach((x, i) => {
          const expected = divisor === 0 ? 0 : x / divisor;
          expect(Math.abs(input.values[i] - expected)).toBeLessThanOrEqual(16 * 2 ** -24 * Math.abs(expected));
        });
      }),
    );
  });

  it.each(["l2", "max"] as const)("stays finite where a power would overflow, scaling by %s", (scaling) => {
    const input = row([0, 1]);
    input.values.set([1e30, -5e29]);
    new NumericVectorizer(2, "data", { scaling, power: 10 }).apply(input);
    expect(input.values[0]).toBeCloseTo(1, 5);
    expect(input.values[1]).toBeCloseTo(-(2 ** -10), 8);
  });
});

describe("counts as text", () => {
  it("survive a round trip", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(0xffffffff)), (counts) => {
        const array = Uint32Array.from(counts);
        expect(decodeCounts(encodeCounts(array), array.length)).toEqual(array);
      }),
    );
  });
});

describe("SparseRow", () => {
  it("sorts short and long rows alike", () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat(0xffffffff), { maxLength: 300 }), (columns) => {
        const out = new SparseRow();
        out.reserve(columns.length);
        out.columns.set(columns);
        columns.forEach((column, i) => {
          out.values[i] = column % 1000;
        });
        out.length = columns.length;
        out.sort();
        const sorted = [...columns].sort((a, b) => a - b);
        expect(Array.from(out.columns.subarray(0, out.length))).toEqual(sorted);
        expect(Array.from(out.values.subarray(0, out.length))).toEqual(sorted.map((column) => column % 1000));
      }),
    );
  });
});
