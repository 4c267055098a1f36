import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readFileSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  decodeSafetensors,
  encodeHeader,
  encodeSafetensors,
  type NamedTensor,
  tensorBytes,
  tensorPieces,
} from "../../src/checkpoint/safetensors.js";
import {
  loadSafetensors,
  readSafetensors,
  readSafetensorsHeader,
  writeSafetensors,
} from "../../src/checkpoint/safetensors-file.node.js";
import { StorageError } from "../../src/checkpoint/storage-error.js";
import { FormatError, ShapeError } from "../../src/core/index.js";
import { temporaryDirectory } from "./temporary-directory.js";

const sample = (): NamedTensor[] => [
  { name: "0.weight", shape: [2, 3], data: Float32Array.of(1.5, -2, 0, 3e38, -0, 1e-45) },
  { name: "counts", shape: [4], data: Uint32Array.of(0, 1, 2 ** 32 - 1, 7) },
  { name: "codes", shape: [3], data: Uint8Array.of(1, 255, 0) },
  { name: "empty", shape: [0, 5], data: new Float32Array(0) },
  { name: "scalar", shape: [], data: Uint8Array.of(9) },
];
const METADATA = { world: "7", note: "ünï ☃" };

function bytesOf(tensors: readonly NamedTensor[], metadata: Record<string, string> = {}): Uint8Array {
  return Uint8Array.from(Buffer.concat([...encodeSafetensors(tensors, metadata)]));
}

/** Everything that a reader gets out of a file, comparable. */
function contentOf(bytes: Uint8Array): string {
  const { tensors, metadata } = decodeSafetensors(bytes, "x.safetensors");
  const list = [...tensors.values()].map(({ name, shape, data }) => {
    const type = data.constructor.name;
    return [name, type, shape, Buffer.from(tensorBytes(data, data.length)).toString("hex")];
  });
  return JSON.stringify([list.sort(), Object.entries(metadata).sort()]);
}

function file(header: unknown, data: Uint8Array = new Uint8Array(0)): Uint8Array {
  const json = new TextEncoder().encode(typeof header === "string" ? header : JSON.stringify(header));
  const prefix = new Uint8Array(8);
  new DataView(prefix.buffer).setUint32(0, json.length, true);
  return Uint8Array.from(Buffer.concat([prefix, json, data]));
}

describe("safetensors bytes", () => {
  it("of a tensor are the same in one view and in pieces, which share its memory", () => {
    const data = Float32Array.from({ length: 11 }, (_, i) => i - 0.5).subarray(1);
    for (const [size, viewBytes, count] of [
      [9, 8, 5],
      [9, 36, 1],
      [9, 1000, 1],
      [0, 8, 0],
    ] as const) {
      const pieces = [...tensorPieces(data, size, viewBytes)];
      expect(pieces).toHaveLength(count);
      expect(Buffer.concat(pieces)).toEqual(Buffer.from(tensorBytes(data, size)));
      expect(pieces.every(({ buffer }) => buffer === data.buffer)).toBe(true);
    }
  });

  it("round-trip, bit for bit", () => {
    const { tensors, metadata } = decodeSafetensors(bytesOf(sample(), METADATA), "x");
    expect(metadata).toEqual(METADATA);
    for (const { name, shape, data } of sample()) {
      expect(tensors.get(name)?.shape).toEqual(shape);
      expect(tensors.get(name)?.data).toEqual(data);
    }
  });

  it("round-trip for any names, shapes and contents", () => {
    const tensor = fc
      .record({
        shape: fc.array(fc.nat(4), { maxLength: 3 }),
        kind: fc.constantFrom("F32", "U32", "U8"),
        fill: fc.nat(255),
      })
      .map(({ shape, kind, fill }) => {
        const size = shape.reduce((a, b) => a * b, 1);
        const data =
          kind === "F32" ? new Float32Array(size) : kind === "U32" ? new Uint32Array(size) : new Uint8Array(size);
        return { shape, data: data.fill(fill) };
      });
    const name = fc.string({ unit: "grapheme" }).filter((s) => s !== "__metadata__");
    fc.assert(
      fc.property(
        fc.uniqueArray(name, { maxLength: 5 }),
        fc.array(tensor, { minLength: 5, maxLength: 5 }),
        (names, list) => {
          const tensors = names.map((n, i) => ({ name: n, ...list[i] }));
          const bytes = bytesOf(tensors);
          const decoded = decodeSafetensors(bytes, "x").tensors;
          expect(decoded.size).toBe(tensors.length);
          for (const t of tensors) expect(decoded.get(t.name)).toEqual(t);
        },
      ),
    );
  });

  it("are laid out as the format says", () => {
    const bytes = bytesOf([{ name: "t", shape: [2], data: Float32Array.of(1, 2) }], { a: "b" });
    const length = new DataView(bytes.buffer).getUint32(0, true);
    expect(length % 8).toBe(0);
    const json = new TextDecoder().decode(bytes.subarray(8, 8 + length));
    expect(json.trimEnd()).toBe('{"__metadata__":{"a":"b"},"t":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}');
    expect([...bytes.subarray(8 + length)]).toEqual([0, 0, 128, 63, 0, 0, 0, 64]);
  });

  it("write only what the shape says of longer arrays, and refuse shorter ones and names used twice", () => {
    const long = { name: "t", shape: [2], data: Uint8Array.of(1, 2, 3) };
    expect([...(decodeSafetensors(bytesOf([long]), "x").tensors.get("t")?.data ?? [])]).toEqual([1, 2]);
    expect(() => encodeHeader([{ ...long, shape: [4] }], {})).toThrow(ShapeError);
    expect(() => encodeHeader([long, long], {})).toThrow(ShapeError);
  });
});

