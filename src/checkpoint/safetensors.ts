/**
 * @file The safetensors format: named arrays in one file, readable by Python, Rust and browsers, without code in it.
 *
 *   offset   bytes  content
 *   0        8      H, length of the header, little-endian u64; ≤ 100,000,000
 *   8        H      header, UTF-8 JSON object, first byte `{`, padded at its end with spaces so that 8 + H is a multiple of 8
 *   8 + H    rest   data: the tensors' bytes, little-endian, row-major, without gaps, in any order
 *
 *   header   { "__metadata__": { "any": "string", … },
 *              "0.weight": { "dtype": "F32", "shape": [D, H], "data_offsets": [begin, end] }, … }   offsets from 8 + H
 *
 * Reader: check H against the file's length, parse, check each entry (dtype, end − begin = Π shape · size of dtype),
 * sort by begin and check that the ranges tile the data exactly, up to the last byte of the file.
 * The writer sorts nothing: tensors stand in the order given. 4-byte types should come before U8 to stay aligned.
 *
 * Source: the format's specification, github.com/huggingface/safetensors, README and `safetensors/src/tensor.rs`.
 * Not here: other dtypes than those manyworlds writes; files (safetensors-file.node.ts).
 */
import { FormatError, ShapeError } from "../core/errors.js";

/** The numbers of a tensor, in the array type of its dtype. */
export type TensorArray = Float32Array | Uint32Array | Uint8Array;
/** Types of numbers that are written and read here; the format has more. */
export type Dtype = "F32" | "U32" | "U8";

/** A tensor to be written: `data` may be longer than the product of `shape`; the rest is not written. */
export interface NamedTensor {
  /** Any but `__metadata__`, once a file. */
  readonly name: string;
  /** Row-major; [] is a single number. */
  readonly shape: readonly number[];
  readonly data: TensorArray;
}

/** Where a tensor stands in a file. */
export interface TensorEntry {
  readonly name: string;
  readonly dtype: Dtype;
  /** Row-major; [] is a single number. */
  readonly shape: readonly number[];
  /** Elements. */
  readonly size: number;
  /** From the start of the file. */
  readonly beginBytes: number;
  /** From the start of the file; the byte behind the last. */
  readonly endBytes: number;
}

/** What a file holds, and where. */
export interface SafetensorsHeader {
  /** In the order of their bytes. */
  readonly tensors: readonly TensorEntry[];
  /** Empty where the file has none. */
  readonly metadata: Readonly<Record<string, string>>;
}

/** Bytes before the header's JSON. */
export const PREFIX_BYTES = 8;
/** The limit of the reference implementation. */
export const MAX_HEADER_BYTES = 100_000_000;
const ELEMENT_BYTES: Record<Dtype, number> = { F32: 4, U32: 4, U8: 1 };
const REMEDY = "the file is damaged or not safetensors";

/** The dtype under which `data` is written. */
export function dtypeOf(data: TensorArray): Dtype {
  return data instanceof Float32Array ? "F32" : data instanceof Uint32Array ? "U32" : "U8";
}

/** The first `size` elements of an array, as the bytes that a file holds: 2³² at most. Shares memory with `data`. */
export function tensorBytes(data: TensorArray, size: number): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, size * data.BYTES_PER_ELEMENT);
}

/** Node 20 has no view of more than 2³² bytes, so that larger tensors are seen piece by piece. */
const VIEW_BYTES = 2 ** 30;

/** As `tensorBytes`, of any size, in pieces of at most `viewBytes`. */
export function* tensorPieces(
  data: TensorArray,
  size: number,
  viewBytes: number = VIEW_BYTES,
): Generator<Uint8Array, void> {
  const bytes = size * data.BYTES_PER_ELEMENT;
  for (let start = 0; start < bytes; start += viewBytes) {
    yield new Uint8Array(data.buffer, data.byteOffset + start, Math.min(viewBytes, bytes - start));
  }
}

/** An array of `size` elements for each dtype, in ordinary memory. */
export function newTensorArray(dtype: Dtype, size: number): TensorArray {
  return dtype === "F32" ? new Float32Array(size) : dtype === "U32" ? new Uint32Array(size) : new Uint8Array(size);
}

/** Prefix and header for `tensors`, whose bytes must follow in this order. @throws {ShapeError} for data too short or names used twice. */
export function encodeHeader(tensors: readonly NamedTensor[], metadata: Readonly<Record<string, string>>): Uint8Array {
  const header: Record<string, unknown> = Object.create(null);
  if (Object.keys(metadata).length > 0) header.__metadata__ = metadata;
  let offset = 0;
  for (const { name, shape, data } of tensors) {
    const size = shape.reduce((a, b) => a * b, 1);
    if (name in header || name === "__metadata__") {
      throw new ShapeError(`safetensors: expected distinct tensor names other than __metadata__, got ${name} again`);
    }
    if (data.length < size) {
      throw new ShapeError(`safetensors: expected ${size} numbers in ${name} [${shape}], got ${data.length}`);
    }
    const end = offset + size * data.BYTES_PER_ELEMENT;
    header[name] = { dtype: dtypeOf(data), shape, data_offsets: [offset, end] };
    offset = end;
  }
  const json = new TextEncoder().encode(JSON.stringify(header));
  const length = Math.ceil(json.length / 8) * 8;
  const bytes = new Uint8Array(PREFIX_BYTES + length).fill(0x20);
  const prefix = new DataView(bytes.buffer);
  prefix.setUint32(0, length, true);
  prefix.setUint32(4, 0, true);
  bytes.set(json, PREFIX_BYTES);
  return bytes;
}

