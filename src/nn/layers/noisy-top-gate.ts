/**
 * @file Which k of E experts does a row need, and does every expert get its share?
 *
 *   H(x)ᵢ = (x·Wg)ᵢ + normal·softplus((x·Wnoise)ᵢ)          noise only while training                         (eq. 4)
 *   G(x)  = softmax(keep the k greatest of H(x))             k gates a row, the others are 0                  (eqs. 3, 5)
 *
 *   importance of i = Σ rows G(x)ᵢ                                                                           (eq. 6)
 *   load of i       = Σ rows P(x, i), the chance that i is among the k if its own noise were drawn anew       (eqs. 8–10)
 *   auxiliary loss  = w_importance·CV(importance)² + w_load·CV(load)²    CV: standard deviation / mean, over experts     (eqs. 7, 11)
 *
 * Without the auxiliary loss a few experts that start ahead get all rows and all gradients. Importance alone may be met
 * by few rows with large gates; load counts rows, by a smooth stand-in for their number.
 *
 * Source: Shazeer, Mirhoseini, Maziarz, Davis, Le, Hinton, Dean, "Outrageously Large Neural Networks: The Sparsely-Gated
 * Mixture-of-Experts Layer", ICLR 2017, §2.1, §4 and appendix A. Weights start at zero (appendix A), so that the first
 * choices are pure noise. Differs from the paper: 2⁻⁷ is added to the noise's spread, so that it never vanishes.
 */
import type { GateBatch, GateNoise, Kernels } from "../../kernels/contract.js";
import type { SeedSource } from "../init.js";
import type { Mode, Tensor } from "../module.js";
import { DenseGradient, Parameter } from "../parameter.js";
import { atLeastF32, atLeastU32 } from "../tensor-buffer.js";

type Writable<T> = { -readonly [K in keyof T]: T[K] };

/** Gates of a batch [N, D] over E experts, with their balance. */
export class NoisyTopGate {
  /** [E, D], dense gradient. */
  readonly weight: Parameter;
  /** [E, D], dense gradient. */
  readonly noiseWeight: Parameter;
  /** Draws a seed a training forward. Whoever resumes a training gives it to the Trainer's `rngs`. */
  rng: SeedSource;
  /** Of the last forward: chosen [N, k + 1], gates [N, k]. */
  readonly batch: Writable<GateBatch>;
  /** [E] of the last forward. */
  readonly importance: Float32Array;
  /** [E] of the last training forward. */
  readonly load: Float32Array;
  /** Of the last forward; 0 in evaluate mode. */
  auxiliaryLoss: number;

  private readonly kernels: Kernels;
  private readonly importanceWeight: number;
  private readonly loadWeight: number;
  private readonly noise: Writable<GateNoise>;
  private readonly forwardDims: { m: number; n: number; k: number; transposeB: true };
  private readonly inputDims: { m: number; n: number; k: number };
  private readonly weightDims: { m: number; n: number; k: number; transposeA: true };
  private readonly dims: { rows: number; cols: number };
  private readonly dImportance: Float32Array;
  private readonly dLoad: Float32Array;
  private dClean: Float32Array;
  private dNoise: Float32Array;

  constructor(
    kernels: Kernels,
    numInputs: number,
    numExperts: number,
    k: number,
    rng: SeedSource,
    options: { readonly importanceWeight: number; readonly loadWeight: number },
  ) {
    const parameter = (name: string): Parameter => {
      const size = numExperts * numInputs;
      return new Parameter(name, [numExperts, numInputs], new Float32Array(size), new DenseGradient(kernels.f32(size)));
    };
    this.weight = parameter("gateWeight");
    this.noiseWeight = parameter("noiseWeight");
    this.rng = rng;
    this.kernels = kernels;
    this.importanceWeight = options.importanceWeight;
    this.loadWeight = options.loadWeight;
    const none = new Float32Array(0);
    this.noise = { logits: none, normals: none, spread: none, chance: none };
    this.dims = { rows: 0, cols: numExperts };
    this.batch = {
      dims: this.dims,
      k,
      clean: none,
      noise: null,
      noisy: none,
      chosen: new Uint32Array(0),
      scores: none,
      gates: none,
    };
    this.importance = kernels.f32(numExperts);
    this.load = kernels.f32(numExperts);
    this.dImportance = kernels.f32(numExperts);
    this.dLoad = kernels.f32(numExperts);
    this.auxiliaryLoss = 0;
    this.forwardDims = { m: 0, n: numExperts, k: numInputs, transposeB: true };
    this.inputDims = { m: 0, n: numInputs, k: numExperts };
    this.weightDims = { m: numExperts, n: numInputs, k: 0, transposeA: true };
    this.dClean = none;
    this.dNoise = none;
  }

