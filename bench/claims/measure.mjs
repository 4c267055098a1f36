/**
 * @file One system on one data set, in a process of its own: prints its figures as JSON.
 *
 *   node bench/claims/measure.mjs nvd sampled
 */
import { machineLine } from "../machine.mjs";
import { SYSTEMS } from "./systems.mjs";
import { loadTask } from "./task.mjs";

const [set, system] = process.argv.slice(2);
const task = await loadTask(set);
const { numRows, numFeatures, numLabels } = task;
const dataBytes = process.resourceUsage().maxRSS * 1024;
const figures = await SYSTEMS[system].measure(task, set, system, (point) => console.error(JSON.stringify(point)));
const shape = { numRows, numFeatures, numLabels, numJudged: task.judged.features.numRows };
console.log(JSON.stringify({ set, system, machine: machineLine(), shape, dataBytes, ...figures }, null, 1));