/** A whole file piece by piece, for `writeFileAtomic`: the header, then each tensor's own bytes, not copied. */
export function* encodeSafetensors(
  tensors: readonly NamedTensor[],
  metadata: Readonly<Record<string, string>> = {},
): Generator<Uint8Array, void> {
  yield encodeHeader(tensors, metadata);
  for (const { shape, data } of tensors) {
    const size = shape.reduce((a, b) => a * b, 1);
    yield* tensorPieces(data, size);
  }
}

/** Header length from the first 8 bytes. @throws {FormatError} if a file of `fileBytes` bytes cannot hold it. */
export function parsePrefix(prefix: Uint8Array, fileBytes: number, file: string): number {
  if (fileBytes < PREFIX_BYTES + 2 || prefix.length < PREFIX_BYTES) {
    throw new FormatError({ file }, `expected a safetensors header, got a file of ${fileBytes} bytes; ${REMEDY}`);
  }
  const view = new DataView(prefix.buffer, prefix.byteOffset, PREFIX_BYTES);
  const length = view.getUint32(0, true) + view.getUint32(4, true) * 2 ** 32;
  if (length > MAX_HEADER_BYTES || length > fileBytes - PREFIX_BYTES) {
    throw new FormatError(
      { file },
      `expected a header of at most ${Math.min(MAX_HEADER_BYTES, fileBytes - PREFIX_BYTES)} bytes, its length says ${length}; ${REMEDY}`,
    );
  }
  return length;
}

/** The header from its JSON bytes, checked against the file's length. @throws {FormatError} */
export function parseHeader(json: Uint8Array, fileBytes: number, file: string): SafetensorsHeader {
  const fail = (problem: string): never => {
    throw new FormatError({ file }, `${problem}; ${REMEDY}`);
  };
  let header: unknown;
  try {
    if (json[0] !== 0x7b) throw new SyntaxError("it does not start with {");
    header = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(json));
  } catch (error) {
    return fail(`expected a JSON header, got: ${(error as Error).message}`);
  }
  const dataStart = PREFIX_BYTES + json.length;
  const tensors: TensorEntry[] = [];
  let metadata: Record<string, string> = {};
  for (const [name, value] of Object.entries(header as object)) {
    if (name === "__metadata__") {
      if (!isStringMap(value)) return fail("expected __metadata__ to map strings to strings");
      metadata = value;
    } else {
      const entry = parseEntry(name, value, dataStart);
      if (typeof entry === "string") return fail(`tensor ${JSON.stringify(name)}: ${entry}`);
      tensors.push(entry);
    }
  }
  tensors.sort((x, y) => x.beginBytes - y.beginBytes || x.endBytes - y.endBytes);
  let end = dataStart;
  for (const tensor of tensors) {
    if (tensor.beginBytes !== end) {
      return fail(`tensor ${tensor.name}: expected to start at byte ${end}, its offset says ${tensor.beginBytes}`);
    }
    end = tensor.endBytes;
  }
  if (end !== fileBytes) {
    const what = end > fileBytes ? "the file is truncated" : "there are bytes after the last tensor";
    return fail(`expected ${end} bytes, got ${fileBytes}: ${what}`);
  }
  return { tensors, metadata };
}

/** @returns the entry, or what is wrong with it. */
function parseEntry(name: string, value: unknown, dataStart: number): TensorEntry | string {
  if (typeof value !== "object" || value === null) return "expected an object";
  const { dtype, shape, data_offsets: offsets } = value as Record<string, unknown>;
  if (dtype !== "F32" && dtype !== "U32" && dtype !== "U8") {
    return `expected dtype F32, U32 or U8, got ${JSON.stringify(dtype)}`;
  }
  if (!isCountList(shape)) return `expected a shape of non-negative integers, got ${JSON.stringify(shape)}`;
  if (!isCountList(offsets) || offsets.length !== 2) {
    return `expected two data_offsets, got ${JSON.stringify(offsets)}`;
  }
  const size = shape.reduce((a, b) => a * b, 1);
  const bytes = size * ELEMENT_BYTES[dtype];
  if (!Number.isSafeInteger(bytes) || offsets[1] - offsets[0] !== bytes) {
    return `expected ${bytes} bytes for ${dtype} [${shape}], its offsets span ${offsets[1] - offsets[0]}`;
  }
  return { name, dtype, shape, size, beginBytes: dataStart + offsets[0], endBytes: dataStart + offsets[1] };
}

const isCountList = (value: unknown): value is number[] =>
  Array.isArray(value) && value.every((x) => Number.isSafeInteger(x) && x >= 0);

const isStringMap = (value: unknown): value is Record<string, string> =>
  typeof value === "object" &&
  value !== null &&
  !Array.isArray(value) &&
  Object.values(value).every((x) => typeof x === "string");

/** A whole file in memory, as a browser fetches it. Tensors are copies. @throws {FormatError} */
export function decodeSafetensors(
  bytes: Uint8Array,
  file: string,
): { readonly tensors: ReadonlyMap<string, NamedTensor>; readonly metadata: Readonly<Record<string, string>> } {
  const length = parsePrefix(bytes, bytes.length, file);
  const header = parseHeader(bytes.subarray(PREFIX_BYTES, PREFIX_BYTES + length), bytes.length, file);
  const tensors = new Map<string, NamedTensor>();
  for (const { name, dtype, shape, size, beginBytes, endBytes } of header.tensors) {
    const data = newTensorArray(dtype, size);
    tensorBytes(data, size).set(bytes.subarray(beginBytes, endBytes));
    tensors.set(name, { name, shape, data });
  }
  return { tensors, metadata: header.metadata };
}
