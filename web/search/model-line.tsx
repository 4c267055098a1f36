/** @file What answers? One line about the model. */
import type { JSX } from "preact";
import type { ModelResponse } from "../../src/mach/search-contract.js";
import { count, counted, percent } from "./label-text.js";

export function ModelLine({ model }: { readonly model: ModelResponse }): JSX.Element {
  const { numLabels, numBuckets, numWorlds, worlds, metrics, kernels } = model;
  const precision = metrics["p@1"];
  const missing = numWorlds - worlds.length;
  return (
    <p class="model-line numbers">
      <span>{counted(numLabels, "label")}</span>
      <span>
        {missing > 0 ? `${worlds.length} of ${counted(numWorlds, "world")}` : counted(numWorlds, "world")} of{" "}
        {count(numBuckets)} buckets
      </span>
      {precision !== undefined && (
        <span title="P@1, on rows held out of training">first label right: {percent(precision)}</span>
      )}
      <span>{kernels}</span>
      {missing > 0 && <span class="warning">{counted(missing, "world")} could not be loaded; the others answer</span>}
    </p>
  );
}
