/** @file How do R small classifiers find one of millions of labels? Hash, worlds, ensemble, metrics. All but *.node.ts runs in browsers. */
export { type CompanionLabel, companionsOf } from "./companions.js";
export { DEFAULT_MAX_SCORE_BYTES, Ensemble, type EnsembleOptions, type LoadedWorld } from "./ensemble.js";
export { type EvaluateOptions, evaluate, type Ranker } from "./evaluate.js";
export {
  anyConfusionChance,
  collisionChance,
  DEFAULT_CONFUSION_CHANCE,
  distinguishingWorlds,
  expectedSharedPairs,
  labelConfusionChance,
  labelPairs,
} from "./label-collisions.js";
export { labelFilter } from "./label-filter.js";
export { LabelHash, type LabelHashJson, type LabelHashOptions } from "./label-hash.js";
export { createLabelPrior, type LabelPriorOptions, NO_PRIOR, priorCodes } from "./label-prior.js";
export {
  type DamagedWorld,
  type LoadedEnsemble,
  type LoadedWorlds,
  type LoadOptions,
  type LoadWorldsOptions,
  loadEnsemble,
  loadWorlds,
  manifestPrior,
  type WorldArrays,
  type WorldSource,
} from "./load-ensemble.js";
export { MERGE_KINDS, type MergeKind, unbiasedProbability } from "./merge.js";
export {
  inversePropensities,
  METRICS_K,
  type MetricName,
  Metrics,
  type MetricValues,
  type PropensityOptions,
  type TrueLabels,
} from "./metrics.js";
export { loadModelVectorizer, Model, type ModelLoadOptions, type RankedLabel } from "./model.node.js";
export { countParameters, type ParameterCount } from "./parameter-count.js";
export { createPredictionEnsemble } from "./prediction-ensemble.js";
export type { PredictionShared } from "./prediction-job.js";
export { PredictionPool } from "./prediction-pool.node.js";
export type {
  ExplainedPredictions,
  ExplainOptions,
  Predictions,
  PredictOptions,
  RankingOptions,
} from "./predictions.js";
export { countSharedLabels, type SharedLabels, type SharedLabelsOptions } from "./shared-labels.js";
export { NO_LABEL, type QueryVotes, VoteCounter, votesOf, worldViewsOf } from "./votes.js";
export {
  activationOf,
  createWorld,
  type HiddenActivation,
  type Loss,
  type OutputLayer,
  type World,
  type WorldLayer,
  type WorldOptions,
  worldLayers,
  worldParameterShapes,
} from "./world.js";
export { ScorerScratch, type StoredTensor, WorldParameters, WorldScorer } from "./world-scorer.js";
