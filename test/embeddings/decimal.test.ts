/** @file Decimal text gives the same f32 back, and reads as the language reads it. */
import fc from "fast-check";
import { expect, it } from "vitest";
import { formatDecimal, MOST_DECIMAL_BYTES, parseDecimal } from "../../src/embeddings/decimal.js";

const encoder = new TextEncoder();
const parse = (text: string): number => parseDecimal(encoder.encode(`x${text}y`), 1, 1 + text.length);
function format(value: number): string {
  const bytes = new Uint8Array(MOST_DECIMAL_BYTES + 2).fill(1);
  const end = formatDecimal(value, bytes, 1);
  expect(end).toBeLessThanOrEqual(1 + MOST_DECIMAL_BYTES);
  expect([bytes[0], bytes[end]]).toEqual([1, 1]);
  return String.fromCharCode(...bytes.subarray(1, end));
}

it("reads what the language reads, to the bit", () => {
  fc.assert(
    fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), fc.integer({ min: 1, max: 17 }), (x, digits) => {
      for (const text of [String(x), x.toPrecision(digits), x.toExponential(), x.toFixed(8)]) {
        expect(Object.is(parse(text), Number(text))).toBe(true);
      }
    }),
  );
  for (const text of ["0", "-0", "+1.5", "5.", ".5", "1e3", "007", "0.000000000000000000000000000001", "1E-40"]) {
    expect(Object.is(parse(text), Number(text))).toBe(true);
  }
  for (const text of ["", "-", ".", "e", "1e", "1.2.3", "nan", "inf", "0x10", "1,5", "--1", "1-"])
    expect(parse(text)).toBeNaN();
});

it("writes every f32 so that it comes back, short where it can", () => {
  fc.assert(
    fc.property(fc.float({ noNaN: true, noDefaultInfinity: true }), (x) => {
      const value = x === 0 ? 0 : x;
      expect(Math.fround(parse(format(value)))).toBe(value);
    }),
    { numRuns: 2000 },
  );
  fc.assert(
    fc.property(fc.float({ noNaN: true, min: -2, max: 2 }), (x) => {
      expect(Math.fround(Number(format(x)))).toBe(x === 0 ? 0 : x);
    }),
    { numRuns: 2000 },
  );
  expect([0.5, -0.25, 1, 100, 123456.5, Math.fround(0.1), 999999936].map(format)).toEqual([
    ...["0.5", "-0.25", "1", "100", "123456.5", "0.1", "999999940"],
  ]);
});
