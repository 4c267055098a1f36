/**
 * @file Which output columns stand for all L in this step? Some drawn at random, shared by all rows of the batch.
 *
 *   columns  │ drawn: the negatives of every row │ targets that were not drawn │
 *            └ logits [N, shared], one gemm       └ `rest`: each row's own, a few products      targets: "own"
 *            └ logits [N, shared], one gemm ──────────────────────────────────┘               targets: "shared"
 *
 * T draws with replacement; a column of weight p is among those drawn with the chance π = 1 − (1 − p)ᵀ, exactly. T is
 * chosen so that `numNegatives` differ on average. Each column drawn stands for those that were not (Horvitz and
 * Thompson's estimator): for a row of which it is no target it counts 1/π times; the row's targets, whether drawn or not,
 * are always there and count once. So, over the draws, for any logits z of a row with the targets Y:
 *
 *   softmax   logit z − ln π:    Σ exp over the sample has the mean Σ exp over all L. The gradient, a quotient, is the full
 *                                one's as T grows: off by a share of about the estimate's relative variance
 *   sigmoid   weight 1/π:        Σ softplus(z) − Σ over Y of t·z has the full loss as its mean, and its gradient the full
 *                                gradient: exactly. Raising the logit by −ln π instead would be right only where
 *                                σ(z) ≪ π: a false positive's gradient π⁻¹·σ(z) would be cut off at 1
 *
 * With targets "own" another row's target is a negative like any other, and the gemm does not grow with the batch. With
 * "shared" all targets of the batch are columns of every row, certain and so not corrected: as many further negatives,
 * drawn by frequency.
 *
 * The draw decides the estimate's variance. Uniform draws rarely meet the frequent columns, on which most rows put their
 * probability, and then at a great weight; draws by frequency never meet the rare ones. Mixed: half of each, which bounds
 * 1/π by 2L/T and meets frequent columns nearly always.
 *
 * Sources: Bengio, Senécal, "Quick Training of Probabilistic Neural Nets by Importance Sampling", AISTATS 2003; Jean, Cho,
 * Memisevic, Bengio, "On Using Very Large Target Vocabulary for Neural Machine Translation", ACL 2015; Horvitz, Thompson,
 * "A Generalization of Sampling Without Replacement From a Finite Universe", JASA 1952. The log-uniform weights are those
 * of TensorFlow's candidate sampling.
 */
import { ConfigError } from "../../core/index.js";
import type { AliasDraws, Csr, Kernels } from "../../kernels/contract.js";
import type { SparseBatch } from "../module.js";
import { atLeastF32, atLeastU32 } from "../tensor-buffer.js";
import { aliasTable } from "./alias-table.js";

/** How negatives are drawn: alike, by Zipf's law of the label's number, or by weights [L] > 0. */
export type NegativeDistribution = "uniform" | "logUniform" | ArrayLike<number>;

/** Draws at most for each negative wanted: weights that are too uneven to give that many give fewer. */
const DRAWS_PER_NEGATIVE = 64;

/** A step's columns; arrays are valid until the next `choose`. */
export interface ColumnSample {
  /** [≥ numChosen] distinct: those drawn, then the targets that were not, in order of appearance. */
  readonly columns: Uint32Array;
  /** Columns of all rows, the first of `columns`. */
  readonly numShared: number;
  /** Columns in use, shared or not: how many of `columns` count. */
  readonly numChosen: number;
  /** [≥ numShared] a column's chance π as the loss wants it: −ln π to be added to a logit, or the weight 1/π. */
  readonly correction: Float32Array;
  /** The targets, as positions in `columns`. */
  readonly targets: SparseBatch;
  /** Each row's targets that are not shared, as columns of the layer; its values are room for their logits. */
  readonly rest: Csr;
}

/** How many columns are drawn, how, and what the loss makes of their chances. */
export interface ColumnSamplerOptions {
  /** Distinct columns drawn a step, on average, at least 1; from L on all columns are taken and nothing is drawn. */
  readonly numNegatives: number;
  /** Default "uniform". */
  readonly distribution?: NegativeDistribution;
  /** What the loss does with a column's chance: see `ColumnSample.correction`. Default "shift". */
  readonly correction?: "shift" | "weight";
  /** Whose columns a batch's targets are: see the header. Default "own". */
  readonly targets?: "own" | "shared";
}

/** Draws the columns of sampled steps. */
export class ColumnSampler {
  /** Draws of a step; 0 where all columns are taken. */
  readonly numDraws: number;
  private readonly kernels: Kernels;
  private readonly numColumns: number;
  private readonly draws: AliasDraws | null;
  private readonly sharesTargets: boolean;
  /** The correction of what is certain. */
  private readonly neutral: number;
  /** [L] correction of each column. */
  private readonly corrections: Float32Array;
  private readonly scratch: Uint32Array;
  private columns: Uint32Array;
  private correction: Float32Array;
  private readonly rest: { offsets: Uint32Array; columns: Uint32Array; values: Float32Array };