describe("damaged safetensors", () => {
  const whole = bytesOf(sample(), METADATA);

  it("are a FormatError at every truncation and with bytes after the end", () => {
    for (let length = 0; length < whole.length; length++) {
      expect(() => decodeSafetensors(whole.slice(0, length), "x"), `${length} bytes`).toThrow(FormatError);
    }
    expect(() => decodeSafetensors(Uint8Array.from([...whole, 0]), "x")).toThrow(/after the last tensor/);
  });

  it("are a FormatError, or visibly other content, for every flipped bit of the header", () => {
    const original = contentOf(whole);
    const headerEnd = 8 + new DataView(whole.buffer).getUint32(0, true);
    const json = new TextDecoder().decode(whole.subarray(8, headerEnd)).trimEnd();
    const jsonEnd = 8 + new TextEncoder().encode(json).length;
    for (let at = 0; at < jsonEnd; at++) {
      for (let bit = 0; bit < 8; bit++) {
        const bytes = whole.slice();
        bytes[at] ^= 1 << bit;
        let content: string | null = null;
        try {
          content = contentOf(bytes);
        } catch (error) {
          expect(error, `byte ${at}, bit ${bit}`).toBeInstanceOf(FormatError);
        }
        expect(content, `byte ${at}, bit ${bit}`).not.toBe(original);
      }
    }
  });

  it("never crash the reader, whatever the bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
        expect(() => decodeSafetensors(bytes, "x")).toThrow(FormatError);
      }),
    );
    const anyEntry = fc.record(
      {
        dtype: fc.oneof(fc.constantFrom("F32", "U8", "F64"), fc.jsonValue()),
        shape: fc.oneof(fc.array(fc.integer()), fc.jsonValue()),
        data_offsets: fc.oneof(fc.array(fc.integer({ min: -9, max: 2 ** 53 })), fc.jsonValue()),
      },
      { requiredKeys: [] },
    );
    const anyHeader = fc.oneof(fc.jsonValue(), fc.dictionary(fc.string(), fc.oneof(anyEntry, fc.jsonValue())));
    fc.assert(
      fc.property(anyHeader, fc.uint8Array({ maxLength: 8 }), (header, data) => {
        try {
          decodeSafetensors(file(header, data), "x");
        } catch (error) {
          expect(error).toBeInstanceOf(FormatError);
        }
      }),
    );
  });

  const u8 = (begin: number, end: number): unknown => ({
    dtype: "U8",
    shape: [end - begin],
    data_offsets: [begin, end],
  });
  const four = Uint8Array.of(1, 2, 3, 4);
  it.each([
    ["a header longer than the file", Uint8Array.of(255, 0, 0, 0, 0, 0, 0, 0, 123, 125), /its length says 255/],
    ["a header of 2^56 bytes", Uint8Array.of(2, 0, 0, 0, 0, 0, 0, 1, 123, 125), /its length says/],
    ["no JSON", file("{nonsense"), /expected a JSON header/],
    [
      "bytes that are not UTF-8",
      file("{}").map((b, i) => (i === 8 ? 123 : i === 9 ? 255 : b)),
      /expected a JSON header/,
    ],
    ["an array", file("[]"), /does not start with {/],
    ["a gap", file({ a: u8(0, 1), b: u8(2, 4) }, four), /expected to start at byte/],
    ["an overlap", file({ a: u8(0, 3), b: u8(2, 4) }, four), /expected to start at byte/],
    ["a foreign dtype", file({ a: { dtype: "BF16", shape: [2], data_offsets: [0, 4] } }, four), /expected dtype/],
    [
      "a shape that is no count",
      file({ a: { dtype: "U8", shape: [-4], data_offsets: [0, 4] } }, four),
      /expected a shape/,
    ],
    [
      "a shape that overflows",
      file({ a: { dtype: "U8", shape: [2 ** 40, 2 ** 40], data_offsets: [0, 4] } }, four),
      /offsets span/,
    ],
    [
      "offsets that disagree with the shape",
      file({ a: { dtype: "F32", shape: [2], data_offsets: [0, 4] } }, four),
      /expected 8 bytes/,
    ],
    ["metadata that is no map of strings", file({ __metadata__: { a: 1 } }), /__metadata__/],
  ])("are named: %s", (_, bytes, message) => {
    expect(() => decodeSafetensors(bytes, "x.safetensors")).toThrow(message);
    expect(() => decodeSafetensors(bytes, "x.safetensors")).toThrow(/^x\.safetensors: .*damaged or not safetensors$/);
  });
});

