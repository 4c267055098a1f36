/**
 * @file The part of the WebAssembly JavaScript API that the kernels use.
 *
 * Declared here because neither the ES library nor Node's types have it, and the DOM's types would let browser code in.
 */

export type WasmModule = object;

export interface WasmMemory {
  readonly buffer: ArrayBuffer;
}

interface WebAssemblyApi {
  readonly Module: new (bytes: Uint8Array) => WasmModule;
  readonly Memory: new (pages: { initial: number; maximum: number }) => WasmMemory;
  /** Not on a thread's time, and where `Module` refuses: browsers' main threads take no large module from it. */
  compile(bytes: Uint8Array): Promise<WasmModule>;
  readonly Instance: new (module: WasmModule, imports: Record<string, object>) => { readonly exports: object };
}

/** `WebAssembly` itself. */
export const webAssembly: WebAssemblyApi = (globalThis as unknown as { WebAssembly: WebAssemblyApi }).WebAssembly;
