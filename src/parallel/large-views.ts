/**
 * @file How do arrays of more than 4 GiB reach another thread?
 *
 * V8's structured clone, which carries what threads are given, writes the length of a view in 32 bits (Node 20): a
 * Float32Array of 2³⁰ + 7 numbers arrives as one of 7, without a word. The shared buffer below it arrives whole. So large
 * views travel as buffer, offset and length, and are made again on the other side.
 *
 *   { hidden: [512], weight: Float32Array }  ──pack──▶  { hidden: [512], weight: LargeView }  ──unpack──▶  as before
 *
 * Plain objects, arrays and the values of maps are searched. Nothing is copied where there is no large view.
 */
type ViewName = "Uint8Array" | "Int32Array" | "Uint32Array" | "Float32Array" | "Float64Array";
type ViewConstructor = new (buffer: ArrayBufferLike, byteOffset: number, length: number) => ArrayBufferView;

const VIEWS: Readonly<Record<ViewName, ViewConstructor>> = {
  ...{ Uint8Array, Int32Array, Uint32Array, Float32Array, Float64Array },
};

/** A view in transit. */
interface LargeView {
  readonly largeView: ViewName;
  readonly buffer: SharedArrayBuffer;
  readonly byteOffset: number;
  readonly length: number;
}

/** The least byte length that does not arrive. */
const LIMIT_BYTES = 2 ** 32;

/** `value` with its views of shared memory of `limitBytes` or more made fit for a message. */
export function packLargeViews(value: unknown, limitBytes: number = LIMIT_BYTES): unknown {
  return mapValues(value, (one) => {
    if (!ArrayBuffer.isView(one) || one.byteLength < limitBytes || !(one.buffer instanceof SharedArrayBuffer))
      return one;
    const name = one.constructor.name;
    if (!Object.hasOwn(VIEWS, name)) return one;
    const { buffer, byteOffset, length } = one as Float32Array<SharedArrayBuffer>;
    return { largeView: name as ViewName, buffer, byteOffset, length } satisfies LargeView;
  });
}

/** What `packLargeViews` was given, on the other side. */
export function unpackLargeViews(value: unknown): unknown {
  return mapValues(value, (one) => {
    if (!isLargeView(one)) return one;
    const { largeView, buffer, byteOffset, length } = one;
    return new VIEWS[largeView](buffer, byteOffset, length);
  });
}

function isLargeView(value: unknown): value is LargeView {
  return typeof value === "object" && value !== null && "largeView" in value;
}

/** `change` of each value inside plain objects, arrays and maps; an object of which nothing changes stays itself. */
function mapValues(value: unknown, change: (value: unknown) => unknown): unknown {
  const changed = change(value);
  if (changed !== value) return changed;
  if (Array.isArray(value)) {
    const mapped = value.map((one) => mapValues(one, change));
    return mapped.some((one, i) => one !== value[i]) ? mapped : value;
  }
  if (value instanceof Map) {
    const mapped = new Map([...value].map(([key, one]) => [key, mapValues(one, change)] as const));
    return [...value].some(([key, one]) => mapped.get(key) !== one) ? mapped : value;
  }
  if (typeof value !== "object" || value === null || !isPlain(value)) return value;
  const entries = Object.entries(value);
  const mapped = entries.map(([key, one]) => [key, mapValues(one, change)] as const);
  return mapped.some(([, one], i) => one !== entries[i][1]) ? Object.fromEntries(mapped) : value;
}

/** Class instances too arrive as plain objects; what is not plain here is left to structured clone. */
function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
