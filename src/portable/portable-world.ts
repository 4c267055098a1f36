/**
 * @file What does one world of a model for browsers answer? Its file: everything behind the sparse product.
 *
 *   bias of the input layer        [S] f32                 S: hidden units, or buckets of a linear world
 *   then for each dense layer      bias [out] f32
 *                                  scales [out] f32        (none of 32 bits)
 *                                  codes [out, bytes]      zeros up to a multiple of 4; 32 bits: weights [out, in] f32
 *
 * The file stands in the kernels' memory as it is: parts are views of it.
 */
import { FormatError, ShapeError } from "../core/errors.js";
import type { Kernels } from "../kernels/contract.js";
import { type WorldLayer, type WorldOptions, worldLayers } from "../mach/world.js";
import { atLeastF32 } from "../nn/tensor-buffer.js";
import { quantizeGroup, type WeightBits, weightBytes } from "./quantize.js";

/** Bytes of a world's file, not packed. */
export function portableWorldBytes(options: WorldOptions, bits: WeightBits): number {
  return worldLayers(options).reduce((sum, layer) => {
    return sum + 4 * layer.numOutputs + (layer.kind === "sparse" ? 0 : denseBytes(layer, bits));
  }, 0);
}

/** Bytes of a dense layer's scales and codes. */
function denseBytes({ numInputs, numOutputs }: WorldLayer, bits: WeightBits): number {
  const scales = bits === 32 ? 0 : 4 * numOutputs;
  return scales + 4 * Math.ceil((numOutputs * weightBytes(numInputs, bits)) / 4);
}

/** The file of a world with these parameters, not packed. @throws {ConfigError} for weights that are not finite. */
export function encodeWorld(
  options: WorldOptions,
  bits: WeightBits,
  parameters: ReadonlyMap<string, Float32Array>,
): Uint8Array {
  const bytes = new Uint8Array(portableWorldBytes(options, bits));
  let at = 0;
  const put = (numbers: Float32Array): void => {
    bytes.set(new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength), at);
    at += numbers.byteLength;
  };
  for (const layer of worldLayers(options)) {
    const { position, kind, numInputs, numOutputs } = layer;
    const named = (name: string): Float32Array => {
      const found = parameters.get(`${position}.${name}`);
      if (found === undefined) throw new ShapeError(`encodeWorld: expected the parameter ${position}.${name}`);
      return found;
    };
    put(named("bias").subarray(0, numOutputs));
    if (kind === "sparse") continue;
    const weight = named("weight");
    if (bits === 32) {
      put(weight.subarray(0, numOutputs * numInputs));
      continue;
    }
    const scales = new Float32Array(numOutputs);
    const size = weightBytes(numInputs, bits);
    const codesAt = at + 4 * numOutputs;
    for (let j = 0; j < numOutputs; j++) {
      const codes = bytes.subarray(codesAt + j * size, codesAt + (j + 1) * size);
      scales[j] = quantizeGroup(weight.subarray(j * numInputs, (j + 1) * numInputs), bits, codes);
    }
    put(scales);
    at = codesAt + denseBytes(layer, bits) - 4 * numOutputs;
  }
  return bytes;
}

interface DenseLayer {
  readonly numInputs: number;
  readonly numOutputs: number;
  readonly bias: Float32Array;
  readonly scales: Float32Array;
  readonly codes: Uint8Array;
  /** The codes as f32, of 32 bits. */
  readonly weights: Float32Array | null;
}

/** Activations of a batch between layers, shared by all worlds. */
export class DenseScratch {
  readonly hidden: [Float32Array, Float32Array] = [new Float32Array(0), new Float32Array(0)];
}

export class PortableWorld {
  readonly world: number;
  private readonly kernels: Kernels;
  private readonly bits: WeightBits;
  private readonly relu: boolean;
  private readonly inputBias: Float32Array;
  private readonly layers: readonly DenseLayer[];

  /** Takes a copy of `content` into the kernels' memory. @throws {FormatError} naming `file` if it is of another shape. */
  constructor(
    kernels: Kernels,
    { world, options, bits }: { readonly world: number; readonly options: WorldOptions; readonly bits: WeightBits },
    content: Uint8Array,
    file: string,
  ) {
    const expected = portableWorldBytes(options, bits);
    if (content.length !== expected) {
      throw new FormatError({ file }, `expected ${expected} bytes, got ${content.length}; export the model again`);
    }
    this.world = world;
    this.kernels = kernels;
    this.bits = bits;
    this.relu = options.activation === "relu";
    const bytes = kernels.u8(content.length);
    bytes.set(content);
    let at = bytes.byteOffset;
    const floats = (length: number): Float32Array => {
      at += 4 * length;
      return new Float32Array(bytes.buffer, at - 4 * length, length);
    };
    const [input, ...dense] = worldLayers(options);
    this.inputBias = floats(input.numOutputs);
    this.layers = dense.map((layer) => {
      const { numInputs, numOutputs } = layer;
      const bias = floats(numOutputs);
      const scales = floats(bits === 32 ? 0 : numOutputs);
      const start = at;
      at += denseBytes(layer, bits) - 4 * scales.length;
      return {
        numInputs,
        numOutputs,
        bias,
        scales,
        codes: new Uint8Array(bytes.buffer, start, at - start),
        weights: bits === 32 ? new Float32Array(bytes.buffer, start, numInputs * numOutputs) : null,
      };
    });
  }

  /**
   * Writes the logits [rows, B] to `logits`. `sums` [rows, S]: the sparse products of this world; overwritten. The two
   * are the same array where the world is linear.
   */
  logitsInto(rows: number, sums: Float32Array, logits: Float32Array, scratch: DenseScratch): void {
    const { kernels, layers, bits } = this;
    this.addBias(rows, this.inputBias, sums, layers.length === 0);
    let x = sums;
    layers.forEach(({ numInputs, numOutputs, bias, scales, codes, weights }, i) => {
      const isLast = i === layers.length - 1;
      if (!isLast) scratch.hidden[i & 1] = atLeastF32(kernels, scratch.hidden[i & 1], rows * numOutputs);
      const y = isLast ? logits : scratch.hidden[i & 1];
      if (weights !== null || bits === 32) {
        const dims = { m: rows, n: numOutputs, k: numInputs, transposeB: true };
        kernels.gemm(dims, x, weights as Float32Array, y, "overwrite");
      } else kernels.quantizedGemm({ m: rows, n: numOutputs, k: numInputs, bits }, x, codes, scales, y);
      this.addBias(rows, bias, y, isLast);
      x = y;
    });
  }

  private addBias(rows: number, bias: Float32Array, x: Float32Array, isLast: boolean): void {
    const dims = { rows, cols: bias.length };
    if (this.relu && !isLast) this.kernels.addBiasRelu(dims, bias, x);
    else this.kernels.addBias(dims, bias, x);
  }
}
