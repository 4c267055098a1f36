/** @file One world of the published shape, trained in three ways, and as many at once as there are cores. */
import { availableParallelism } from "node:os";
import { runProcess } from "./process.mjs";

const PUBLISHED_SHAPE = { hidden: [2000], numBuckets: 10_000, activation: "relu" };

/** The library's way (one moment a row of the input layer), Adam's two moments of every input weight, and all logits. */
const SYSTEMS = {
  sampled: { seconds: 60, checkpoint: true, options: { ...PUBLISHED_SHAPE, output: "sampled" } },
  "sampled-adam": {
    seconds: 30,
    checkpoint: true,
    options: { ...PUBLISHED_SHAPE, output: "sampled", inputMoments: "element" },
  },
  full: { seconds: 60, options: { ...PUBLISHED_SHAPE, output: "full" } },
};

/** `quick`: a fifteenth of the time and of the rows. */
export async function measureTraining({ quick = false, log = console.error }) {
  const shorten = (settings) => {
    if (!quick) return settings;
    return { ...settings, seconds: settings.seconds / 15, warmupSeconds: 1, rows: 100_000 };
  };
  const systems = {};
  for (const [name, settings] of Object.entries(SYSTEMS)) {
    systems[name] = await runProcess("training.mjs", shorten(settings));
    log(`${name}: ${systems[name].examplesPerSecond.toFixed(0)} examples/s`);
  }
  const processes = availableParallelism();
  const settings = shorten({ ...SYSTEMS.sampled, checkpoint: false });
  const each = await Promise.all(Array.from({ length: processes }, () => runProcess("training.mjs", settings)));
  const examplesPerSecond = each.reduce((sum, one) => sum + one.examplesPerSecond, 0);
  log(`${processes} worlds at once: ${examplesPerSecond.toFixed(0)} examples/s`);
  return { systems, together: { processes, examplesPerSecond }, entriesPerRow: systems.sampled.entriesPerRow };
}
