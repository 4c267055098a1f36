/**
 * @file E networks of which each row uses k: capacity of all, cost of a few.
 *
 *   y[i] = Σ over the k experts e chosen for row i of G(x[i])ₑ · Eₑ(x[i])              (eq. 1)
 *
 *   x [N, D] ── gate ──▶ k experts a row (noisy-top-gate.ts)
 *     expert e:  gather its rows [nₑ, D] → Eₑ → [nₑ, O] ── × gate, added to rows of y
 *     backward:  gather rows of dy; gates' gradient = row by row dy·Eₑ(x); dy × gate → Eₑ.backward → added to rows of dx
 *
 * An expert computes its own rows only: Σ nₑ = k·N, however many experts there are. `backward` adds the gradient of the
 * gate's auxiliary loss to that of gradOutput; `auxiliaryLoss` tells its value after `forward`, for whoever reports the
 * total. Evaluation adds no noise and no auxiliary loss.
 *
 * Source: Shazeer, Mirhoseini, Maziarz, Davis, Le, Hinton, Dean, "Outrageously Large Neural Networks: The Sparsely-Gated
 * Mixture-of-Experts Layer", ICLR 2017, §2 and §4. Absent: hierarchical gates (appendix B).
 */
import { ConfigError, ShapeError } from "../../core/index.js";
import type { Kernels } from "../../kernels/contract.js";
import { ReLU } from "../activations/relu.js";
import { Container } from "../containers/container.js";
import { Sequential } from "../containers/sequential.js";
import type { SeedSource } from "../init.js";
import type { Mode, Module, Tensor } from "../module.js";
import type { Parameter } from "../parameter.js";
import { checkGradOutput, checkMatrix, checkSameRows, formatShape } from "../shape-check.js";
import { atLeastF32, TensorBuffer } from "../tensor-buffer.js";
import { dispatchRows, ExpertRoute } from "./expert-route.js";
import { Linear } from "./linear.js";
import { NoisyTopGate } from "./noisy-top-gate.js";

/** How many experts, of what kind, and how evenly used; see {@link MIXTURE_DEFAULTS}. */
export interface MixtureOfExpertsOptions {
  /** E. Default 8. */
  readonly numExperts: number;
  /** k: experts that a row uses, 1 … E. With 1, only the auxiliary loss teaches the gate. Default 2. */
  readonly expertsPerRow: number;
  /** Hidden units of the default expert, Linear → ReLU → Linear. Default 256. */
  readonly numHidden: number;
  /** Makes expert number i, [N, D] → [N, O]; null: the default expert. Default null. */
  readonly expert: ((index: number) => Module) | null;
  /** Weight of CV(importance)² in the auxiliary loss, ≥ 0. Default 0.1. */
  readonly importanceWeight: number;
  /** Weight of CV(load)², ≥ 0. Default 0.1. */
  readonly loadWeight: number;
}

/** What `SparselyGatedMixtureOfExperts` takes where an option is left out. */
export const MIXTURE_DEFAULTS: MixtureOfExpertsOptions = {
  numExperts: 8,
  expertsPerRow: 2,
  numHidden: 256,
  expert: null,
  importanceWeight: 0.1,
  loadWeight: 0.1,
};

/** How evenly the last forward used the experts. */
export interface ExpertStatistics {
  /** [E] rows that each expert computed. */
  readonly rows: readonly number[];
  /** [E] sums of gates. */
  readonly importance: readonly number[];
  /** [E] expected rows by the smooth estimate; rows themselves in evaluate mode. */
  readonly load: readonly number[];
  /** CV(importance): standard deviation / mean over the experts. */
  readonly importanceVariation: number;
  /** CV(load), likewise. */
  readonly loadVariation: number;
  /** The busiest expert's rows over the mean: what a machine per expert would wait for. */
  readonly maxOverMean: number;
}

