/**
 * @file The claims as they were published, and what the same comparison gives here.
 *
 * Sources: Medini et al., NeurIPS 2019, §4 (Amazon search); Huang, Wang, Medini, Shrivastava, "Extreme
 * Classification in Log Memory", 2018 (ODP).
 */
import { markdown, percent } from "./format.mjs";

const times = (large, small) => {
  const ratio = large / small;
  return `${ratio < 10 ? ratio.toPrecision(2) : ratio.toFixed(0)}×`;
};

/** What was published, and what the same comparison gives here. `measure`: text of a data set, of its results by system. */
const CLAIMS = [
  {
    claim: "time to the same quality",
    published: "7–10× less than Parabel, DSSM",
    measure: (results) => {
      const full = results.get("full-softmax");
      const first = results.get("mach").curve.find((point) => point["p@1"] >= full["p@1"]);
      if (first === undefined)
        return `full softmax's P@1 not reached with ${results.get("mach").curve.at(-1).worlds} worlds`;
      return `${times(full.seconds, first.seconds)} less than full softmax (${first.worlds} worlds)`;
    },
  },
  {
    claim: "memory of training",
    published: "2–4× less",
    measure: (results) => {
      const [full, own] = [results.get("full-softmax"), results.get("mach")];
      return `peak ${times(full.peakBytes, own.peakBytes)} less, optimiser's state ${times(full.optimizerBytes, own.optimizerBytes)} less`;
    },
  },
  {
    claim: "parameters of the output layer",
    published: "100 → 6.4 billion (R = 32), 15.6× fewer",
    measure: (results) => {
      const full = results.get("full-softmax").numOutputParameters;
      const at = (worlds) =>
        times(full, results.get("mach").curve.find((p) => p.worlds === worlds).numOutputParameters);
      return `${at(2)} fewer at R = 2, ${at(8)} at R = 8, ${at(32)} at R = 32`;
    },
  },
  {
    claim: "all parameters",
    published: "the same: D was 80,000, L 49 million",
    measure: (results) => {
      const full = results.get("full-softmax").numParameters;
      const at = (worlds) => times(full, results.get("mach").curve.find((p) => p.worlds === worlds).numParameters);
      return `${at(2)} fewer at R = 2, ${at(8)} at R = 8`;
    },
  },
  {
    claim: "R = 8 against R = 32",
    published: "97 % of weighted recall@100",
    measure: (results) => {
      const [few, many] = [8, 32].map((worlds) => results.get("mach").curve.find((p) => p.worlds === worlds));
      const share = (name) => `${((100 * few[name]) / many[name]).toFixed(1)} %`;
      return `${share("r@100")} of R@100, ${share("p@1")} of P@1`;
    },
  },
  {
    claim: "linear worlds (ODP: R = 25, B = 32) against one-vs-all",
    published: "125× smaller; up to 19 % of rows right against 9 %",
    measure: (results) => {
      const [worlds, all] = [results.get("mach-linear").curve.at(-1), results.get("one-vs-all")];
      const sizes = `${times(all.numDenseParameters, worlds.numParameters)} smaller, ${times(all.numParameters, worlds.numParameters)} than its pruned weights`;
      return `${sizes}; P@1 ${percent(worlds["p@1"])} against ${percent(all["p@1"])} %`;
    },
  },
];

/** One row a claim, one column a data set that was measured. */
export function claimsTable(bySet) {
  const measured = [...bySet].filter(([, results]) =>
    ["mach", "full-softmax", "one-vs-all", "mach-linear"].every((system) => results.has(system)),
  );
  return markdown([
    ["claim", "published", ...measured.map(([set]) => set)],
    ...CLAIMS.map(({ claim, published, measure }) => [
      claim,
      published,
      ...measured.map(([, results]) => measure(results)),
    ]),
  ]);
}
