/**
 * @file The oracle: what every kernel must compute, written to be read. Slow, needs nothing but the language.
 */
import type { Kernels } from "../contract.js";
import { blocks } from "./blocks.js";
import { collisions } from "./collisions.js";
import { dense } from "./dense.js";
import { gating } from "./gating.js";
import { glove } from "./glove.js";
import { labels } from "./labels.js";
import { losses } from "./losses.js";
import { normalization } from "./normalization.js";
import { output } from "./output.js";
import { parts } from "./parts.js";
import { passes } from "./passes.js";
import { pointwise } from "./pointwise.js";
import { quantized } from "./quantized.js";
import { rows } from "./rows.js";
import { sampled } from "./sampled.js";
import { sparse } from "./sparse.js";
import { spatial } from "./spatial.js";
import { steps } from "./steps.js";
import { words } from "./words.js";

/** Kernels in plain TypeScript with f64 sums. */
export function createReferenceKernels(): Kernels {
  return {
    info: { backend: "reference", isa: "f64", gemm: "f64_gemm_loops" },
    f32: (length) => new Float32Array(length),
    u32: (length) => new Uint32Array(length),
    u8: (length) => new Uint8Array(length),
    sharedF32: (length) => new Float32Array(new SharedArrayBuffer(4 * length)),
    sharedU32: (length) => new Uint32Array(new SharedArrayBuffer(4 * length)),
    adopt: (array) => array,
    dispose: () => {},
    ...dense,
    ...gating,
    ...glove,
    ...output,
    ...losses,
    ...parts,
    ...blocks,
    ...passes,
    ...pointwise,
    ...normalization,
    ...quantized,
    ...rows,
    ...sampled,
    ...sparse,
    ...steps,
    ...labels,
    ...collisions,
    ...spatial,
    ...words,
  };
}