/** Mixture of experts with noisy top-k gating, [N, D] → [N, O]. */
export class SparselyGatedMixtureOfExperts extends Container<Tensor, Tensor> {
  /** D. */
  readonly numInputs: number;
  /** O. */
  readonly numOutputs: number;
  /** Chooses the experts of each row and weighs them. */
  readonly gate: NoisyTopGate;

  private readonly kernels: Kernels;
  private readonly routes: readonly ExpertRoute[];
  private readonly output: TensorBuffer;
  private readonly gradInput: TensorBuffer;
  private readonly dims: { rows: number; cols: number };
  private dGates: Float32Array;
  private mode: Mode;

  /**
   * Draws one seed from `rng` for each layer of the default experts, and one a training forward.
   * @throws {ConfigError} for options out of range.
   */
  constructor(
    kernels: Kernels,
    numInputs: number,
    numOutputs: number,
    rng: SeedSource,
    options: Partial<MixtureOfExpertsOptions> = {},
  ) {
    const chosen = { ...MIXTURE_DEFAULTS, ...options };
    checkOptions(numInputs, numOutputs, chosen);
    const { numExperts, expertsPerRow, numHidden } = chosen;
    const make =
      chosen.expert ??
      (() =>
        new Sequential(
          new Linear(kernels, numInputs, numHidden, rng, { init: "he" }),
          new ReLU(kernels),
          new Linear(kernels, numHidden, numOutputs, rng),
        ));
    super(Array.from({ length: numExperts }, (_, i) => make(i) as Module<unknown, unknown>));
    this.kernels = kernels;
    this.numInputs = numInputs;
    this.numOutputs = numOutputs;
    this.gate = new NoisyTopGate(kernels, numInputs, numExperts, expertsPerRow, rng, chosen);
    this.routes = this.modules.map(() => new ExpertRoute(kernels));
    this.output = new TensorBuffer(kernels);
    this.gradInput = new TensorBuffer(kernels);
    this.dims = { rows: 0, cols: numOutputs };
    this.dGates = new Float32Array(0);
    this.mode = "train";
  }

  /** The balance loss of the last training forward, weighted; 0 in evaluate mode. Its gradient is in `backward`. */
  get auxiliaryLoss(): number {
    return this.gate.auxiliaryLoss;
  }

  override setMode(mode: Mode): void {
    this.mode = mode;
    super.setMode(mode);
  }

  /** `input` [N, D] read. @returns [N, O]. @throws {ShapeError} for other shapes, or experts that give others. */
  forward(input: Tensor): Tensor {
    checkMatrix(
      "SparselyGatedMixtureOfExperts.forward",
      input,
      this.numInputs,
      "was the model built with another number of inputs?",
    );
    const { kernels, gate, numInputs, numOutputs, output } = this;
    const rows = input.shape[0];
    gate.forward(input, this.mode);
    dispatchRows(this.routes, rows, gate.batch);
    output.resize(rows, numOutputs);
    output.data.fill(0, 0, rows * numOutputs);
    for (const [e, route] of this.routes.entries()) {
      const { count } = route;
      route.output = null;
      if (count === 0) continue;
      route.input.resize(count, numInputs);
      kernels.gatherRows(count, numInputs, route.rows, input.data, route.input.data);
      const given = this.forwardOf(e, route.input) as Tensor;
      if (given.shape.length !== 2 || given.shape[0] !== count || given.shape[1] !== numOutputs) {
        throw new ShapeError(
          `SparselyGatedMixtureOfExperts[${e}]: expected an expert's output ${formatShape([count, numOutputs])}, ` +
            `got ${formatShape(given.shape)}; experts map ${numInputs} numbers to ${numOutputs}`,
        );
      }
      route.output = given;
      kernels.scatterAddRows(count, numOutputs, route.rows, route.gates, given.data, output.data);
    }
    return output;
  }

