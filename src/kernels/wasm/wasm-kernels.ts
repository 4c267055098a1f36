/**
 * @file The same C kernels as WebAssembly SIMD: for browsers, and where no native addon fits.
 *
 *   memory  │ static data, stack │ arrays from f32/u32/u8 ──▶        ◀── scratch of the running operation │
 *           0                    __heap_base                                                    size of memory
 *
 * The memory has a fixed size, so that views stay valid for ever. Arrays from `f32`, `u32` and `u8` lie in it, are
 * reached without a copy and are freed together with the kernels. Any other array is copied to the scratch end of the
 * memory for one operation and, if written, copied back. No `node:` here: wasm-file.node.ts reads the bytes in Node.
 */
import { ConfigError } from "../../core/errors.js";
import {
  type AnyArray,
  type Bridge,
  checkExtent,
  type FlatOperations,
  type Pointer,
} from "../bound/flat-operations.js";
import { boundOperations } from "../bound/operations.js";
import type { Kernels } from "../contract.js";
import { type WasmMemory, type WasmModule, webAssembly } from "./web-assembly.js";

const PAGE = 65536;

/** The most that 32-bit addresses reach, less a page, so that the end of an array has an address too. */
export const MAX_WASM_MEMORY_BYTES: number = 2 ** 32 - PAGE;

/** How much memory WASM kernels have; it cannot grow. */
export interface WasmOptions {
  /**
   * Size of the memory that all arrays and scratch share, rounded up to 64 KiB; at most MAX_WASM_MEMORY_BYTES. Default
   * that much, or what the system reserves: only pages that are touched take up memory.
   */
  readonly memoryBytes?: number;
}

type Exports = FlatOperations & { readonly __heap_base: { readonly value: number } };

/** Less than this is not worth trying. */
const MIN_MEMORY_BYTES = 2 ** 26;
/** Wide enough for a cache line and for every vector. */
const ALIGNMENT = 64;

class WasmBridge implements Bridge {
  readonly flat: FlatOperations;
  readonly #bytes: Uint8Array;
  /** End of the arrays handed out. */
  #top: number;
  /** Start of the running operation's scratch; falls as copies are taken. */
  #scratch: number;
  readonly #written: { array: AnyArray; address: number; length: number }[] = [];

  constructor(memory: WasmMemory, exports: Exports) {
    this.flat = exports;
    this.#bytes = new Uint8Array(memory.buffer);
    this.#top = exports.__heap_base.value;
    this.#scratch = this.#bytes.length;
  }

  #exhausted(bytes: number): RangeError {
    return new RangeError(
      `WASM kernels: expected ${bytes} free bytes, got ${Math.max(0, this.#scratch - this.#top)} of ` +
        `${this.#bytes.length}; create the kernels with a larger memoryBytes, or use native ones`,
    );
  }

  /** Address of `bytes` zeroed bytes that are never handed out again. */
  allocate(bytes: number): number {
    const address = Math.ceil(this.#top / ALIGNMENT) * ALIGNMENT;
    if (address + bytes > this.#bytes.length) throw this.#exhausted(bytes);
    this.#top = address + bytes;
    this.#bytes.fill(0, address, address + bytes);
    return address;
  }

  /** The array itself if it lies in the memory, else a copy of it there. */
  adopt<T extends AnyArray>(array: T): T {
    if (!this.#isForeign(array)) return array;
    const address = this.allocate(array.byteLength);
    this.#copyIn(array, array.length, address);
    const View = array.constructor as new (buffer: ArrayBufferLike, address: number, length: number) => T;
    return new View(this.#bytes.buffer, address, array.length);
  }

  begin(): void {
    this.#scratch = this.#bytes.length;
    this.#written.length = 0;
  }

  /** Address of a foreign array's stand-in, or of the array itself. */
  #place(what: string, array: AnyArray, length: number): number {
    checkExtent(what, array, length);
    if (!this.#isForeign(array)) return array.byteOffset;
    const bytes = length * array.BYTES_PER_ELEMENT;
    const address = Math.floor((this.#scratch - bytes) / ALIGNMENT) * ALIGNMENT;
    if (address < this.#top) throw this.#exhausted(bytes);
    this.#scratch = address;
    return address;
  }

  #isForeign(array: AnyArray): boolean {
    return array.buffer !== this.#bytes.buffer;
  }

  #copyIn(array: AnyArray, length: number, address: number): void {
    const bytes = new Uint8Array(array.buffer, array.byteOffset, length * array.BYTES_PER_ELEMENT);
    this.#bytes.set(bytes, address);
  }

  read(what: string, array: AnyArray, length: number): Pointer {
    const address = this.#place(what, array, length);
    if (this.#isForeign(array)) this.#copyIn(array, length, address);
    return address;
  }

  write(what: string, array: AnyArray, length: number): Pointer {
    const address = this.#place(what, array, length);
    if (this.#isForeign(array)) this.#written.push({ array, address, length });
    return address;
  }

  update(what: string, array: AnyArray, length: number): Pointer {
    const address = this.write(what, array, length);
    if (this.#isForeign(array)) this.#copyIn(array, length, address as number);
    return address;
  }

  end(): void {
    for (const { array, address, length } of this.#written) {
      const bytes = length * array.BYTES_PER_ELEMENT;
      new Uint8Array(array.buffer, array.byteOffset, bytes).set(this.#bytes.subarray(address, address + bytes));
    }
    this.begin();
  }
}

/** A module for `createWasmKernels` from the bytes of dist/kernels/manyworlds.wasm. Rejects for other bytes. */
export function compileWasmModule(bytes: Uint8Array): Promise<WasmModule> {
  return webAssembly.compile(bytes);
}

/**
 * Kernels in a memory of their own.
 * - `module` compiled from dist/kernels/manyworlds.wasm
 * @throws {RangeError} from any operation or allocation that does not fit the memory; the message names the remedy.
 */
export function createWasmKernels(module: WasmModule, options: WasmOptions = {}): Kernels {
  const memory = options.memoryBytes === undefined ? reserveMemory() : createMemory(options.memoryBytes);
  const instance = new webAssembly.Instance(module, { env: { memory } });
  const bridge = new WasmBridge(memory, instance.exports as unknown as Exports);
  return {
    info: { backend: "wasm", isa: "simd128", gemm: "f32_gemm_4x8__simd128" },
    f32: (length) => new Float32Array(memory.buffer, bridge.allocate(length * 4), length),
    u32: (length) => new Uint32Array(memory.buffer, bridge.allocate(length * 4), length),
    u8: (length) => new Uint8Array(memory.buffer, bridge.allocate(length), length),
    sharedF32: refuseSharing,
    sharedU32: refuseSharing,
    adopt: (array) => bridge.adopt(array),
    dispose: () => {},
    ...boundOperations(bridge),
  };
}

function refuseSharing(): never {
  throw new ConfigError(
    "WASM kernels: expected memory that threads share, got one memory for each thread's kernels; " +
      "use native kernels (MANYWORLDS_KERNELS=native), or the sequential strategy",
  );
}

function createMemory(bytes: number): WasmMemory {
  const pages = Math.ceil(bytes / PAGE);
  return new webAssembly.Memory({ initial: pages, maximum: pages });
}

/** As much as the system reserves: all, or half as often as needed. */
function reserveMemory(): WasmMemory {
  for (let bytes = MAX_WASM_MEMORY_BYTES; ; bytes /= 2) {
    try {
      return createMemory(bytes);
    } catch (error) {
      if (!(error instanceof RangeError) || bytes / 2 < MIN_MEMORY_BYTES) throw error;
    }
  }
}
