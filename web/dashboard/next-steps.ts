/**
 * @file What to run next? Commands, with why, from how the run went. Rules of thumb, said as such; each looks at figures
 * that the page shows.
 */
import type { RunHistory } from "../../src/train/run-history/run-history.js";
import { formatPercent } from "./format.js";
import type { RunState } from "./run-status.js";

export interface NextStep {
  readonly why: string;
  /** null: nothing to type. */
  readonly command: string | null;
}

/** A gain of this much from twice the worlds, or from the last epoch, is worth asking for more. */
const WORTHWHILE = 0.005;

export function nextSteps(history: RunHistory, state: RunState): NextStep[] {
  const { currentRun } = history;
  if (currentRun === null) return [];
  const { record, end } = currentRun;
  const model = `${record.model}/`;
  const { strategy } = record;
  // Not kept in the model's options: a run without it would train worlds another way.
  const how = strategy === null ? "" : ` --strategy ${strategy.strategy} --strategy-workers ${strategy.numWorkers}`;
  const train = `manyworlds train ${record.data.files.map(quoted).join(" ")} --model ${quoted(model)}${how}`;
  const diverged = history.worlds.filter(({ state: world }) => world.phase === "diverged");
  if (diverged.length > 0) {
    const rate = Number(record.options.learningRate) / 2;
    const why = `The loss of ${diverged.length === 1 ? `world ${diverged[0].world}` : `${diverged.length} worlds`} left the finite numbers: train again with smaller steps.`;
    return [{ why, command: `${train} --overwrite --learning-rate ${Number(rate.toPrecision(3))}` }];
  }
  if (state === "interrupted" || state === "failed" || state === "cut off") {
    const why =
      end?.end === "failed" && end.message !== undefined
        ? `Once what stopped it is mended (${end.message}), go on: no finished world is trained again.`
        : "Go on where it stopped: no finished world is trained again, others go on from their checkpoints.";
    return [{ why, command: `${train} --resume` }];
  }
  if (state !== "finished") return [];
  return [...afterwards(history, train), ...askIt(model)];
}

function afterwards(history: RunHistory, train: string): NextStep[] {
  const { currentRun, merged } = history;
  const record = currentRun?.record;
  if (record === undefined) return [];
  if (record.heldOut === null) {
    const why = "How good is it? Nothing was set aside in training: measure it on other rows that have labels.";
    return [{ why, command: `manyworlds evaluate ${quoted(`${record.model}/`)} test.tsv` }];
  }
  const steps: NextStep[] = [];
  const numWorlds = Number(record.options.numWorlds);
  const [half, all] = [merged.findLast(({ worlds }) => 2 * worlds <= numWorlds), merged.at(-1)];
  const gain = (all?.figures["p@1"] ?? 0) - (half?.figures["p@1"] ?? Number.POSITIVE_INFINITY);
  if (half !== undefined && all !== undefined && all.worlds === numWorlds) {
    const change = `from ${half.worlds} worlds to ${all.worlds} P@1 went from ${formatPercent(half.figures["p@1"])} to ${formatPercent(all.figures["p@1"])}`;
    if (gain > WORTHWHILE) {
      const why = `More worlds may help still: ${change}.`;
      steps.push({ why, command: `${train} --worlds ${numWorlds}-${2 * numWorlds - 1} --resume` });
    } else steps.push({ why: `More worlds would hardly help: ${change}.`, command: null });
  }
  const trend = lastEpochGain(history);
  const epochs = Number(record.options.epochs);
  if (trend !== null && trend > WORTHWHILE) {
    const why = `The worlds were still getting better in their last epoch (P@1 of buckets ${signed(trend)}): try more of them.`;
    steps.push({ why, command: `${train} --overwrite --epochs ${Math.ceil(1.5 * epochs)}` });
  } else if (trend !== null && trend < -WORTHWHILE) {
    const why = `The worlds got worse in their last epoch (P@1 of buckets ${signed(trend)}): they learn their rows by heart. Try fewer epochs.`;
    steps.push({ why, command: `${train} --overwrite --epochs ${Math.max(1, Math.floor(epochs / 1.5))}` });
  }
  return steps;
}

function askIt(model: string): NextStep[] {
  return [
    { why: "Ask it.", command: `manyworlds predict ${quoted(model)} "your text" -k 10` },
    { why: "Let others ask it.", command: `manyworlds serve ${quoted(model)}` },
  ];
}

/** Mean change of the worlds' P@1 of buckets in their last epoch; null if no world has two. */
function lastEpochGain({ worlds }: RunHistory): number | null {
  const gains = worlds.flatMap(({ epochs }) => {
    const [before, last] = epochs.slice(-2).map(({ buckets }) => buckets?.["p@1"]);
    return before === undefined || last === undefined ? [] : [last - before];
  });
  return gains.length === 0 ? null : gains.reduce((sum, gain) => sum + gain, 0) / gains.length;
}

const signed = (change: number): string => `${change < 0 ? "−" : "+"}${formatPercent(Math.abs(change))}`;

/** As a shell needs it. */
function quoted(word: string): string {
  return /^[\w./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
