import { describe, expect, it } from "vitest";
import { ChunkedArray } from "../../src/data/chunked-array.js";

const CHUNK = 2 ** 20;

describe("ChunkedArray", () => {
  it("keeps order across chunks, reads any range, moves to an exact shared array", () => {
    const length = 2 * CHUNK + 5;
    const make = (): ChunkedArray<Uint32Array> => {
      const array = new ChunkedArray<Uint32Array>(Uint32Array);
      array.push(0);
      const piece = new Uint32Array(1000);
      for (let next = 1; next < length; ) {
        const count = Math.min(1000, length - next);
        for (let i = 0; i < count; i++) piece[i] = next++;
        array.pushAll(piece, count);
      }
      return array;
    };
    const array = make();
    expect(array.length).toBe(length);
    const out = new Uint32Array(10);
    array.readInto(CHUNK - 4, 10, out);
    expect(Array.from(out)).toEqual(Array.from({ length: 10 }, (_, i) => CHUNK - 4 + i));
    array.readInto(2 * CHUNK, 5, out);
    expect(Array.from(out.subarray(0, 5))).toEqual([0, 1, 2, 3, 4].map((i) => 2 * CHUNK + i));

    const shared = make().moveToShared();
    expect(shared.buffer.byteLength).toBe(4 * length);
    expect(shared.every((value, i) => value === i)).toBe(true);
  });

  it("may be empty", () => {
    const array = new ChunkedArray<Float32Array>(Float32Array);
    expect([array.length, array.moveToShared().length]).toEqual([0, 0]);
  });
});