  /** @throws {ConfigError} for weights that are not positive, or of another number of columns. */
  constructor(kernels: Kernels, numColumns: number, options: ColumnSamplerOptions) {
    const { numNegatives, distribution = "uniform", correction = "shift", targets = "own" } = options;
    this.kernels = kernels;
    this.numColumns = numColumns;
    this.sharesTargets = targets === "shared";
    this.neutral = correction === "shift" ? 0 : 1;
    const weights = weightsOf(numColumns, distribution);
    this.numDraws = numNegatives >= numColumns ? 0 : countDraws(weights, numNegatives);
    const { thresholds, aliases } = aliasTable(weights);
    this.draws =
      distribution === "uniform" ? null : { thresholds: kernels.adopt(thresholds), aliases: kernels.adopt(aliases) };
    this.corrections = kernels.f32(this.numDraws === 0 ? 0 : numColumns);
    for (let j = 0; j < this.corrections.length; j++) {
      const chance = chanceOf(weights[j], this.numDraws);
      this.corrections[j] = correction === "shift" ? -Math.log(chance) : 1 / chance;
    }
    this.scratch = kernels.u32(this.numDraws === 0 ? 0 : numColumns);
    this.columns = kernels.u32(0);
    this.correction = kernels.f32(0);
    this.rest = { offsets: kernels.u32(0), columns: kernels.u32(0), values: kernels.f32(0) };
  }

  /**
   * Draws the columns of a step; those of `targets` become positions among them. @returns null where all columns are
   * taken: `targets` are then as they were.
   */
  choose(targets: SparseBatch, seed: number): ColumnSample | null {
    const { kernels, numColumns, numDraws, rest } = this;
    if (numDraws === 0) return null;
    const numEntries = targets.offsets[targets.numRows] - targets.offsets[0];
    this.columns = atLeastU32(kernels, this.columns, Math.min(numColumns, numDraws + numEntries));
    rest.offsets = atLeastU32(kernels, rest.offsets, targets.numRows + 1);
    rest.columns = atLeastU32(kernels, rest.columns, numEntries);
    rest.values = atLeastF32(kernels, rest.values, numEntries);
    const { draws, scratch, columns } = this;
    const [numChosen, numDrawn] = kernels.sampleColumns(
      targets.numRows,
      targets,
      numColumns,
      numDraws,
      draws,
      seed,
      scratch,
      columns,
      rest,
    );
    const numShared = this.sharesTargets ? numChosen : numDrawn;
    this.correction = atLeastF32(kernels, this.correction, numShared);
    kernels.gatherRows(numDrawn, 1, columns, this.corrections, this.correction);
    if (this.sharesTargets) this.shareTargets(targets, numDrawn, numChosen);
    const positions = { ...targets, numCols: numChosen };
    return { columns, numShared, numChosen, correction: this.correction, targets: positions, rest };
  }

  /** Targets, whether drawn or not, are certain. */
  private shareTargets({ offsets, columns, numRows }: SparseBatch, numDrawn: number, numChosen: number): void {
    this.correction.fill(this.neutral, numDrawn, numChosen);
    for (let e = offsets[0]; e < offsets[numRows]; e++) this.correction[columns[e]] = this.neutral;
    this.rest.offsets.fill(0, 0, numRows + 1);
  }
}

/** The chance that a column of weight p is among `numDraws` draws. */
function chanceOf(p: number, numDraws: number): number {
  return -Math.expm1(numDraws * Math.log1p(-p));
}

/** Draws after which `wanted` columns are expected to differ: the least number, or DRAWS_PER_NEGATIVE times that many. */
function countDraws(weights: Float64Array, wanted: number): number {
  const expected = (numDraws: number): number => weights.reduce((sum, p) => sum + chanceOf(p, numDraws), 0);
  let [low, high] = [Math.max(1, Math.floor(wanted)), Math.ceil(DRAWS_PER_NEGATIVE * wanted)];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    // A column alone has the chance 1; sums of rounded chances stay below L.
    if (expected(middle) >= wanted - 1e-9) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** Weights of sum 1. */
function weightsOf(numColumns: number, distribution: NegativeDistribution): Float64Array {
  if (distribution === "uniform") return new Float64Array(numColumns).fill(1 / numColumns);
  const weights =
    distribution === "logUniform"
      ? Float64Array.from({ length: numColumns }, (_, j) => Math.log1p(1 / (j + 1)))
      : Float64Array.from(distribution);
  const absent = weights.findIndex((weight) => !(weight > 0));
  if (weights.length !== numColumns || absent !== -1) {
    throw new ConfigError(
      `ColumnSampler: expected ${numColumns} positive weights, got ` +
        `${weights.length === numColumns ? `${weights[absent]} for column ${absent}` : weights.length}; ` +
        "a column that is never drawn would never learn to be unlikely",
    );
  }
  const total = weights.reduce((a, b) => a + b, 0);
  return weights.map((weight) => weight / total);
}

/** Half uniform, half in proportion to `counts` [L]: see the header. */
export function mixedDistribution(counts: ArrayLike<number>): Float64Array {
  const total = Array.prototype.reduce.call(counts, (a, b) => (a as number) + (b as number), 0) as number;
  const even = 1 / counts.length;
  return Float64Array.from(counts, (count) => (total === 0 ? even : 0.5 * even + (0.5 * count) / total));
}
