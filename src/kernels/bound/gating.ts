/**
 * @file Normal numbers and gates on a bridge.
 */
import type { GateBatch, GatingKernels } from "../contract.js";
import type { Bridge, Pointer } from "./flat-operations.js";
import { readIds } from "./sparse.js";

/** kernels/ops.h, GATING_OPERATIONS; dims: rows, experts, k. */
export interface FlatGatingOperations {
  f32_fill_normal(n: number, seed: number, out: Pointer): void;
  f32_top_gates(
    dims: Pointer,
    clean: Pointer,
    noiseLogits: Pointer,
    normals: Pointer,
    spread: Pointer,
    chance: Pointer,
    noisy: Pointer,
    chosen: Pointer,
    scores: Pointer,
    gates: Pointer,
  ): void;
  f32_top_gates_grad(
    dims: Pointer,
    clean: Pointer,
    noiseLogits: Pointer,
    normals: Pointer,
    spread: Pointer,
    chosen: Pointer,
    scores: Pointer,
    gates: Pointer,
    dGates: Pointer,
    dChance: Pointer,
    dClean: Pointer,
    dNoise: Pointer,
  ): void;
}

export function gatingOperations(bridge: Bridge): GatingKernels {
  const { flat } = bridge;
  const sizes = new Uint32Array(3);
  const readSizes = ({ dims: { rows, cols }, k }: GateBatch): Pointer => {
    if (!(k >= 1 && k <= cols)) throw new RangeError(`topGates: expected k from 1 to ${cols} experts, got ${k}`);
    sizes[0] = rows;
    sizes[1] = cols;
    sizes[2] = k;
    return bridge.read("topGates: dims", sizes, 3);
  };
  return {
    fillNormal(length, seed, out) {
      bridge.begin();
      flat.f32_fill_normal(length, seed, bridge.write("fillNormal: out", out, length));
      bridge.end();
    },
    topGates(batch) {
      const { dims, k, clean, noise, noisy, chosen, scores, gates } = batch;
      const size = dims.rows * dims.cols;
      bridge.begin();
      flat.f32_top_gates(
        readSizes(batch),
        bridge.read("topGates: clean", clean, size),
        noise && bridge.read("topGates: noise.logits", noise.logits, size),
        noise && bridge.read("topGates: noise.normals", noise.normals, size),
        noise && bridge.write("topGates: noise.spread", noise.spread, size),
        noise && bridge.write("topGates: noise.chance", noise.chance, size),
        bridge.write("topGates: noisy", noisy, size),
        bridge.write("topGates: chosen", chosen, dims.rows * (k + 1)),
        bridge.write("topGates: scores", scores, dims.rows * (k + 1)),
        bridge.write("topGates: gates", gates, dims.rows * k),
      );
      bridge.end();
    },
    topGatesGrad(batch, dGates, dChance, dClean, dNoise) {
      const { dims, k, clean, noise, chosen, scores, gates } = batch;
      const { rows, cols } = dims;
      const size = rows * cols;
      if ((noise === null) !== (dNoise === null)) {
        throw new RangeError("topGatesGrad: expected dNoise exactly when the gates have noise");
      }
      bridge.begin();
      flat.f32_top_gates_grad(
        readSizes(batch),
        bridge.read("topGatesGrad: clean", clean, size),
        noise && bridge.read("topGatesGrad: noise.logits", noise.logits, size),
        noise && bridge.read("topGatesGrad: noise.normals", noise.normals, size),
        noise && bridge.read("topGatesGrad: noise.spread", noise.spread, size),
        readIds(bridge, "topGatesGrad: chosen", chosen, rows * (k + 1), cols),
        bridge.read("topGatesGrad: scores", scores, rows * (k + 1)),
        bridge.read("topGatesGrad: gates", gates, rows * k),
        bridge.read("topGatesGrad: dGates", dGates, rows * k),
        noise && bridge.read("topGatesGrad: dChance", dChance, cols),
        bridge.write("topGatesGrad: dClean", dClean, size),
        dNoise && bridge.write("topGatesGrad: dNoise", dNoise, size),
      );
      bridge.end();
    },
  };
}
