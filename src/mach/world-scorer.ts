/**
 * @file What does a world answer? Its logits for a batch, from parameters alone: no gradients, no initial weights, no
 * dropout, one scratch shared by all worlds.
 *
 * Equal to `World.model.forward` in evaluate mode, with bias and ReLU fused. A model that answers queries holds exactly
 * its parameters; building the training modules for them would add a gradient of the same size.
 */
import { FormatError, ShapeError } from "../core/errors.js";
import type { Kernels } from "../kernels/contract.js";
import type { SparseBatch } from "../nn/module.js";
import type { FlatParameters } from "../nn/parameter.js";
import { atLeastF32 } from "../nn/tensor-buffer.js";
import {
  type HiddenActivation,
  type WorldLayer,
  type WorldOptions,
  worldLayers,
  worldParameterShapes,
} from "./world.js";

/** Buffers for the activations of one batch, reused by every world and batch. */
export class ScorerScratch {
  /** The activations of the layer before and of this one take turns. */
  readonly hidden: [Float32Array, Float32Array];
  /** [≥ N·B] of the last world and batch. */
  logits: Float32Array;

  constructor() {
    this.hidden = [new Float32Array(0), new Float32Array(0)];
    this.logits = new Float32Array(0);
  }
}

interface ScorerLayer extends WorldLayer {
  readonly weight: Float32Array;
  readonly bias: Float32Array;
}

/** A world that only answers: rows [N, D] to logits [N, B], with parameters that stand elsewhere. */
export class WorldScorer {
  /** B. */
  readonly numBuckets: number;
  private readonly kernels: Kernels;
  private readonly layers: readonly ScorerLayer[];
  private readonly activation: HiddenActivation;

  /** Takes views, not copies, of the arrays of `parameters` by name. @throws {ShapeError} for absent or short arrays. */
  constructor(kernels: Kernels, options: WorldOptions, parameters: ReadonlyMap<string, Float32Array>) {
    const array = (name: string, size: number): Float32Array => {
      const found = parameters.get(name);
      if (found === undefined || found.length < size) {
        throw new ShapeError(`WorldScorer: expected ${size} numbers for ${name}, got ${found?.length ?? "none"}`);
      }
      return found;
    };
    this.kernels = kernels;
    this.numBuckets = options.numBuckets;
    this.activation = options.activation;
    this.layers = worldLayers(options).map((layer) => ({
      ...layer,
      weight: array(`${layer.position}.weight`, layer.numInputs * layer.numOutputs),
      bias: array(`${layer.position}.bias`, layer.numOutputs),
    }));
  }

  /** The scorer of a world that stands in memory, sharing its parameters: it answers as they are at each call. */
  static of(kernels: Kernels, options: WorldOptions, parameters: FlatParameters): WorldScorer {
    return new WorldScorer(kernels, options, new Map(parameters.parameters.map((p) => [p.name, p.value])));
  }

  /** Logits of `inputs` [N, D] in `scratch.logits` [N, B], valid until the scratch is used again. Input is not checked. */
  logitsInto(inputs: SparseBatch, scratch: ScorerScratch): Float32Array {
    const { kernels, layers } = this;
    const rows = inputs.numRows;
    let x = scratch.hidden[0];
    layers.forEach(({ kind, numInputs, numOutputs, weight, bias }, i) => {
      const isLast = i === layers.length - 1;
      const y = isLast
        ? atLeastF32(kernels, scratch.logits, rows * numOutputs)
        : atLeastF32(kernels, scratch.hidden[i & 1], rows * numOutputs);
      if (isLast) scratch.logits = y;
      else scratch.hidden[i & 1] = y;
      const dims = { rows, cols: numOutputs };
      const hasRelu = !isLast && this.activation === "relu";
      if (kind === "sparse") {
        kernels.csrGemm(dims, inputs, weight, y, "overwrite");
        if (!hasRelu) kernels.addBias(dims, bias, y);
      } else {
        const product = { m: rows, n: numOutputs, k: numInputs, transposeB: true };
        kernels.gemm(product, x, weight, y, "overwrite", hasRelu ? null : bias);
      }
      if (hasRelu) kernels.addBiasRelu(dims, bias, y);
      x = y;
    });
    return scratch.logits;
  }
}

/** A tensor of a checkpoint, as far as placing it needs to know it. */
export interface StoredTensor {
  /** Of the parameter, such as `0.weight`. */
  readonly name: string;
  /** As safetensors writes it; worlds hold "F32". */
  readonly dtype: string;
  readonly shape: readonly number[];
}

/** Places the tensors of a world's file in new arrays of the kernels' memory. */
export class WorldParameters {
  /** By name, those that `target` has made so far. */
  readonly arrays: Map<string, Float32Array>;
  private readonly kernels: Pick<Kernels, "f32">;
  private readonly expected: Map<string, readonly number[]>;
  private readonly file: string;

  constructor(kernels: Pick<Kernels, "f32">, options: WorldOptions, file: string) {
    this.kernels = kernels;
    this.expected = new Map(worldParameterShapes(options).map(({ name, shape }) => [name, shape]));
    this.arrays = new Map();
    this.file = file;
  }

  /** An array for `tensor`. @throws {FormatError} if this world has no such parameter. */
  target(tensor: StoredTensor): Float32Array {
    const shape = this.expected.get(tensor.name);
    if (shape === undefined || tensor.dtype !== "F32" || shape.join() !== tensor.shape.join()) {
      throw new FormatError(
        { file: this.file },
        `tensor ${tensor.name}: expected ${shape === undefined ? "none of this name" : `F32 [${shape}]`}, ` +
          `got ${tensor.dtype} [${tensor.shape}]; the file belongs to another model`,
      );
    }
    const array = this.kernels.f32(shape.reduce((a, b) => a * b, 1));
    this.arrays.set(tensor.name, array);
    return array;
  }

  /** All parameters by name. @throws {FormatError} if the file lacked one. */
  complete(): ReadonlyMap<string, Float32Array> {
    const missing = [...this.expected.keys()].filter((name) => !this.arrays.has(name));
    if (missing.length > 0) {
      throw new FormatError(
        { file: this.file },
        `expected tensor ${missing.join(", ")}; the file belongs to another model`,
      );
    }
    return this.arrays;
  }
}
