/**
 * @file How does an array grow to an unknown length without ever being copied while it grows?
 *
 * Numbers go to chunks of 2²⁰ elements; `moveToShared` copies them once into an exact SharedArrayBuffer and lets each
 * chunk go as soon as it is copied. Doubling one array instead would hold three times the data at its peak.
 *
 * Letting go must not wait for the garbage collector, which sees little reason to hurry: chunks stand on resizable
 * buffers (ES2024; Node 20 has them), whose pages go back at `resize(0)`. Measured on 30 M entries: 2.0 times the final
 * arrays at the peak with ordinary chunks, 1.1 times with these; appending takes 3.9 instead of 3.1 ns a number.
 * Where buffers cannot be resized, chunks are ordinary arrays.
 */

const CHUNK_LENGTH = 2 ** 20;

type Numbers = Uint32Array | Float32Array | Uint8Array;
interface NumbersConstructor<T extends Numbers> {
  readonly BYTES_PER_ELEMENT: number;
  new (length: number): T;
  new (buffer: ArrayBufferLike, byteOffset?: number, length?: number): T;
}

/** The part of ES2024 that is used here. */
interface ResizableBuffer extends ArrayBuffer {
  resize?(byteLength: number): void;
}
const ResizableArrayBuffer = ArrayBuffer as new (byteLength: number, options: { maxByteLength: number }) => ArrayBuffer;

function letGo(chunk: Numbers | null): void {
  if (chunk !== null) (chunk.buffer as ResizableBuffer).resize?.(0);
}

/** An append-only array of numbers. */
export class ChunkedArray<T extends Numbers> {
  private readonly type: NumbersConstructor<T>;
  private chunks: (T | null)[] = [];
  private last: T;
  private used = CHUNK_LENGTH;

  constructor(type: NumbersConstructor<T>) {
    this.type = type;
    this.last = new type(0);
  }

  get length(): number {
    return this.chunks.length === 0 ? 0 : (this.chunks.length - 1) * CHUNK_LENGTH + this.used;
  }

  push(value: number): void {
    if (this.used === CHUNK_LENGTH) this.addChunk();
    this.last[this.used++] = value;
  }

  /** Appends source[0, count). */
  pushAll(source: T, count: number): void {
    let from = 0;
    while (from < count) {
      if (this.used === CHUNK_LENGTH) this.addChunk();
      const take = Math.min(count - from, CHUNK_LENGTH - this.used);
      const { last, used } = this;
      // An element loop beats `set(subarray)` for the few dozen numbers of a row: no view is created.
      for (let i = 0; i < take; i++) last[used + i] = source[from + i];
      this.used += take;
      from += take;
    }
  }

  /** Copies elements [start, start + count) to out[0, count). Chunks wholly before `start` are let go: read forwards. */
  readInto(start: number, count: number, out: T): void {
    let chunk = Math.floor(start / CHUNK_LENGTH);
    for (let before = chunk - 1; before >= 0 && this.chunks[before] !== null; before--) {
      letGo(this.chunks[before]);
      this.chunks[before] = null;
    }
    let from = start - chunk * CHUNK_LENGTH;
    for (let done = 0; done < count; chunk++) {
      const take = Math.min(count - done, CHUNK_LENGTH - from);
      out.set((this.chunks[chunk] as T).subarray(from, from + take) as never, done);
      done += take;
      from = 0;
    }
  }

  /** The numbers in shared memory of exactly their size; this array is empty afterwards. */
  moveToShared(): T {
    const { length } = this;
    const out = sharedArray(this.type, length);
    for (let c = 0; c * CHUNK_LENGTH < length; c++) {
      const chunk = this.chunks[c] as T;
      const start = c * CHUNK_LENGTH;
      out.set(chunk.subarray(0, Math.min(CHUNK_LENGTH, length - start)) as never, start);
      letGo(chunk);
      this.chunks[c] = null;
    }
    this.chunks = [];
    this.last = new this.type(0);
    this.used = CHUNK_LENGTH;
    return out;
  }

  private addChunk(): void {
    const bytes = CHUNK_LENGTH * this.type.BYTES_PER_ELEMENT;
    this.last = new this.type(new ResizableArrayBuffer(bytes, { maxByteLength: bytes }), 0, CHUNK_LENGTH);
    this.chunks.push(this.last);
    this.used = 0;
  }
}

/** A zeroed array of `length` elements in shared memory. */
export function sharedArray<T extends Numbers>(type: NumbersConstructor<T>, length: number): T {
  return new type(new SharedArrayBuffer(length * type.BYTES_PER_ELEMENT));
}
