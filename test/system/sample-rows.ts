/**
 * @file Small data that can be learnt: every label has words (or features) of its own, every row some of its labels'
 * and some noise. The same numbers give the same bytes.
 */
import { writeFileSync } from "node:fs";

export interface SampleOptions {
  readonly numRows: number;
  readonly numLabels: number;
  readonly seed: number;
}

const FEATURES_PER_LABEL = 5;
const NUM_NOISE = 50;

interface SampleRow {
  readonly labels: readonly number[];
  readonly features: readonly number[];
}

/** Numerical Recipes' linear congruential generator; its upper bits are good enough to mix words. */
function createRandom(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

function sampleRows({ numRows, numLabels, seed }: SampleOptions): SampleRow[] {
  const random = createRandom(seed);
  return Array.from({ length: numRows }, (_, i) => {
    const labels = [...new Set([i % numLabels, random(numLabels)])];
    const features = new Set<number>();
    for (const label of labels) {
      for (let j = 0; j < 3; j++) features.add(label * FEATURES_PER_LABEL + random(FEATURES_PER_LABEL));
    }
    for (let j = 0; j < 2; j++) features.add(numLabels * FEATURES_PER_LABEL + random(NUM_NOISE));
    return { labels, features: [...features].sort((a, b) => a - b) };
  });
}

/** Writes `labels<TAB>text` rows with labels such as `label-3`. */
export function writeTextRows(path: string, options: SampleOptions): void {
  const rows = sampleRows(options).map(
    ({ labels, features }) =>
      `${labels.map((label) => `label-${label}`).join(",")}\t${features.map((f) => `word${f}`).join(" ")}\n`,
  );
  writeFileSync(path, rows.join(""));
}

/** Writes rows of the XC repository's format with a header. Labels are shifted by `firstLabel`. */
export function writeXcRows(path: string, options: SampleOptions, firstLabel = 0): void {
  const { numRows, numLabels } = options;
  const rows = sampleRows(options).map(
    ({ labels, features }) =>
      `${labels.map((label) => label + firstLabel).join(",")} ${features.map((f) => `${f}:1`).join(" ")}\n`,
  );
  const header = `${numRows} ${numLabels * FEATURES_PER_LABEL + NUM_NOISE} ${numLabels + firstLabel}\n`;
  writeFileSync(path, header + rows.join(""));
}
