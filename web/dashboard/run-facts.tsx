/** @file What a run was made from, what came out, and what to do with it: tables and commands. */
import type { JSX } from "preact";
import type { RunRecord } from "../../src/train/run-history/records.js";
import type { RunHistory, RunSummary } from "../../src/train/run-history/run-history.js";
import { formatBytes, formatCount, formatSeconds, formatSetting, plural } from "./format.js";
import type { NextStep } from "./next-steps.js";
import { ScrollRegion } from "./scroll-region.js";

/** Ranks at which figures are given, and the figures, in the order of `evaluate`. */
const CUTOFFS = [1, 3, 5, 10, 100];
const FIGURES = ["p", "r", "ndcg", "psp"] as const;
const FIGURE_NAMES = { p: "P@k", r: "R@k", ndcg: "nDCG@k", psp: "PSP@k" };

/** The finished model's figures, those of the manifest. */
export function FigureTable({ history }: { readonly history: RunHistory }): JSX.Element {
  const { measured, currentRun } = history;
  return (
    <figure class="chart" aria-labelledby="figures-title" data-chart="figures">
      <figcaption>
        <h3 id="figures-title">The model, measured</h3>
        <p class="summary">
          {measured !== null
            ? `${plural(measured.worlds, "world")} on all ${plural(measured.rows, "row")} set aside, in %.`
            : currentRun?.record.heldOut
              ? "Measured on all rows set aside, once all worlds are there."
              : "No rows were set aside: train with --validation 0.1, or measure with manyworlds evaluate."}
        </p>
      </figcaption>
      {measured !== null && (
        <ScrollRegion label="Figures of the model">
          <table class="numbers figures">
            <thead>
              <tr>
                <th scope="col">figure</th>
                {CUTOFFS.map((k) => (
                  <th scope="col" key={k}>
                    k={k}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {FIGURES.filter((figure) => CUTOFFS.some((k) => measured.figures[`${figure}@${k}`] !== undefined)).map(
                (figure) => (
                  <tr key={figure}>
                    <th scope="row">{FIGURE_NAMES[figure]}</th>
                    {CUTOFFS.map((k) => {
                      const value = measured.figures[`${figure}@${k}`];
                      return <td key={k}>{value === undefined ? "" : (100 * value).toFixed(2)}</td>;
                    })}
                  </tr>
                ),
              )}
            </tbody>
          </table>
        </ScrollRegion>
      )}
    </figure>
  );
}

export function NextSteps({ steps }: { readonly steps: readonly NextStep[] }): JSX.Element {
  return (
    <section aria-labelledby="next">
      <h2 id="next">What to run next</h2>
      <ol class="steps">
        {steps.map(({ why, command }) => (
          <li key={why}>
            <p>{why}</p>
            {command !== null && (
              <pre>
                <code>{command}</code>
              </pre>
            )}
          </li>
        ))}
      </ol>
    </section>
  );
}

/** Options under the names of the settings, in the order in which a reader asks. */
const MODEL_SETTINGS = ["numWorlds", "numBuckets", "hidden", "activation", "output", "loss", "merge", "priorAlpha"];

export function Settings({ record }: { readonly record: RunRecord }): JSX.Element {
  const { data, options, strategy, threads, parameters, heldOut } = record;
  const entries = Object.entries(options);
  const dataFacts: [string, string][] = [
    ["files", data.files.join(", ")],
    ["format", data.format],
    ["rows", formatCount(data.rows) + (data.skipped > 0 ? `, ${formatCount(data.skipped)} left out` : "")],
    ["rows to learn from", formatCount(data.trainingRows)],
    ["rows set aside", heldOut === null ? "none" : formatCount(heldOut.rows)],
    ["features", `${formatCount(data.features)}, ${(data.nonZeros / Math.max(1, data.rows)).toFixed(1)} a row`],
    ["labels", `${formatCount(data.labels)}, ${(data.labelOccurrences / Math.max(1, data.rows)).toFixed(1)} a row`],
  ];
  const model = entries.filter(([name]) => MODEL_SETTINGS.includes(name));
  model.sort(([a], [b]) => MODEL_SETTINGS.indexOf(a) - MODEL_SETTINGS.indexOf(b));
  return (
    <section aria-labelledby="settings">
      <h2 id="settings">Made from</h2>
      <div class="facts">
        <Facts title="Data" facts={dataFacts} />
        <Facts
          title="Model"
          facts={[...model.map(asText), ["parameters", formatCount(parameters)] satisfies [string, string]]}
        />
        <Facts title="Training" facts={entries.filter(([name]) => !MODEL_SETTINGS.includes(name)).map(asText)} />
        <Facts
          title="Threads"
          facts={strategy === null ? [["worlds at once", formatCount(threads)]] : Object.entries(strategy).map(asText)}
        />
      </div>
    </section>
  );
}

/** `inputLearningRateScale` → `input learning rate scale`. */
function asText([name, value]: [string, unknown]): [string, string] {
  return [
    name
      .replace(/^num(?=[A-Z])/, "")
      .replace(/([A-Z])/g, (letter) => ` ${letter.toLowerCase()}`)
      .trim(),
    formatSetting(value),
  ];
}

function Facts({
  title,
  facts,
}: {
  readonly title: string;
  readonly facts: readonly (readonly [string, string])[];
}): JSX.Element {
  return (
    <div>
      <h3>{title}</h3>
      <dl class="facts-list numbers">
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </div>
  );
}

/** All runs of this model, if there were several or one that says how long it took. */
export function RunTable({ runs }: { readonly runs: readonly RunSummary[] }): JSX.Element {
  return (
    <section aria-labelledby="runs">
      <h2 id="runs">{runs.length === 1 ? "The run" : "Runs of this model"}</h2>
      <ScrollRegion label="Table of runs">
        <table class="numbers">
          <thead>
            <tr>
              <th scope="col">Run</th>
              <th scope="col">Began</th>
              <th scope="col">Worlds to train</th>
              <th scope="col">Ended</th>
              <th scope="col">Took</th>
              <th scope="col">Processor time</th>
              <th scope="col">Peak memory</th>
            </tr>
          </thead>
          <tbody>
            {runs.map(({ record, end }, i) => (
              <tr key={record.run}>
                <th scope="row">{record.run}</th>
                <td>{record.started.slice(0, 16).replace("T", " ")} UTC</td>
                <td>{record.worlds.length}</td>
                <td>{end?.end ?? (i === runs.length - 1 ? "not yet" : "cut off")}</td>
                <td>{end === null ? "–" : formatSeconds(end.seconds)}</td>
                <td>{end === null ? "–" : formatSeconds(end.cpuSeconds)}</td>
                <td>{end === null ? "–" : formatBytes(end.peakBytes)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </ScrollRegion>
    </section>
  );
}
