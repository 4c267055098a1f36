/** @file idx files: every type of number, and every way in which a file can be wrong. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { FormatError } from "../../src/core/index.js";
import { type IdxArray, loadIdx, parseIdx } from "../../src/data/index.js";

const folder = mkdtempSync(join(tmpdir(), "manyworlds-idx-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** A header, then `data` as it stands. */
function idx(type: number, shape: readonly number[], data: readonly number[] = []): Uint8Array {
  const bytes = new Uint8Array(4 + 4 * shape.length + data.length);
  bytes.set([0, 0, type, shape.length]);
  const view = new DataView(bytes.buffer);
  shape.forEach((size, i) => {
    view.setUint32(4 + 4 * i, size);
  });
  bytes.set(data, 4 + 4 * shape.length);
  return bytes;
}

const WRITERS = {
  i16: { code: 0x0b, bytes: 2, write: (view: DataView, at: number, x: number) => view.setInt16(at, x) },
  i32: { code: 0x0c, bytes: 4, write: (view: DataView, at: number, x: number) => view.setInt32(at, x) },
  f32: { code: 0x0d, bytes: 4, write: (view: DataView, at: number, x: number) => view.setFloat32(at, x) },
  f64: { code: 0x0e, bytes: 8, write: (view: DataView, at: number, x: number) => view.setFloat64(at, x) },
} as const;

describe("parseIdx", () => {
  it("reads bytes, unsigned and signed, without copying them", () => {
    const bytes = idx(0x08, [2, 1, 3], [0, 1, 127, 128, 254, 255]);
    const unsigned = parseIdx(bytes, "u8");
    expect(unsigned).toEqual({ type: "u8", shape: [2, 1, 3], data: Uint8Array.of(0, 1, 127, 128, 254, 255) });
    expect(unsigned.data.buffer).toBe(bytes.buffer);
    const signed = parseIdx(idx(0x09, [3], [0, 127, 255]), "i8");
    expect(signed).toEqual({ type: "i8", shape: [3], data: Int8Array.of(0, 127, -1) });
  });

  it.each([
    ["i16", fc.integer({ min: -32768, max: 32767 })],
    ["i32", fc.integer()],
    ["f32", fc.float()],
    ["f64", fc.double()],
  ] as const)("reads big-endian %s, wherever the bytes stand in their buffer", (type, numbers) => {
    const { code, bytes, write } = WRITERS[type];
    fc.assert(
      fc.property(fc.array(numbers, { maxLength: 20 }), fc.nat({ max: 7 }), (values, offset) => {
        const file = idx(code, [values.length, 1], new Array(values.length * bytes).fill(0));
        const view = new DataView(file.buffer);
        values.forEach((x, i) => {
          write(view, 12 + i * bytes, x);
        });
        const within = new Uint8Array(offset + file.length + 3);
        within.set(file, offset);
        const array: IdxArray = parseIdx(within.subarray(offset, offset + file.length), "file");
        expect([array.type, array.shape]).toEqual([type, [values.length, 1]]);
        expect(Array.from(array.data)).toEqual(values);
      }),
    );
  });

  it("takes an array without dimensions for one number, and one with a dimension of 0 for none", () => {
    expect(parseIdx(idx(0x08, [], [7]), "scalar")).toEqual({ type: "u8", shape: [], data: Uint8Array.of(7) });
    // The product of the other dimensions is more than a number holds exactly.
    const shape = [...new Array(40).fill(2 ** 32 - 1), 0];
    expect(parseIdx(idx(0x0d, shape), "none")).toEqual({ type: "f32", shape, data: new Float32Array(0) });
  });

  it.each([
    ["nothing", new Uint8Array(0), "expected at least 4 bytes of an idx header, got 0; copy or download it again"],
    ["half a magic number", Uint8Array.of(0, 0, 8), "expected at least 4 bytes of an idx header, got 3"],
    [
      "text",
      new TextEncoder().encode("label\n"),
      "expected an idx file, which starts with two zero bytes, got 6c 61 62",
    ],
    ["gzip", gzipSync(idx(8, [0])), "got 1f 8b 08 00; is it compressed, or another format?"],
    ["a type that does not exist", idx(0x0a, [1], [1]), "expected an idx type among 08 09 0b 0c 0d 0e, got 0a"],
    [
      "half a header",
      idx(8, [3, 28, 28]).subarray(0, 15),
      "expected 16 bytes of an idx header of 3 dimensions, got 15",
    ],
    ["too few numbers", idx(8, [2, 3], [1, 2, 3, 4, 5]), "expected 18 bytes for [2, 3] of u8, got 17; copy or"],
    ["half a number", idx(0x0d, [1], [1, 2, 3]), "expected 12 bytes for [1] of f32, got 11"],
    ["trailing bytes", idx(0x0c, [1], [1, 2, 3, 4, 5]), "expected 12 bytes for [1] of i32, got 13; is something"],
    ["more than any file holds", idx(8, new Array(3).fill(2 ** 32 - 1)), "[4294967295, 4294967295, 4294967295] of u8"],
  ])("refuses %s", (_, bytes, message) => {
    const parse = () => parseIdx(bytes, "digits.idx");
    expect(parse).toThrow(FormatError);
    expect(parse).toThrow(/^digits\.idx: expected /);
    expect(parse).toThrow(message);
  });

  it("never reads beyond the bytes given, whatever they are", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), fc.constantFrom(8, 9, 11, 12, 13, 14), (bytes, type) => {
        bytes.set([0, 0, type].slice(0, bytes.length));
        try {
          const { data, shape } = parseIdx(bytes, "file");
          expect(4 + 4 * shape.length + data.byteLength).toBe(bytes.length);
        } catch (error) {
          expect(error).toBeInstanceOf(FormatError);
        }
      }),
    );
  });
});

