/**
 * @file What to run next? Commands, with why, from how the run went. Rules of thumb, said as such; each looks at figures
 * that the page shows.
 */
import type { GivenFlag, RunRecord } from "../../src/train/run-history/records.js";
import type { RunHistory } from "../../src/train/run-history/run-history.js";
import { formatPercent } from "./format.js";
import { flagsToOverwrite, flagsToResume } from "./given-flags.js";
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
  const diverged = history.worlds.filter(({ state: world }) => world.phase === "diverged");
  if (diverged.length > 0) {
    const rate = Number(record.options.learningRate) / 2;
    const why = `The loss of ${diverged.length === 1 ? `world ${diverged[0].world}` : `${diverged.length} worlds`} left the finite numbers: train again with smaller steps.`;
    return [overwrite(history, why, { flag: "--learning-rate", value: String(Number(rate.toPrecision(3))) })];
  }
  if (state === "interrupted" || state === "failed" || state === "cut off") {
    const why =
      end?.end === "failed" && end.message !== undefined
        ? `Once what stopped it is mended (${end.message}), go on: no finished world is trained again.`
        : "Go on where it stopped: no finished world is trained again, others go on from their checkpoints.";
    return [{ why, command: resume(history, record) }];
  }
  if (state !== "finished") return [];
  return [...afterwards(history), ...askIt(model)];
}

/** `worlds`: others than those of the run. */
function resume(history: RunHistory, record: RunRecord, worlds?: string): string {
  return `${trainCommand(record)}${asTyped(flagsToResume(history, worlds))} --resume`;
}

/**
 * The same model again but for one flag. No command where some of the others are not known: it would replace the model by
 * one that differs in more.
 */
function overwrite(history: RunHistory, why: string, { flag, value }: GivenFlag): NextStep {
  const record = history.currentRun?.record;
  const given = flagsToOverwrite(history);
  if (given === null || record === undefined) {
    const rest = "All other options must be given as the model was made with: what is left out is chosen anew.";
    return { why: `${why} That is --overwrite ${flag} ${value}. ${rest}`, command: null };
  }
  const others = asTyped(given.filter((each) => each.flag !== flag));
  return { why, command: `${trainCommand(record)}${others} --overwrite ${flag} ${value}` };
}

function afterwards(history: RunHistory): NextStep[] {
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
      steps.push({ why, command: resume(history, record, `${numWorlds}-${2 * numWorlds - 1}`) });
    } else steps.push({ why: `More worlds would hardly help: ${change}.`, command: null });
  }
  const trend = lastEpochGain(history);
  const epochs = Number(record.options.epochs);
  if (trend !== null && trend > WORTHWHILE) {
    const why = `The worlds were still getting better in their last epoch (P@1 of buckets ${signed(trend)}): try more of them.`;
    steps.push(overwrite(history, why, { flag: "--epochs", value: String(Math.ceil(1.5 * epochs)) }));
  } else if (trend !== null && trend < -WORTHWHILE) {
    const why = `The worlds got worse in their last epoch (P@1 of buckets ${signed(trend)}): they learn their rows by heart. Try fewer epochs.`;
    steps.push(overwrite(history, why, { flag: "--epochs", value: String(Math.max(1, Math.floor(epochs / 1.5))) }));
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

function trainCommand({ data, model }: RunRecord): string {
  return `manyworlds train ${data.files.map(quoted).join(" ")} --model ${quoted(`${model}/`)}`;
}

const asTyped = (flags: readonly GivenFlag[]): string =>
  flags.map(({ flag, value }) => (value === null ? ` ${flag}` : ` ${flag} ${quoted(value)}`)).join("");

/** As a shell needs it. */
function quoted(word: string): string {
  return /^[\w.,/-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
