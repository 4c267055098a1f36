/**
 * @file The Hogwild! paper's problems, of the data at hand: what is trained on, what is measured with, and the settings.
 *
 * Steps and regularisers were chosen on a tenth of the training examples, with serial descent: steps as large as still
 * converge, as in the paper. What is measured is the test split where there is one.
 */
import { join } from "node:path";
import { chooseHoldout, loadDataset } from "../../dist/src/data/index.js";
import {
  cooccurrenceGraph,
  createCutProblem,
  createFactorProblem,
  createLinearProblem,
  loadRatings,
  mistakeRate,
  rootMeanSquaredError,
  roundCut,
} from "../../dist/src/sparse-problems/index.js";
import { dataRoot, unpackedPath } from "../datasets.mjs";

const percent = (share) => `${(100 * share).toFixed(2)} %`;

/** Rows of two files with the same features and labels. */
async function loadSplits(train, test) {
  const { dataset, vectorizer, labelTable } = await loadDataset(train);
  const other = await loadDataset(test, { purpose: "evaluate", vectorizer, labelTable });
  return { train: dataset, test: other.dataset, labelTable };
}

/** A support vector machine; `labelOf` names the positive rows. */
async function supportVectors(folder, extension, labelOf, settings) {
  const path = (split) =>
    unpackedPath(join(dataRoot, folder, `${split}.${extension}.xz`), `${folder}.${split}.${extension}`);
  const { train, test, labelTable } = await loadSplits(path("train"), path("test"));
  const { lambda, regularise = "step" } = settings;
  const options = { lambda, regularise, positiveLabel: labelOf(labelTable) };
  const problem = createLinearProblem(train, options);
  const tests = createLinearProblem(test, options);
  return {
    problem,
    ...settings,
    measure: "mistakes, training / test",
    quality: (kernels, x) => [mistakeRate(kernels, problem, x), mistakeRate(kernels, tests, x)],
    format: percent,
  };
}

/** One class against the rest, 102 outputs at once. */
async function allTopics() {
  const path = (split) => unpackedPath(join(dataRoot, "rcv1", `${split}.xc.xz`), `rcv1.${split}.xc`);
  const { train, test } = await loadSplits(path("train"), path("test"));
  const [problem, tests] = [train, test].map((rows) => createLinearProblem(rows, { lambda: 0.1, loss: "logistic" }));
  return {
    problem,
    learningRate: 1,
    measure: "best topic wrong, training / test",
    quality: (kernels, x) => [mistakeRate(kernels, problem, x), mistakeRate(kernels, tests, x)],
    format: percent,
  };
}

function choose(ratings, rows) {
  const pick = (array) => array.constructor.from(rows, (i) => array[i]);
  return { ...ratings, lefts: pick(ratings.lefts), rights: pick(ratings.rights), values: pick(ratings.values) };
}

/** Jester: a tenth of the ratings is held out. */
export async function jester(rank, numGroups = 3) {
  const all = await loadRatings(join(dataRoot, "jester/ratings.tsv.gz"));
  const { train, validation } = chooseHoldout(all.values.length, { share: 0.1, seed: 2 });
  const options = { rank, mu: 1000, numGroups };
  const problem = createFactorProblem(choose(all, train), options);
  const tests = createFactorProblem(choose(all, validation), { ...options, offset: problem.offset });
  return {
    problem,
    learningRate: 0.003,
    measure: "RMSE, training / held out",
    quality: (kernels, x) => [rootMeanSquaredError(kernels, problem, x), rootMeanSquaredError(kernels, tests, x)],
    format: (error) => error.toFixed(3),
  };
}

const NUM_VENDORS = 10;

/**
 * nvd's products, joined where a vulnerability affects both. Terminals are the ten vendors with the most products; every
 * second product of theirs is fixed, the others are to be found again.
 */
async function cut() {
  const { dataset, labelTable } = await loadDataset(join(dataRoot, "nvd/train.tsv.gz"));
  const graph = cooccurrenceGraph(dataset.labels);
  const degrees = new Uint32Array(graph.numVertices);
  for (const ends of [graph.heads, graph.tails]) for (const vertex of ends) degrees[vertex]++;
  const vendorOf = (vertex) => labelTable.nameOf(vertex).split(":")[0];
  const counts = new Map();
  degrees.forEach((degree, vertex) => {
    if (degree > 0) counts.set(vendorOf(vertex), (counts.get(vendorOf(vertex)) ?? 0) + 1);
  });
  const vendors = [...counts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1)).slice(0, NUM_VENDORS);
  const terminalOf = new Map(vendors.map(([name], terminal) => [name, terminal]));
  const known = [];
  degrees.forEach((degree, vertex) => {
    const terminal = terminalOf.get(vendorOf(vertex));
    if (degree > 0 && terminal !== undefined) known.push({ vertex, terminal });
  });
  const fixed = known.filter((_, i) => i % 2 === 0);
  const problem = createCutProblem(graph, { numTerminals: NUM_VENDORS, fixed });
  const hidden = known.filter((_, i) => i % 2 === 1);
  return {
    problem,
    learningRate: 0.03,
    measure: "weight cut / hidden products at a wrong vendor",
    quality: (_, x) => {
      const { terminals, cutWeight } = roundCut(problem, x);
      return [
        cutWeight,
        hidden.filter(({ vertex, terminal }) => terminals[vertex] !== terminal).length / hidden.length,
      ];
    },
    format: (value) => (value > 1 ? value.toFixed(0) : percent(value)),
  };
}

/** By name: title and how to make it. */
export const PROBLEMS = {
  rcv1: {
    title: "support vector machine, rcv1 CCAT",
    make: () => supportVectors("rcv1", "xc", () => 33, { lambda: 1, learningRate: 0.5 }),
  },
  "rcv1-epoch": {
    title: "the same, weights shrunk once an epoch",
    make: () => supportVectors("rcv1", "xc", () => 33, { lambda: 1, learningRate: 0.5, regularise: "epoch" }),
  },
  a9a: {
    title: "support vector machine, a9a",
    make: () => supportVectors("a9a", "svm", (labels) => labels.idOf("1"), { lambda: 1, learningRate: 0.01 }),
  },
  topics: { title: "logistic, 102 topics against the rest, rcv1", make: allTopics },
  jester: { title: "matrix completion, jester, rank 8", make: () => jester(8) },
  "jester-random": { title: "the same, in random order", make: () => jester(8, 1) },
  cut: { title: "multiway cut, nvd's products, 10 vendors", make: cut },
};
