/** @file Texts become sparse rows; what was learnt from them is saved and treats a later query the same way. */
import { fitTexts, parseVectorizer } from "manyworlds/data";

const titles = [
  "How much does potato starch affect a cheese sauce?",
  "How do I cover up the white spots on my cast iron stove?",
  "Cheese sauce without starch: does it separate?",
];

// Words that stand in one title only say nothing about others: they are dropped (minDocumentFrequency is 2).
const { vectorizer, features } = fitTexts(titles, { wordNgrams: 2 });
console.log(`${features.numRows} rows, ${features.numCols} features, ${features.columns.length} entries`);

// vectorizer.json of a model directory is this text.
const json = JSON.stringify(vectorizer);
const loaded = parseVectorizer(JSON.parse(json), "vectorizer.json");
if (loaded.kind === "text") {
  const row = loaded.transform("a CHEESE SAUCE, please");
  const terms = loaded.statistics.terms;
  row.columns.forEach((column, i) => {
    console.log(`${terms?.nameOf(column)}\t${row.values[i].toFixed(3)}`);
  });
}
