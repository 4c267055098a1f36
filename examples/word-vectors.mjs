/** @file GloVe on the texts of vulnerability reports: which words are used alike? */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { countWords, encodeCorpus, trainGlove, VectorSearch, writeWordVectors } from "manyworlds/embeddings";
import { createKernels } from "manyworlds/kernels";

const folder = mkdtempSync(join(tmpdir(), "word-vectors-"));
try {
  // Rows are labels, a tab, the text: only the text's words are wanted, in lower case, parted by blanks.
  const rows = gunzipSync(readFileSync(new URL("../data/nvd/train.tsv.gz", import.meta.url))).toString();
  const texts = rows.split("\n").map(
    (row) =>
      row
        .slice(row.indexOf("\t") + 1)
        .toLowerCase()
        .match(/[a-z0-9]+/g) ?? [],
  );
  const path = join(folder, "text");
  writeFileSync(path, texts.map((words) => words.join(" ")).join("\n"));

  const vocabulary = await countWords([path], { minCount: 5 });
  const corpus = await encodeCorpus([path], vocabulary);
  const options = { dimension: 50, xMax: 10, iterations: 8, seed: 1 };
  const { vectors, numCells, losses } = await trainGlove(corpus, vocabulary.words, options);
  corpus.dispose();
  console.log(
    `${vectors.numWords} words, ${numCells} pairs, loss ${losses[0].toFixed(3)} → ${losses.at(-1).toFixed(3)}`,
  );

  const search = new VectorSearch(vectors, createKernels());
  for (const word of ["buffer", "linux", "password"]) {
    const near = search.nearest(word, 4).map((neighbor) => `${neighbor.word} ${neighbor.similarity.toFixed(2)}`);
    console.log(`${word}: ${near.join(", ")}`);
  }
  writeWordVectors(join(folder, "vectors.bin"), vectors); // word2vec's binary format: other tools read it
} finally {
  rmSync(folder, { recursive: true, force: true });
}