  /** @returns the gradient of `input` [N, D], of the auxiliary loss too. Experts without rows get no gradients. */
  backward(input: Tensor, gradOutput: Tensor): Tensor {
    const rows = input.shape[0];
    checkSameRows("SparselyGatedMixtureOfExperts.backward", rows, this.output);
    checkGradOutput("SparselyGatedMixtureOfExperts.backward", gradOutput, this.output);
    const { kernels, numInputs, numOutputs, gradInput, gate, dims } = this;
    const numGates = rows * gate.batch.k;
    this.dGates = atLeastF32(kernels, this.dGates, numGates);
    this.dGates.fill(0, 0, numGates);
    gradInput.resize(rows, numInputs);
    gradInput.data.fill(0, 0, rows * numInputs);
    for (const [e, route] of this.routes.entries()) {
      const { count } = route;
      if (route.output === null) {
        for (const { grad } of this.modules[e].parameters()) if (grad.kind === "rows") grad.count = 0;
        continue;
      }
      const grad = route.gradOutput;
      grad.resize(count, numOutputs);
      dims.rows = count;
      kernels.gatherRows(count, numOutputs, route.rows, gradOutput.data, grad.data);
      kernels.rowDots(dims, grad.data, route.output.data, route.dGates);
      kernels.scatterAddRows(count, 1, route.slots, null, route.dGates, this.dGates);
      kernels.scaleRows(dims, route.gates, grad.data, grad.data, "overwrite");
      const gradient = this.backwardOf(e, route.input, grad) as Tensor | null;
      if (gradient === null) {
        throw new ConfigError(
          `SparselyGatedMixtureOfExperts[${e}]: expected an expert to give the gradient of its input, got null; ` +
            "build its first layer with gradInput",
        );
      }
      kernels.scatterAddRows(count, numInputs, route.rows, null, gradient.data, gradInput.data);
    }
    gate.backward(input, this.dGates, gradInput.data);
    return gradInput;
  }

  override parameters(): Parameter[] {
    return [this.gate.weight, this.gate.noiseWeight, ...super.parameters()];
  }

  /** Of the last forward. */
  statistics(): ExpertStatistics {
    const rows = this.routes.map(({ count }) => count);
    const importance = [...this.gate.importance];
    const load = this.gate.batch.noise === null ? rows : [...this.gate.load];
    const mean = rows.reduce((a, b) => a + b, 0) / rows.length;
    return {
      rows,
      importance,
      load,
      importanceVariation: variation(importance),
      loadVariation: variation(load),
      maxOverMean: mean === 0 ? 0 : Math.max(...rows) / mean,
    };
  }
}

function variation(values: readonly number[]): number {
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  const variance = values.reduce((a, b) => a + (b - mean) ** 2, 0) / values.length;
  return mean === 0 ? 0 : Math.sqrt(variance) / mean;
}

function checkOptions(numInputs: number, numOutputs: number, options: MixtureOfExpertsOptions): void {
  const { numExperts, expertsPerRow, numHidden, importanceWeight, loadWeight } = options;
  const sizes = { numInputs, numOutputs, numExperts, expertsPerRow, numHidden };
  for (const [name, size] of Object.entries(sizes)) {
    if (Number.isInteger(size) && size > 0) continue;
    throw new ConfigError(`SparselyGatedMixtureOfExperts: expected a positive whole number as ${name}, got ${size}`);
  }
  if (expertsPerRow > numExperts) {
    throw new ConfigError(
      `SparselyGatedMixtureOfExperts: expected expertsPerRow of at most ${numExperts}, got ${expertsPerRow}; ` +
        "add experts",
    );
  }
  for (const [name, weight] of Object.entries({ importanceWeight, loadWeight })) {
    if (weight >= 0 && weight < Number.POSITIVE_INFINITY) continue;
    throw new ConfigError(`SparselyGatedMixtureOfExperts: expected ${name} of 0 or more, got ${weight}; 0 is none`);
  }
}
