/**
 * @file Which output columns stand for all L in this step? The batch's positives and some shared negatives.
 *
 *   columns     │ P positives, all of the batch │ S negatives, distinct, drawn at random │
 *   correction  │ 0                             │ −ln of the chance that the column was drawn │   added to the logits
 *
 * So Σ exp of the corrected logits has Σ exp of all L as its mean: each negative stands for those that were not drawn
 * (Horvitz and Thompson's estimator).
 *
 *   uniform   chance S/(L − P), exactly
 *   weighted  1 − (1 − p)ᵀ for a column of weight p after T draws, those of positives and of columns drawn before among
 *             them; with log-uniform weights p(j) = ln((j + 2)/(j + 1))/ln(L + 1), for labels by falling frequency, the
 *             negatives are those that a row is likely to confuse with its labels
 *
 * When all L columns are wanted nothing is drawn, and nothing corrected.
 *
 * Sources: Bengio, Senécal, "Quick Training of Probabilistic Neural Nets by Importance Sampling", AISTATS 2003; "Adaptive
 * Importance Sampling to Accelerate Training of a Neural Probabilistic Language Model", IEEE Transactions on Neural
 * Networks 2008; Jean, Cho, Memisevic, Bengio, "On Using Very Large Target Vocabulary for Neural Machine Translation", ACL
 * 2015. The log-uniform weights and 1 − (1 − p)ᵀ are those of TensorFlow's candidate sampling.
 */
import { ConfigError } from "../../core/index.js";
import type { AliasDraws, Kernels } from "../../kernels/contract.js";
import type { SampledLinear } from "../layers/sampled-linear.js";
import type { SparseBatch, Tensor } from "../module.js";
import { aliasTable } from "./alias-table.js";

/** How negatives are drawn: alike, by Zipf's law of the label's number, or by weights [L] > 0. */
export type NegativeDistribution = "uniform" | "logUniform" | ArrayLike<number>;

/** Draws tried for each negative wanted, before a step makes do with fewer: enough unless nearly all L are wanted. */
const TRIES_PER_NEGATIVE = 64;

interface WeightedDraws {
  readonly table: AliasDraws;
  /** [L] ln(1 − p). */
  readonly logMiss: Float64Array;
}

/** Chooses the columns of a sampled step and corrects the logits of its negatives. */
export class ColumnSampler {
  private readonly kernels: Kernels;
  private readonly numColumns: number;
  private readonly numNegatives: number;
  private readonly weighted: WeightedDraws | null;
  private readonly scratch: Uint32Array;
  private readonly columns: Uint32Array;
  private readonly correction: Float32Array;
  private numChosen = 0;

  /** @throws {ConfigError} for weights that are not positive, or of another number of columns. */
  constructor(
    kernels: Kernels,
    numColumns: number,
    numNegatives: number,
    distribution: NegativeDistribution = "uniform",
  ) {
    this.kernels = kernels;
    this.numColumns = numColumns;
    this.numNegatives = numNegatives;
    this.weighted = distribution === "uniform" ? null : weightedDraws(kernels, numColumns, distribution);
    this.scratch = kernels.u32(numColumns);
    this.columns = kernels.u32(numColumns);
    this.correction = kernels.f32(numColumns);
  }

  /** Activates the columns in the output layer, if there is one; columns of `targets` become positions among them. */
  choose(targets: SparseBatch, seed: number, layer: SampledLinear | null): this {
    const { kernels, numColumns, numNegatives, weighted, scratch, columns, correction } = this;
    if (weighted === null) {
      const [numChosen, numPositives] = kernels.sampleColumns(
        targets.numRows,
        targets,
        numColumns,
        numNegatives,
        seed,
        scratch,
        columns,
      );
      const numDrawn = numChosen - numPositives;
      const raise = numDrawn === 0 ? 0 : Math.log((numColumns - numPositives) / numDrawn);
      correction.fill(0, 0, numPositives);
      correction.fill(raise, numPositives, numChosen);
      this.numChosen = numChosen;
    } else {
      const [numChosen, numPositives, numTries] = kernels.sampleWeightedColumns(
        targets.numRows,
        targets,
        numColumns,
        numNegatives,
        weighted.table,
        TRIES_PER_NEGATIVE * numNegatives,
        seed,
        scratch,
        columns,
      );
      correction.fill(0, 0, numChosen);
      const { logMiss } = weighted;
      if (numChosen < numColumns) {
        for (let i = numPositives; i < numChosen; i++) {
          correction[i] = -Math.log(-Math.expm1(numTries * logMiss[columns[i]]));
        }
      }
      this.numChosen = numChosen;
    }
    layer?.setActive(columns, this.numChosen);
    return this;
  }

  /** Adds the correction to `logits` in place. @returns the targets in terms of the chosen columns. */
  correct(logits: Tensor, targets: SparseBatch): SparseBatch {
    this.kernels.addBias({ rows: logits.shape[0], cols: this.numChosen }, this.correction, logits.data);
    return { ...targets, numCols: this.numChosen };
  }
}

function weightedDraws(
  kernels: Kernels,
  numColumns: number,
  distribution: "logUniform" | ArrayLike<number>,
): WeightedDraws {
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
  const { thresholds, aliases } = aliasTable(weights);
  const total = weights.reduce((a, b) => a + b, 0);
  return {
    table: { thresholds: kernels.adopt(thresholds), aliases: kernels.adopt(aliases) },
    logMiss: weights.map((weight) => Math.log1p(-weight / total)),
  };
}