  /** `input` [N, D] read. */
  forward(input: Tensor, mode: Mode): void {
    const { kernels, batch, noise, dims } = this;
    const rows = input.shape[0];
    const size = rows * dims.cols;
    dims.rows = rows;
    this.forwardDims.m = rows;
    batch.clean = atLeastF32(kernels, batch.clean, size);
    batch.noisy = atLeastF32(kernels, batch.noisy, size);
    batch.chosen = atLeastU32(kernels, batch.chosen, rows * (batch.k + 1));
    batch.scores = atLeastF32(kernels, batch.scores, rows * (batch.k + 1));
    batch.gates = atLeastF32(kernels, batch.gates, rows * batch.k);
    kernels.gemm(this.forwardDims, input.data, this.weight.value, batch.clean, "overwrite");
    batch.noise = null;
    if (mode === "train") {
      noise.logits = atLeastF32(kernels, noise.logits, size);
      noise.normals = atLeastF32(kernels, noise.normals, size);
      noise.spread = atLeastF32(kernels, noise.spread, size);
      noise.chance = atLeastF32(kernels, noise.chance, size);
      kernels.gemm(this.forwardDims, input.data, this.noiseWeight.value, noise.logits, "overwrite");
      kernels.fillNormal(size, this.rng.nextUint32(), noise.normals);
      batch.noise = noise;
    }
    kernels.topGates(batch);
    this.weighBalance();
  }

  /**
   * `dGates` [N, k] read and changed: the auxiliary loss adds its own. Adds the gradients of both weights, and to
   * `gradInput` [N, D].
   */
  backward(input: Tensor, dGates: Float32Array, gradInput: Float32Array): void {
    const { kernels, batch, dims, dImportance } = this;
    const { k, chosen } = batch;
    const noisy = batch.noise !== null;
    if (noisy) {
      for (let i = 0; i < dims.rows; i++) {
        for (let j = 0; j < k; j++) dGates[i * k + j] += dImportance[chosen[i * (k + 1) + j]];
      }
    }
    const size = dims.rows * dims.cols;
    this.dClean = atLeastF32(kernels, this.dClean, size);
    if (noisy) this.dNoise = atLeastF32(kernels, this.dNoise, size);
    kernels.topGatesGrad(batch, dGates, this.dLoad, this.dClean, noisy ? this.dNoise : null);
    this.addGradients(input, this.weight, this.dClean, gradInput);
    if (noisy) this.addGradients(input, this.noiseWeight, this.dNoise, gradInput);
  }

  private addGradients(input: Tensor, weight: Parameter, dLogits: Float32Array, gradInput: Float32Array): void {
    const { kernels, inputDims, weightDims, dims } = this;
    const gradient = weight.grad as DenseGradient;
    const mode = gradient.beginAccumulate();
    weightDims.k = dims.rows;
    kernels.gemm(weightDims, dLogits, input.data, gradient.values, mode);
    inputDims.m = dims.rows;
    kernels.gemm(inputDims, dLogits, weight.value, gradInput, "accumulate");
  }

  /** Importance, load and the auxiliary loss with its gradients. */
  private weighBalance(): void {
    const { kernels, batch, importance, load, dims } = this;
    const { k, chosen, gates, noise } = batch;
    importance.fill(0);
    for (let i = 0; i < dims.rows; i++) {
      for (let j = 0; j < k; j++) importance[chosen[i * (k + 1) + j]] += gates[i * k + j];
    }
    this.auxiliaryLoss = 0;
    if (noise === null || dims.rows === 0) return;
    kernels.sumRows(dims, noise.chance, load, "overwrite");
    this.auxiliaryLoss =
      this.importanceWeight * squaredVariation(importance, this.importanceWeight, this.dImportance) +
      this.loadWeight * squaredVariation(load, this.loadWeight, this.dLoad);
  }
}

/** CV(x)² = variance/mean². Writes `weight` times its gradient: 2/E·((xᵢ − m)/m² − CV²/m). */
export function squaredVariation(x: Float32Array, weight: number, gradient: Float32Array): number {
  const count = x.length;
  let mean = 0;
  for (let i = 0; i < count; i++) mean += x[i] / count;
  let variance = 0;
  for (let i = 0; i < count; i++) variance += (x[i] - mean) ** 2 / count;
  const squared = variance / mean ** 2;
  for (let i = 0; i < count; i++) {
    gradient[i] = ((2 * weight) / count) * ((x[i] - mean) / mean ** 2 - squared / mean);
  }
  return squared;
}
