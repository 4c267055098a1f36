/** @file What does train choose when nothing is said? The rules of train/choose-options.ts, asked for typical data. */
import { chooseOptions, type DataShape } from "../train/choose-options.js";

/** Numbers of rows in the middle of each rule, and how help names them. */
const TYPICAL: readonly (readonly [rows: string, shape: DataShape])[] = [
  ["5,000 rows", { numRows: 5000, numFeatures: 5000, numLabels: 500, labelsPerRow: 3 }],
  ["20,000 rows", { numRows: 20_000, numFeatures: 20_000, numLabels: 1000, labelsPerRow: 3 }],
  ["100,000 rows", { numRows: 100_000, numFeatures: 50_000, numLabels: 50_000, labelsPerRow: 3 }],
  ["1,000,000 rows", { numRows: 1_000_000, numFeatures: 300_000, numLabels: 300_000, labelsPerRow: 3 }],
];

/** A paragraph of help: what becomes of options that are left out. */
export function describeChosenOptions(): string {
  const lines = TYPICAL.map(([rows, shape]) => {
    const { numBuckets, hidden, activation, dropout, loss, epochs, batchSize } = chooseOptions(shape, {});
    const labels = shape.numLabels.toLocaleString("en-US");
    return (
      `  ${rows}, ${labels} labels: buckets ${numBuckets}, hidden ${hidden.join(",")}, activation ${activation}, ` +
      `dropout ${dropout}, ${loss}, ${epochs} epochs, batches of ${batchSize}`
    );
  });
  const { numWorlds, optimizer, schedule, merge, seed } = chooseOptions(TYPICAL[0][1], {});
  return [
    "What you leave out is chosen from the numbers of rows, features and labels, for example:",
    ...lines,
    `  always: ${numWorlds} worlds, ${optimizer}, ${schedule} schedule, merge ${merge}, seed ${seed}. info shows what was chosen.`,
  ].join("\n");
}
