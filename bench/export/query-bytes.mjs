/**
 * @file How many bytes of input rows does a query fetch? From the sizes of the shards on disk and the words of the queries,
 * beyond what is loaded without being asked for.
 */
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { inputShape, rowBytes, rowScales } from "../../dist/src/portable/input-shards.js";
import { shardFile } from "../../dist/src/portable/portable-index.js";
import { DEFAULT_PREFETCH_BYTES } from "../../dist/src/portable/portable-model.js";
import { columnRows } from "../../dist/src/portable/portable-vocabulary.js";

/**
 * `modelFolder`: with index.json. @returns bytes loaded without being asked for, and bytes of each query: alone (`each`),
 * and in one session, where shards stay (`session`).
 */
export function queryBytes(modelFolder, vectorizer, queries) {
  const index = JSON.parse(readFileSync(join(modelFolder, "index.json"), "utf8"));
  const { shardRows, numRows } = index.input;
  const shape = inputShape(index);
  const full = shardRows * (rowBytes(shape) + 4 * rowScales(shape));
  const prefetched = Math.min(Math.ceil(numRows / shardRows), Math.floor(DEFAULT_PREFETCH_BYTES / full));
  const sizes = new Map();
  const sizeOf = (shard) => {
    if (!sizes.has(shard)) sizes.set(shard, statSync(join(modelFolder, index.version, shardFile(shard))).size);
    return sizes.get(shard);
  };
  const rows = columnRows(vectorizer);
  const kept = new Set();
  const [each, session] = [[], []];
  for (const query of queries) {
    const { columns } = vectorizer.transform(query);
    const shards = new Set(Array.from(columns, (column) => Math.floor(rows[column] / shardRows)));
    let [alone, added] = [0, 0];
    for (const shard of shards) {
      if (shard < prefetched) continue;
      alone += sizeOf(shard);
      if (!kept.has(shard)) added += sizeOf(shard);
      kept.add(shard);
    }
    each.push(alone);
    session.push(added);
  }
  let loaded = 0;
  for (let shard = 0; shard < prefetched; shard++) loaded += sizeOf(shard);
  return { prefetched: loaded, each, session };
}
