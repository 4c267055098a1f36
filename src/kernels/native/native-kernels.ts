/**
 * @file Kernels compiled for this processor, reached through Node-API without copies.
 *
 * Arrays pass as they are. Those from `f32` start on a cache line, so that a vector load touches one line, not two;
 * large ones start on a huge page and ask for huge pages, since rows of a big matrix met at random would otherwise
 * miss the TLB each time.
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
import { type Addon, loadAddon } from "./addon.js";

export interface NativeOptions {
  /** Instruction set; default the best that the processor has. */
  readonly isa?: string;
}

/** Instruction sets that native kernels could use here, best first. @throws if the addon cannot be loaded. */
export function nativeInstructionSets(): readonly string[] {
  return loadAddon().isas;
}

class NativeBridge implements Bridge {
  readonly flat: FlatOperations;
  constructor(flat: FlatOperations) {
    this.flat = flat;
  }
  begin(): void {}
  read(what: string, array: AnyArray, length: number): Pointer {
    checkExtent(what, array, length);
    return array;
  }
  write(what: string, array: AnyArray, length: number): Pointer {
    return this.read(what, array, length);
  }
  update(what: string, array: AnyArray, length: number): Pointer {
    return this.read(what, array, length);
  }
  end(): void {}
}

const CACHE_LINE = 64;
const HUGE_PAGE = 2 ** 21;
/** Node 20 has no view of more than 2³² bytes; whole huge pages. */
const VIEW_BYTES = 2 ** 30;

function allocate<B extends ArrayBufferLike>(
  addon: Addon,
  bytes: number,
  Buffer: new (bytes: number) => B,
): { buffer: B; byteOffset: number } {
  const isLarge = bytes >= HUGE_PAGE / 2;
  const alignment = isLarge ? HUGE_PAGE : CACHE_LINE;
  // Whole pages, so that the last one can be huge too; what is never touched takes no memory.
  const buffer = new Buffer((isLarge ? Math.ceil(bytes / HUGE_PAGE) * HUGE_PAGE : bytes) + alignment);
  if (isLarge) {
    for (let at = 0; at < buffer.byteLength; at += VIEW_BYTES) {
      addon.advise(new Uint8Array(buffer, at, Math.min(VIEW_BYTES, buffer.byteLength - at)));
    }
  }
  const start = new Uint8Array(buffer, 0, alignment);
  return { buffer, byteOffset: (alignment - (addon.address(start) % alignment)) % alignment };
}

/** @throws {ConfigError} if the processor lacks the instruction set asked for. @throws if the addon is missing. */
export function createNativeKernels(options: NativeOptions = {}): Kernels {
  const addon = loadAddon();
  const isa = options.isa ?? addon.isas[0];
  const flat = addon.bind(isa);
  if (!flat) {
    throw new ConfigError(`createKernels: expected an instruction set among ${addon.isas.join(", ")}, got ${isa}`);
  }
  // Weak: buffers that their owner dropped (they grew) are the garbage collector's.
  const made: WeakRef<ArrayBuffer>[] = [];
  const make = (length: number, size: number) => {
    const memory = allocate(addon, length * size, ArrayBuffer);
    made.push(new WeakRef(memory.buffer));
    return memory;
  };
  return {
    info: { backend: "native", isa: flat.isa, gemm: flat.gemm },
    f32(length) {
      const { buffer, byteOffset } = make(length, 4);
      return new Float32Array(buffer, byteOffset, length);
    },
    u32(length) {
      const { buffer, byteOffset } = make(length, 4);
      return new Uint32Array(buffer, byteOffset, length);
    },
    u8(length) {
      const { buffer, byteOffset } = make(length, 1);
      return new Uint8Array(buffer, byteOffset, length);
    },
    sharedF32(length) {
      const { buffer, byteOffset } = allocate(addon, 4 * length, SharedArrayBuffer);
      return new Float32Array(buffer, byteOffset, length);
    },
    sharedU32(length) {
      const { buffer, byteOffset } = allocate(addon, 4 * length, SharedArrayBuffer);
      return new Uint32Array(buffer, byteOffset, length);
    },
    adopt: (array) => array,
    dispose() {
      for (const reference of made.splice(0)) {
        const buffer = reference.deref();
        if (buffer !== undefined) addon.release(buffer);
      }
    },
    ...boundOperations(new NativeBridge(flat)),
  };
}
