/**
 * @file Which backend computes? Native if the addon loads, else WASM; or what the caller or the environment names.
 *
 * Browsers do not come here: they call `createWasmKernels` with a module that they fetched.
 */
import { ConfigError } from "../core/errors.js";
import type { KernelInfo, Kernels } from "./contract.js";
import { createNativeKernels } from "./native/native-kernels.js";
import { createReferenceKernels } from "./reference/reference-kernels.js";
import { loadWasmModule } from "./wasm/wasm-file.node.js";
import { createWasmKernels } from "./wasm/wasm-kernels.js";

/** Which backend `createKernels` takes, and with what. */
export interface KernelsOptions {
  /** Default: the environment variable MANYWORLDS_KERNELS; without it native, or WASM where native does not load. */
  readonly backend?: KernelInfo["backend"];
  /** Instruction set of the native backend. Default: MANYWORLDS_ISA, else the best that the processor has. */
  readonly isa?: string;
  /** Memory of the WASM backend. Default: see WasmOptions. */
  readonly wasmMemoryBytes?: number;
}

function isBackend(name: string): name is KernelInfo["backend"] {
  return name === "native" || name === "wasm" || name === "reference";
}

/** The backend asked for, or undefined for "the best that works". */
function wantedBackend(options: KernelsOptions): KernelInfo["backend"] | undefined {
  if (options.backend !== undefined) return options.backend;
  const name = process.env.MANYWORLDS_KERNELS;
  if (name === undefined || name === "") return undefined;
  if (isBackend(name)) return name;
  throw new ConfigError(`MANYWORLDS_KERNELS: expected native, wasm or reference, got ${name}`);
}

function createWasm(options: KernelsOptions): Kernels {
  const { wasmMemoryBytes } = options;
  return createWasmKernels(loadWasmModule(), wasmMemoryBytes === undefined ? {} : { memoryBytes: wasmMemoryBytes });
}

/**
 * Kernels for this thread; each thread creates its own.
 * @throws {ConfigError} for a backend or instruction set that does not exist here.
 */
export function createKernels(options: KernelsOptions = {}): Kernels {
  const backend = wantedBackend(options);
  if (backend === "reference") return createReferenceKernels();
  if (backend === "wasm") return createWasm(options);
  const isa = options.isa ?? process.env.MANYWORLDS_ISA;
  try {
    return createNativeKernels(isa === undefined || isa === "" ? {} : { isa });
  } catch (error) {
    if (backend === "native" || error instanceof ConfigError) throw error;
    const kernels = createWasm(options);
    return { ...kernels, info: { ...kernels.info, fallbackReason: String(error) } };
  }
}