describe("loadIdx", () => {
  function write(name: string, contents: Uint8Array): string {
    const path = join(folder, name);
    writeFileSync(path, contents);
    return path;
  }
  // Beyond one chunk of the byte source, and not a multiple of it.
  const data = Array.from({ length: 600_001 }, (_, i) => (i * 7) % 256);
  const file = idx(8, [data.length], data);

  it("reads plain and gzipped files of several chunks", async () => {
    for (const path of [write("plain.idx", file), write("packed.gz", gzipSync(file))]) {
      const array = await loadIdx(path);
      expect(array.shape).toEqual([data.length]);
      expect(Buffer.from(data).equals(array.data as Uint8Array)).toBe(true);
    }
  });

  it("names the file that is absent, cut off or of another format", async () => {
    await expect(loadIdx(join(folder, "absent"))).rejects.toThrow(/absent: expected a file, got nothing of that name/);
    const packed = gzipSync(file);
    const cut = packed.subarray(0, packed.length >> 1);
    await expect(loadIdx(write("cut.gz", cut))).rejects.toThrow(/cut\.gz: expected a whole gzip file, got one that is/);
    await expect(loadIdx(write("short.idx", file.subarray(0, 400_000)))).rejects.toThrow(
      /short\.idx: expected 600009 bytes for \[600001\] of u8, got 400000/,
    );
    await expect(loadIdx(write("empty", new Uint8Array(0)))).rejects.toThrow(FormatError);
  });

  it("reads the bundled digits: a label from 0 to 9 for every image of 28 × 28 bytes", async () => {
    const digits = fileURLToPath(new URL("../../data/digits/", import.meta.url));
    for (const [split, count] of [
      ["train", 2000],
      ["test", 1000],
    ] as const) {
      const images = await loadIdx(`${digits}${split}-images-idx3-ubyte.gz`);
      const labels = await loadIdx(`${digits}${split}-labels-idx1-ubyte.gz`);
      expect([images.type, images.shape]).toEqual(["u8", [count, 28, 28]]);
      expect([labels.type, labels.shape]).toEqual(["u8", [count]]);
      expect(new Set(labels.data)).toEqual(new Set([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]));
      expect(Math.max(...images.data.subarray(0, 28 * 28))).toBeGreaterThan(200);
    }
  });
});
