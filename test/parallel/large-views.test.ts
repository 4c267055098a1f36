/** @file Do views of shared memory survive the way to another thread, however large? Small limits stand for large ones. */
import { expect, it } from "vitest";
import { packLargeViews, unpackLargeViews } from "../../src/parallel/large-views.js";

const buffer = new SharedArrayBuffer(64);
const view = new Float32Array(buffer, 8, 10);
/** As another thread receives it. */
const sent = (value: unknown, limitBytes: number): unknown => {
  const packed = structuredClone(packLargeViews(value, limitBytes));
  return unpackLargeViews(packed);
};

it("carries a view of more than 4 GiB, of which the clone alone would keep the length modulo 2³² bytes", () => {
  // Never touched: takes no memory.
  const large = new Float32Array(new SharedArrayBuffer(2 ** 32 + 64), 32, 2 ** 30 + 7);
  const { weight } = sent({ weight: large }, 2 ** 32) as { weight: Float32Array };
  expect([weight.length, weight.byteOffset]).toEqual([2 ** 30 + 7, 32]);
  expect(structuredClone(large).length).toBeLessThan(large.length);
});

it("finds views of every type in nested objects, arrays and maps, and shares their memory", () => {
  const types = [Uint8Array, Int32Array, Uint32Array, Float32Array, Float64Array] as const;
  type Constructor = new (buffer: ArrayBufferLike, byteOffset: number, length: number) => Float32Array;
  const value = {
    layers: [{ weight: view, shape: [2, 5] }, null],
    views: types.map((Type) => new (Type as Constructor)(buffer, 16, 4)),
  };
  const arrived = sent(value, 1) as typeof value;
  expect(arrived).toEqual(value);
  arrived.views.forEach((one, i) => {
    expect(one).toBeInstanceOf(types[i]);
    expect([one.byteOffset, one.length]).toEqual([16, 4]);
  });
  new Float32Array(arrived.views[3].buffer)[5] = 7;
  expect(view[3]).toBe(7);
});

it("leaves all else as it is", () => {
  const own = new Float32Array(20);
  const small = new Float32Array(buffer, 0, 3);
  const value = { own, small, map: new Map([[1, small]]), text: "x", nothing: undefined, list: [1, [2]] };
  expect(packLargeViews(value, 13)).toBe(value);
  expect(unpackLargeViews(value)).toBe(value);
  expect(packLargeViews(null, 1)).toBeNull();
});
