/**
 * @file How fast are labelled rows read? MB of uncompressed text per CPU second, from the page cache.
 *
 *   node dist/bench/read-rows.js ../shared/data/nvd/train.xc.gz ../shared/data/nvd/train.tsv.gz
 *
 * CPU seconds are user + system of the whole process while `loadDataset` runs: gunzip, parsing, for text tokenizing and
 * learning the vectorizer, and garbage collection included. Each file is read three times, the best counts; all runs must
 * give the same dataset.
 */
import { createHash } from "node:crypto";
import { cpus } from "node:os";
import { type LoadedDataset, loadDataset, readBytes } from "../src/data/index.js";

const RUNS = 3;

function digest({ dataset }: LoadedDataset): string {
  const hash = createHash("sha256");
  const { features, labels } = dataset;
  for (const array of [features.offsets, features.columns, features.values, labels.offsets, labels.ids]) {
    hash.update(new Uint8Array(array.buffer, array.byteOffset, array.byteLength));
  }
  return hash.digest("hex").slice(0, 16);
}

async function textBytes(path: string): Promise<number> {
  let bytes = 0;
  for await (const chunk of readBytes(path)) bytes += chunk.length;
  return bytes;
}

const paths = process.argv.slice(2);
if (paths.length === 0) {
  console.error("read-rows: expected files of labelled rows, got none; name some");
  process.exitCode = 2;
}
if (paths.length > 0) console.log(`${cpus()[0].model}, Node ${process.version}, best of ${RUNS}, warm page cache`);
for (const path of paths) {
  const megabytes = (await textBytes(path)) / 1e6;
  let best = Number.POSITIVE_INFINITY;
  let wall = 0;
  const digests = new Set<string>();
  let report: LoadedDataset["report"] | undefined;
  for (let run = 0; run < RUNS; run++) {
    const start = process.cpuUsage();
    const startMs = performance.now();
    const loaded = await loadDataset(path);
    const { user, system } = process.cpuUsage(start);
    if ((user + system) / 1e6 < best) {
      best = (user + system) / 1e6;
      wall = (performance.now() - startMs) / 1e3;
    }
    digests.add(digest(loaded));
    ({ report } = loaded);
  }
  if (digests.size !== 1 || report === undefined) throw new Error(`${path}: runs gave different datasets`);
  const { numRows, numFeatures, numLabels, numNonZeros } = report;
  console.log(
    `${path}: ${megabytes.toFixed(1)} MB in ${best.toFixed(2)} CPU-s (wall ${wall.toFixed(2)} s) = ` +
      `${(megabytes / best).toFixed(0)} MB/CPU-s; N ${numRows}, D ${numFeatures}, L ${numLabels}, nnz ${numNonZeros}, ` +
      `sha-256 ${[...digests].join()}`,
  );
}
