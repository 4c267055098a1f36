/**
 * @file What do the bytes of an idx file hold? The array format that the MNIST digits come in.
 *
 *   offset      bytes   what
 *   0           2       zero
 *   2           1       type of a number: 08 u8 · 09 i8 · 0b i16 · 0c i32 · 0d f32 · 0e f64
 *   3           1       n, how many dimensions
 *   4           4·n     the dimensions, u32
 *   4 + 4·n     …       the numbers, row-major, to the end of the file
 *
 * All numbers are big-endian. The header says exactly how long the file is, so that one cut off or followed by
 * anything is told from a whole one.
 *
 * Source: LeCun, Cortes, Burges, "The MNIST database of handwritten digits", the section on file formats.
 */
import { FormatError } from "../core/errors.js";

/** Numbers [shape[0], shape[1], …], row-major. `type` says what the file held, and `data` is of that type. */
export type IdxArray = { readonly shape: readonly number[] } & (
  | { readonly type: "u8"; readonly data: Uint8Array }
  | { readonly type: "i8"; readonly data: Int8Array }
  | { readonly type: "i16"; readonly data: Int16Array }
  | { readonly type: "i32"; readonly data: Int32Array }
  | { readonly type: "f32"; readonly data: Float32Array }
  | { readonly type: "f64"; readonly data: Float64Array }
);

const TYPES = new Map<number, { readonly name: IdxArray["type"]; readonly bytes: number }>([
  [0x08, { name: "u8", bytes: 1 }],
  [0x09, { name: "i8", bytes: 1 }],
  [0x0b, { name: "i16", bytes: 2 }],
  [0x0c, { name: "i32", bytes: 4 }],
  [0x0d, { name: "f32", bytes: 4 }],
  [0x0e, { name: "f64", bytes: 8 }],
]);

/**
 * The array in `bytes`, a whole idx file that is not compressed. Bytes and signed bytes are views of `bytes`; numbers
 * of more bytes are copied. `file` is named in errors.
 * @throws {FormatError} for bytes of another format, of an unknown type, cut off, or followed by more.
 */
export function parseIdx(bytes: Uint8Array, file: string): IdxArray {
  if (bytes.length < 4) throw cutOff(file, "at least 4 bytes of an idx header", bytes.length);
  if (bytes[0] !== 0 || bytes[1] !== 0) {
    const head = [...bytes.subarray(0, 4)].map((byte) => byte.toString(16).padStart(2, "0")).join(" ");
    const problem = `expected an idx file, which starts with two zero bytes, got ${head}`;
    throw new FormatError({ file }, `${problem}; is it compressed, or another format?`);
  }
  const type = TYPES.get(bytes[2]);
  if (type === undefined) {
    const known = [...TYPES.keys()].map((code) => code.toString(16).padStart(2, "0")).join(" ");
    const problem = `expected an idx type among ${known}, got ${bytes[2].toString(16).padStart(2, "0")}`;
    throw new FormatError({ file }, `${problem}; is it an idx file?`);
  }
  const headerBytes = 4 + 4 * bytes[3];
  if (bytes.length < headerBytes) {
    throw cutOff(file, `${headerBytes} bytes of an idx header of ${bytes[3]} dimensions`, bytes.length);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const shape = Array.from({ length: bytes[3] }, (_, i) => view.getUint32(4 + 4 * i));
  // Dimensions of more than 2⁵³ numbers make this inexact, but then no file is as long.
  const length = shape.includes(0) ? 0 : shape.reduce((product, size) => product * size, 1);
  const expected = headerBytes + length * type.bytes;
  const what = `${expected} bytes for [${shape.join(", ")}] of ${type.name}`;
  if (bytes.length < expected) throw cutOff(file, what, bytes.length);
  if (bytes.length > expected) {
    throw new FormatError(
      { file },
      `expected ${what}, got ${bytes.length}; is something appended, or the header damaged?`,
    );
  }
  return numbersOf(type.name, shape, view, headerBytes, length);
}

function cutOff(file: string, expected: string, numBytes: number): FormatError {
  return new FormatError({ file }, `expected ${expected}, got ${numBytes}; copy or download it again`);
}

function numbersOf(
  type: IdxArray["type"],
  shape: readonly number[],
  view: DataView,
  offset: number,
  length: number,
): IdxArray {
  const start = view.byteOffset + offset;
  switch (type) {
    case "u8":
      return { type, shape, data: new Uint8Array(view.buffer, start, length) };
    case "i8":
      return { type, shape, data: new Int8Array(view.buffer, start, length) };
    case "i16":
      return { type, shape, data: Int16Array.from({ length }, (_, i) => view.getInt16(offset + 2 * i)) };
    case "i32":
      return { type, shape, data: Int32Array.from({ length }, (_, i) => view.getInt32(offset + 4 * i)) };
    case "f32":
      return { type, shape, data: Float32Array.from({ length }, (_, i) => view.getFloat32(offset + 4 * i)) };
    case "f64":
      return { type, shape, data: Float64Array.from({ length }, (_, i) => view.getFloat64(offset + 8 * i)) };
  }
}
