/**
 * @file Which flags must be given again? Those that the runs of a model were given, sorted by what each is for.
 *
 *   what follows     model, rows    worlds             strategy, threads    --memory       --time
 *   --resume         rows only      those of a list    the last run's       the last's     never: it is refused
 *   --overwrite      of all runs    of all runs        the last run's       unless a strategy trains: it is refused
 *
 * A model keeps its options, so --resume does without them. --overwrite keeps nothing: what is left out is chosen anew.
 */
import type { GivenFlag } from "../../src/train/run-history/records.js";
import type { RunHistory } from "../../src/train/run-history/run-history.js";

/** Without these the rows, or what worlds start from, would be others. */
const OF_ROWS: readonly string[] = ["--format", "--skip-bad-rows", "--init-embeddings"];
const OF_STRATEGY: readonly string[] = [
  ...["--strategy", "--strategy-workers", "--backoff", "--average-every", "--model-split", "--micro-batches"],
  "--group-size",
];
const OF_MACHINE: readonly string[] = ["--threads", "--checkpoint"];
const BUDGETS: readonly string[] = ["--memory", "--time"];

/** Flags that --resume needs to go on as the last run did. `worlds`: others than those of the last run. */
export function flagsToResume(history: RunHistory, worlds?: string): readonly GivenFlag[] {
  const last = history.currentRun?.record.flags ?? [];
  const rows = flagsOfAllRuns(history).filter(({ flag }) => OF_ROWS.includes(flag));
  const machine = last.filter(({ flag }) => OF_MACHINE.includes(flag) || flag === "--memory");
  // A count says how many the model has: it knows. A list says which to train now.
  const list = last.find(({ flag, value }) => flag === "--worlds" && value !== null && !/^\d+$/.test(value));
  const chosen = worlds === undefined ? list : { flag: "--worlds", value: worlds };
  return [...(chosen === undefined ? [] : [chosen]), ...rows, ...machine, ...strategyFlags(history)];
}

/** Flags that make the same model again; null: not known, since a run had no command line, or the first one is forgotten. */
export function flagsToOverwrite(history: RunHistory): readonly GivenFlag[] | null {
  const records = history.runs.map(({ record }) => record);
  const last = records.at(-1);
  if (last === undefined || records[0].isResumed || records.some(({ flags }) => flags === undefined)) return null;
  const all = flagsOfAllRuns(history);
  const ofOneRun = [...OF_STRATEGY, ...OF_MACHINE, ...(last.strategy === null ? [] : BUDGETS)];
  const model = all.filter(({ flag }) => !ofOneRun.includes(flag));
  const wereWorldsAdded = records.slice(1).some(({ flags }) => flags?.some(({ flag }) => flag === "--worlds"));
  const worlds = { flag: "--worlds", value: String(last.options.numWorlds) };
  const machine = (last.flags ?? []).filter(({ flag }) => OF_MACHINE.includes(flag));
  return [
    ...model.map((given) => (given.flag === "--worlds" && wereWorldsAdded ? worlds : given)),
    ...machine,
    ...strategyFlags(history),
  ];
}

/** A later run's value stands. */
function flagsOfAllRuns({ runs }: RunHistory): readonly GivenFlag[] {
  const all = new Map<string, GivenFlag>();
  for (const { record } of runs) for (const given of record.flags ?? []) all.set(given.flag, given);
  return [...all.values()];
}

/** Not kept in the model's options: a run without them would train worlds another way. */
function strategyFlags({ currentRun }: RunHistory): readonly GivenFlag[] {
  const strategy = currentRun?.record.strategy ?? null;
  if (strategy === null) return [];
  // The number of workers is the machine's where it was not given: it is said here, so that another machine agrees.
  const chosen = [
    { flag: "--strategy", value: String(strategy.strategy) },
    { flag: "--strategy-workers", value: String(strategy.numWorkers) },
  ];
  const others = (currentRun?.record.flags ?? []).filter(
    ({ flag }) => OF_STRATEGY.includes(flag) && !chosen.some((each) => each.flag === flag),
  );
  return [...chosen, ...others];
}