describe("safetensors files", () => {
  it("go from and to arrays in place, shared memory included, hashed on the way", () => {
    const path = join(temporaryDirectory(), "t.safetensors");
    const shared = new Float32Array(new SharedArrayBuffer(4 * 400_000));
    for (let i = 0; i < shared.length; i++) shared[i] = Math.fround(Math.sin(i));
    const { sha256, bytes } = writeSafetensors(
      path,
      [{ name: "w", shape: [400_000], data: shared }, ...sample()],
      METADATA,
    );
    const raw = readFileSync(path);
    expect(bytes).toBe(raw.length);
    expect(sha256).toBe(createHash("sha256").update(raw).digest("hex"));

    const target = new Float32Array(new SharedArrayBuffer(shared.byteLength + 8), 8);
    const header = readSafetensors(path, ({ name }) => (name === "w" ? target : null), { sha256, bytes });
    expect(target.every((x, i) => x === shared[i])).toBe(true);
    expect(header.metadata).toEqual(METADATA);
    expect(readSafetensorsHeader(path)).toEqual(header);
    const loaded = loadSafetensors(path, { sha256 }).tensors;
    for (const { name, data } of sample()) expect(loaded.get(name)?.data).toEqual(data);
  });

  it("are FormatErrors with file and remedy when truncated, tampered or too large for the target", () => {
    const path = join(temporaryDirectory(), "t.safetensors");
    const { sha256, bytes } = writeSafetensors(path, sample());
    const remedy = "train again";
    const read = (): unknown => loadSafetensors(path, { sha256, bytes, remedy });
    const raw = readFileSync(path);

    const flipped = Uint8Array.from(raw);
    flipped[raw.length - 1] ^= 1;
    writeFileSync(path, flipped);
    expect(read).toThrow(/t\.safetensors: its SHA-256 is not the one in the manifest.*; train again$/);
    expect(() => readSafetensors(path, () => null, { sha256 })).toThrow(FormatError);

    writeFileSync(path, raw);
    truncateSync(path, raw.length - 2);
    expect(read).toThrow(/truncated or was replaced; train again$/);
    expect(() => loadSafetensors(path, { remedy })).toThrow(/truncated.*; train again$/);

    writeFileSync(path, raw);
    expect(() => readSafetensors(path, () => new Float32Array(1))).toThrow(
      /expected room for F32 \[2,3\], got F32 of 1/,
    );
    expect(() => readSafetensors(path, () => new Uint8Array(99))).toThrow(FormatError);
  });

  it("say what stands in the way: nothing there, a directory", () => {
    const path = temporaryDirectory();
    expect(() => loadSafetensors(join(path, "none"))).toThrow(StorageError);
    expect(() => loadSafetensors(path)).toThrow(/found a directory/);
  });

  const python = spawnSync("python3", ["--version"]).status === 0;
  it.skipIf(!python)("are read by another program from the specification alone", () => {
    const path = join(temporaryDirectory(), "t.safetensors");
    const tensors = sample();
    tensors[0] = { name: "0.weight", shape: [2, 3], data: Float32Array.of(1.5, -2, 0, 3, -4, 0.25) };
    writeSafetensors(path, tensors, METADATA);
    const script = `
import json, struct, sys
raw = open(sys.argv[1], "rb").read()
(n,) = struct.unpack("<Q", raw[:8])
header = json.loads(raw[8:8 + n])
meta = header.pop("__metadata__")
code = {"F32": "f", "U32": "I", "U8": "B"}
out, end = {}, 0
for name, t in sorted(header.items(), key=lambda kv: kv[1]["data_offsets"]):
    begin, stop = t["data_offsets"]
    assert begin == end, "gap"
    end = stop
    count = 1
    for d in t["shape"]:
        count *= d
    out[name] = [t["shape"], list(struct.unpack("<%d%s" % (count, code[t["dtype"]]), raw[8 + n + begin:8 + n + stop]))]
assert 8 + n + end == len(raw) and n % 8 == 0
print(json.dumps([meta, out]))
`;
    const run = spawnSync("python3", ["-c", script, path], { encoding: "utf8" });
    expect(run.stderr).toBe("");
    const [metadata, read] = JSON.parse(run.stdout);
    expect(metadata).toEqual(METADATA);
    expect(read).toEqual(Object.fromEntries(tensors.map(({ name, shape, data }) => [name, [shape, [...data]]])));
  });
});
