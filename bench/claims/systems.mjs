/**
 * @file Which systems are compared, and where do their results lie?
 */
import { join } from "node:path";
import { root } from "../datasets.mjs";
import { SETTINGS, SHARED } from "./settings.mjs";

/** Data sets of the tables. `bibtex` works too, to try the bench in seconds. */
export const SETS = ["nvd", "wikisent"];

/** Buckets of the curve over B, and how many worlds its points have. */
const BUCKETS = [250, 500, 1000, 2000, 4000];
const CURVE_WORLDS = 4;

const network = (title) => ({
  title,
  measure: async (task, set, system, onPoint) => {
    const { measureNetwork } = await import("./networks.mjs");
    return measureNetwork(task, system, settingsOf(set, system), { onPoint });
  },
});

const mach = (title, flags, worlds) => ({
  title,
  measure: async (task, set) => {
    const { measureMach } = await import("./mach.mjs");
    return measureMach(task, set, { worlds: worlds ?? settingsOf(set, "mach").worlds, flags });
  },
});

/** By name. `measure(task, set, system, onPoint)` → the figures; `sets`: where it is measured, default everywhere. */
export const SYSTEMS = {
  mach: mach("MACH", []),
  "full-softmax": network("full softmax"),
  hierarchical: network("hierarchical softmax, two levels"),
  huffman: network("hierarchical softmax, Huffman tree"),
  sampled: network("sampled softmax"),
  "mixture-of-experts": network("sparsely gated mixture of experts, sampled softmax"),
  "one-vs-all": {
    title: "one-vs-all logistic regression",
    measure: async (task, set, system, onPoint) => {
      const { measureOneVsAll } = await import("./one-vs-all.mjs");
      return measureOneVsAll(task, settingsOf(set, system), { onPoint });
    },
  },
  // The paper's setting for ODP: 25 linear worlds of 32 buckets.
  "mach-linear": mach("MACH of linear worlds, B = 32", ["--hidden", "none", "--buckets", "32"], 25),
  ...Object.fromEntries(
    BUCKETS.map((buckets) => [
      `mach-b${buckets}`,
      {
        ...mach(`MACH, B = ${buckets}`, ["--buckets", String(buckets)], CURVE_WORLDS),
        isCurve: true,
        sets: buckets >= 500 && buckets <= 2000 ? SETS : ["nvd"],
      },
    ]),
  ),
};

/** All that a network or the one-vs-all classifiers are given. */
export function settingsOf(set, system) {
  return { ...SHARED[set], ...SETTINGS[set][system] };
}

export function resultPath(set, system) {
  return join(root, "bench/results/claims", `${set}.${system}.json`);
}
