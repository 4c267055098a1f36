/** @file The page: how the run goes, its curves, its worlds, what it was made from, and what to do next. */
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { RunHistory } from "../../src/train/run-history/run-history.js";
import { PageHeader } from "../parts/page-header.js";
import { bucketChart, lossChart, memoryChart, mergedChart, rateChart } from "./charts.js";
import type { Connection } from "./history-source.js";
import { LinePlot } from "./line-plot.js";
import { nextSteps } from "./next-steps.js";
import { FigureTable, NextSteps, RunTable, Settings } from "./run-facts.js";
import { statusOf } from "./run-status.js";
import { StatusPanel } from "./status-panel.js";
import { WorldTable } from "./world-table.js";

export interface DashboardPageProps {
  readonly history: RunHistory;
  readonly connection: Connection;
}

const CUTOFFS = [1, 3, 5];

export function DashboardPage({ history, connection }: DashboardPageProps): JSX.Element {
  const [highlight, setHighlight] = useState<number | null>(null);
  const [cutoff, setCutoff] = useState(1);
  const status = statusOf(history, connection);
  const record = history.currentRun?.record;
  const title =
    record === undefined ? "manyworlds training" : `${record.model} – ${status.state} – manyworlds training`;
  useEffect(() => {
    document.title = title;
  }, [title]);
  const steps = nextSteps(history, status.state);
  return (
    <>
      <PageHeader home="#" />
      <main class="column wide">
        <StatusPanel history={history} status={status} connection={connection} />
        {record !== undefined && (
          <>
            <section aria-labelledby="curves">
              <h2 id="curves">Curves</h2>
              <div class="charts">
                <LinePlot chart={lossChart(history)} highlight={highlight} />
                <LinePlot chart={bucketChart(history, cutoff)} highlight={highlight}>
                  <CutoffChoice cutoff={cutoff} onChoose={setCutoff} />
                </LinePlot>
                <LinePlot chart={mergedChart(history)} highlight={null} />
                <LinePlot chart={rateChart(history)} highlight={null} />
                <LinePlot chart={memoryChart(history)} highlight={null} />
                <FigureTable history={history} />
              </div>
            </section>
            <WorldTable history={history} highlight={highlight} onHighlight={setHighlight} />
            {steps.length > 0 && <NextSteps steps={steps} />}
            <Settings record={record} />
            <RunTable runs={history.runs} />
          </>
        )}
      </main>
      <footer class="column wide">
        {record !== undefined && (
          <p>
            {record.writtenBy}, {record.kernels} kernels. The data of this page stands in <code>history.jsonl</code> in
            the model directory.
          </p>
        )}
      </footer>
    </>
  );
}

function CutoffChoice(props: { readonly cutoff: number; readonly onChoose: (k: number) => void }): JSX.Element {
  return (
    <fieldset class="choice">
      <span aria-hidden="true">k</span>
      <legend class="unseen">k, the best buckets that count</legend>
      {CUTOFFS.map((k) => (
        <label key={k}>
          <input type="radio" name="cutoff" checked={props.cutoff === k} onChange={() => props.onChoose(k)} />
          <span class="choice-text">
            <span class="unseen">P@</span>
            {k}
          </span>
        </label>
      ))}
    </fieldset>
  );
}
