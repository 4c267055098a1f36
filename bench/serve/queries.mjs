/**
 * @file What is asked? Real texts of nvd's test split, and beyond their number the first half of one with the second half of
 * another: each query once, so that no answer can come from the cache.
 */
import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";

/** Longer ones are beyond what the server takes by default. */
const MOST_CHARACTERS = 2000;
/** Coprime to the number of texts for all that matters: which text lends the second half. */
const STRIDE = 7919;

/** Distinct queries without end. `path`: label<TAB>text lines, gzipped. */
export function* distinctQueries(path) {
  const lines = gunzipSync(readFileSync(path)).toString().trimEnd().split("\n");
  const texts = lines.map((line) => line.slice(line.indexOf("\t") + 1).trim());
  const halves = texts.map((text) => {
    const middle = text.indexOf(" ", text.length / 2);
    return middle < 0 ? [text, ""] : [text.slice(0, middle), text.slice(middle)];
  });
  const seen = new Set();
  for (let pass = 0; ; pass++) {
    for (let i = 0; i < texts.length; i++) {
      const query = pass === 0 ? texts[i] : halves[i][0] + halves[(i + pass * STRIDE) % texts.length][1];
      if (query === "" || query.length > MOST_CHARACTERS || seen.has(query)) continue;
      seen.add(query);
      yield query;
    }
  }
}
