/**
 * @file What are weights before they learn? Uniform numbers whose spread keeps activations of one size.
 *
 *   glorot   ± gain·√(6 / (fanIn + fanOut))   variance 2/(fanIn + fanOut): forward and backward in balance
 *   he       ± gain·√(6 / fanIn)              variance 2/fanIn: for a ReLU behind, which halves the variance
 *   uniform  ± gain                           for sparse inputs of unit norm, where fan-in says little
 *
 * Sources: Glorot, Bengio, "Understanding the difficulty of training deep feedforward neural networks", AISTATS 2010,
 * eq. 16; He, Zhang, Ren, Sun, "Delving Deep into Rectifiers", ICCV 2015, §2.2 (there with normal numbers).
 *
 * Numbers come from the kernels' counter hash with one seed per weight drawn from the given generator: equal on every
 * backend, and drawing the next layer's seed does not depend on the size of this one.
 */
import { ConfigError } from "../core/index.js";
import type { Kernels } from "../kernels/contract.js";
import { checkKernels } from "./kernels-check.js";
import type { InitialValues } from "./parameter.js";

/** Whoever draws seeds; an `Rng` is one. */
export interface SeedSource {
  /** Uniform in [0, 2³²). */
  nextUint32(): number;
}

/** How a layer's weights and biases start; see {@link INIT_DEFAULTS}. */
export interface InitOptions {
  /** How the spread follows from the layer's size. Default "glorot". */
  readonly init: "glorot" | "he" | "uniform";
  /** Factor on the spread; 0 gives zero weights. Default 1. */
  readonly gain: number;
  /** Every bias before training. Default 0; −ln(numOutputs) starts sigmoids near one positive a row. */
  readonly bias: number;
}

/** What layers take where an option is left out, unless they say otherwise. */
export const INIT_DEFAULTS: InitOptions = { init: "glorot", gain: 1, bias: 0 };

/** Half the width of the uniform distribution. @throws {ConfigError} for options that are none. */
export function initBound(fanIn: number, fanOut: number, options: InitOptions): number {
  checkOptions(options);
  if (options.init === "uniform") return options.gain;
  return options.gain * Math.sqrt(6 / (options.init === "he" ? fanIn : fanIn + fanOut));
}

/** Weights before they learn: `weight` [fanIn·fanOut, either order], not drawn yet, and `bias` [fanOut]. */
export interface InitialWeights {
  readonly weight: InitialValues;
  readonly bias: Float32Array;
}

/**
 * Weights of a layer. Draws exactly one number from `rng`.
 * @throws {ConfigError} that names the layer, unless its sizes are positive integers.
 */
export function initialWeights(
  layer: string,
  kernels: Pick<Kernels, "fillUniform">,
  rng: SeedSource,
  fanIn: number,
  fanOut: number,
  given: Partial<InitOptions>,
): InitialWeights {
  checkKernels(layer, kernels);
  checkLayerSize(layer, fanIn, fanOut);
  const options = { ...INIT_DEFAULTS, ...given };
  const weight = uniformWeights(kernels, rng, fanIn * fanOut, fanIn, fanOut, options);
  return { weight, bias: new Float32Array(fanOut).fill(options.bias) };
}

/** `length` weights where that is not fanIn·fanOut, as for kernels of images. Draws exactly one number from `rng`. */
export function uniformWeights(
  kernels: Pick<Kernels, "fillUniform">,
  rng: SeedSource,
  length: number,
  fanIn: number,
  fanOut: number,
  options: InitOptions,
): InitialValues {
  const bound = initBound(fanIn, fanOut, options);
  const seed = rng.nextUint32();
  return { length, writeInto: (out) => kernels.fillUniform(length, -bound, bound, seed, out) };
}

function checkOptions({ init, gain, bias }: InitOptions): void {
  if (init !== "glorot" && init !== "he" && init !== "uniform") {
    throw new ConfigError(
      `InitOptions: expected init to be glorot, he or uniform, got ${String(init)}; see INIT_DEFAULTS`,
    );
  }
  for (const [name, value] of Object.entries({ gain, bias })) {
    if (Number.isFinite(value)) continue;
    throw new ConfigError(`InitOptions: expected a finite ${name}, got ${value}; see INIT_DEFAULTS`);
  }
}

function checkLayerSize(where: string, numInputs: number, numOutputs: number): void {
  for (const [name, n] of [
    ["inputs", numInputs],
    ["outputs", numOutputs],
  ] as const) {
    if (Number.isInteger(n) && n > 0) continue;
    throw new ConfigError(`${where}: expected a positive whole number of ${name}, got ${n}; check the model's options`);
  }
}
