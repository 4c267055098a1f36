/** @file Which rows do worlds learn from, and how good is the model on those set aside? */
import type { ModelDirectory } from "../checkpoint/model-directory.node.js";
import { InterruptedError } from "../core/errors.js";
import type { Dataset } from "../data/dataset.js";
import { chooseHoldout, selectRows } from "../data/holdout.js";
import { createKernels } from "../kernels/index.js";
import { evaluate } from "../mach/evaluate.js";
import { loadEnsemble } from "../mach/load-ensemble.js";
import type { MetricValues } from "../mach/metrics.js";
import { loadLabels } from "../mach/model.node.js";
import type { ModelOptions } from "./model-options.js";

/** What worlds learn from, and what was set aside. */
export interface DataParts {
  readonly training: Dataset;
  /** null: nothing. */
  readonly validation: Dataset | null;
}

/** Sets the validation share aside, by the seed. @throws {ConfigError} if no rows would be left. */
export function splitRows(dataset: Dataset, { validationShare, seed }: ModelOptions): DataParts {
  if (validationShare === 0) return { training: dataset, validation: null };
  const { train, validation } = chooseHoldout(dataset.features.numRows, { share: validationShare, seed });
  return { training: selectRows(dataset, train), validation: selectRows(dataset, validation) };
}

/** Puts the figures on the rows set aside into the manifest, and returns them. @throws {InterruptedError} on `signal`. */
export async function measure(
  directory: ModelDirectory,
  { features, labels }: Dataset,
  signal: AbortSignal | undefined,
): Promise<{ readonly numWorlds: number; readonly numRows: number; readonly figures: MetricValues }> {
  const { labelCounts } = loadLabels(directory);
  const { ensemble } = await loadEnsemble(createKernels(), directory, { labelCounts });
  const numTrainingRows = Number(directory.manifest.dataset.numRows);
  const propensity = labelCounts === null ? null : { labelCounts, numTrainingRows };
  const shouldStop = (): boolean => signal?.aborted === true;
  const metrics = await evaluate(ensemble, features, labels, { propensity, shouldStop });
  if (shouldStop()) throw new InterruptedError("interrupted while measuring: the worlds are on disk");
  directory.update({ metrics });
  return { numWorlds: ensemble.numWorlds, numRows: features.numRows, figures: metrics };
}
