/**
 * @file hybrid: data parallel over groups of workers that share one copy of the model's work among them.
 *
 *   rows 0 … n/2    group 0 │ worker 0: layers 0–2 │ worker 1: layer 3 │        gradients of each layer are added up
 *   rows n/2 … n    group 1 │ worker 2: layers 0–2 │ worker 3: layer 3 │        over the groups, among those who own it
 *
 * Activations cross inside a group, gradients between the workers of one place in their groups: of each layer only those
 * who compute it. The same bytes again for fixed numbers of groups and workers; the loss is one worker's to rounding.
 *
 * Source: Krizhevsky, "One weird trick for parallelizing convolutional neural networks", arXiv:1404.5997, 2014 (data
 * parallel where activations are large, model parallel where weights are). Differs from it: one way throughout a model.
 */
import { joinGroups } from "./model-parallel.js";
import type { Strategy } from "./strategy.js";

export const hybrid: Strategy = {
  join: (enrolment) => joinGroups(enrolment, enrolment.options.groupSize),
};
