/**
 * @file Which kernels compute a model for browsers? WebAssembly in a memory that holds this model and no more.
 *
 *   memory   dense layers of all worlds │ a batch's sums, logits and scores │ rows of the words of a query │ label codes
 *
 * The input layers, most of a model, are not in it: of them only the rows of a query's words (input-shards.ts).
 */
import { FormatError } from "../core/errors.js";
import { type Kernels, QUERY_LANES } from "../kernels/contract.js";
import { compileWasmModule, createWasmKernels } from "../kernels/wasm/wasm-kernels.js";
import type { WasmModule } from "../kernels/wasm/web-assembly.js";
import { inputShape, rowBytes, rowScales } from "./input-shards.js";
import { messageOf, type PortableFiles } from "./portable-files.js";
import { KERNELS_FILE, type PortableIndex } from "./portable-index.js";
import { gatherCapacity } from "./portable-scorer.js";
import { portableWorldBytes } from "./portable-world.js";

/** Where a portable model's kernels come from. */
export interface KernelSource {
  /**
   * The bytes of manyworlds.wasm, or a module compiled from them (where compiling at run time is forbidden, as at some
   * edges). Default: the export's own file.
   */
  readonly wasm?: Uint8Array | WasmModule;
  /** Kernels to compute with instead, such as native ones. */
  readonly kernels?: Kernels;
}

/** @throws {FormatError} if the module does not compile, or is of another version. @throws {RangeError} without memory. */
export async function createPortableKernels(files: PortableFiles, { wasm, kernels }: KernelSource): Promise<Kernels> {
  if (kernels !== undefined) return kernels;
  const source = wasm ?? (await files.read(KERNELS_FILE));
  try {
    const module = ArrayBuffer.isView(source) ? await compileWasmModule(source as Uint8Array) : source;
    return createWasmKernels(module, { memoryBytes: kernelMemoryBytes(files.index) });
  } catch (error) {
    if (error instanceof RangeError) throw error;
    const problem = `expected the kernels of this version, got: ${messageOf(error)}`;
    throw new FormatError({ file: KERNELS_FILE }, `${problem}; export the model again, or allow 'wasm-unsafe-eval'`);
  }
}

/** Rankers that follow one another while worlds arrive take no more than two of the last; each may double a buffer. */
const RANKERS = 4;
/** Scratch of retrieval for each of some rankers, answers of the largest k, the module's own data: not all is touched. */
const REST_BYTES = 48 * 2 ** 20;

/** Bytes of memory that a model's kernels need; pages that are never touched take none. */
export function kernelMemoryBytes(index: PortableIndex): number {
  const { network, bits, worlds, hash } = index;
  const shape = inputShape(index);
  const widest = Math.max(...network.hidden, network.numBuckets);
  const batch = 4 * QUERY_LANES * (shape.numGroups * shape.groupSize + 6 * widest);
  const gathered = gatherCapacity(rowBytes(shape)) * (rowBytes(shape) + 4 * rowScales(shape) + 8);
  const scores = RANKERS * 4 * QUERY_LANES * worlds.length * network.numBuckets;
  // A code and a filter's bit for each label.
  const labels = 2 * hash.numLabels;
  return worlds.length * (portableWorldBytes(network, bits) + 64) + batch + gathered + scores + labels + REST_BYTES;
}
