/**
 * @file What does a catalogue of a million items cost? Reading it once into the store, opening it again, asking for items.
 *
 *   node bench/catalogue.mjs [--rows 1000000]
 *
 * Rows are made up: label, title, two addresses and a price, some 170 bytes. Answers are checked before they are timed.
 * Lookups are of labels drawn at random from all rows; the file has been written just before, so it is in the system's cache.
 */
import { execFileSync } from "node:child_process";
import { closeSync, mkdtempSync, openSync, rmSync, statSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { parseArgs } from "node:util";
import { openCatalogue } from "../dist/src/serve/catalogue/index.js";
import { machineLine, table } from "./machine.mjs";

const { values: options } = parseArgs({ options: { rows: { type: "string", default: "1000000" } } });
const numRows = Number(options.rows);
const LOOKUPS = 200_000;

const labelOf = (i) => `vendor${(i * 7919) % 5003}:product_${(Math.imul(i, 2654435761) >>> 0).toString(36)}`;
const itemOf = (i) => ({
  title: `Product number ${i} of the catalogue`,
  url: `https://shop.example/products/${i}`,
  image: `https://images.example/${i}/large.jpg`,
  price: `${(i % 9973) / 100} EUR`,
});

function writeRows(path, header, row) {
  const file = openSync(path, "w");
  let text = header;
  for (let i = 0; i < numRows; i++) {
    text += row(labelOf(i), itemOf(i));
    if (text.length > 1 << 20 || i === numRows - 1) {
      writeSync(file, text);
      text = "";
    }
  }
  closeSync(file);
}

const mb = (bytes) => `${(bytes / 1e6).toFixed(1)} MB`;
const quantile = (sorted, q) => `${(sorted[Math.floor(q * (sorted.length - 1))] * 1000).toFixed(1)} µs`;

const folder = mkdtempSync(join(tmpdir(), "manyworlds-catalogue-"));
try {
  const csv = join(folder, "items.csv");
  const jsonl = join(folder, "items.jsonl");
  writeRows(csv, "label,title,url,image,price\n", (label, item) => `${[label, ...Object.values(item)].join(",")}\n`);
  writeRows(jsonl, "", (label, item) => `${JSON.stringify({ label, ...item })}\n`);
  execFileSync("gzip", ["-k", "-1", csv]);

  const rows = [["source", "bytes", "made in", "rows/s", "store", "opened again in"]];
  for (const path of [csv, `${csv}.gz`, jsonl]) {
    let start = performance.now();
    const made = await openCatalogue(path);
    const seconds = (performance.now() - start) / 1000;
    if (made.size !== numRows) throw new Error(`expected ${numRows} items, got ${made.size}`);
    made.close();
    start = performance.now();
    const again = await openCatalogue(path, {
      onProgress: () => {
        throw new Error("the store was made again");
      },
    });
    const openMs = performance.now() - start;
    again.close();
    const rate = Math.round(numRows / seconds).toLocaleString("en");
    const sizes = [mb(statSync(path).size), `${seconds.toFixed(2)} s`, rate, mb(statSync(again.path).size)];
    rows.push([path.slice(folder.length + 1), ...sizes, `${openMs.toFixed(1)} ms`]);
  }

  const before = process.memoryUsage().rss;
  const catalogue = await openCatalogue(csv, { cacheItems: 1 });
  for (let i = 0; i < numRows; i += 997) {
    if (JSON.stringify(catalogue.itemOf(labelOf(i))) !== JSON.stringify(itemOf(i))) throw new Error(`row ${i} differs`);
  }
  const times = new Float64Array(LOOKUPS);
  const ask = (store, label) => {
    for (let j = 0; j < LOOKUPS; j++) {
      const wanted = label(j);
      const start = performance.now();
      store.itemOf(wanted);
      times[j] = performance.now() - start;
    }
    const mean = times.reduce((sum, time) => sum + time, 0) / LOOKUPS;
    const sorted = times.slice().sort();
    return [`${(mean * 1000).toFixed(2)} µs`, quantile(sorted, 0.5), quantile(sorted, 0.99), quantile(sorted, 0.999)];
  };
  const lookups = [["lookup", "mean", "p50", "p99", "p99.9"]];
  const anyRow = (j) => (Math.imul(j, 40503) >>> 0) % numRows;
  ask(catalogue, (j) => labelOf(anyRow(j)));
  lookups.push(["from the file", ...ask(catalogue, (j) => labelOf(anyRow(j)))]);
  lookups.push(["of no item", ...ask(catalogue, (j) => `nobody:${j}`)]);
  catalogue.close();
  const cached = await openCatalogue(csv);
  ask(cached, (j) => labelOf(j % 10_000));
  lookups.push(["kept in memory", ...ask(cached, (j) => labelOf(j % 10_000))]);
  cached.close();

  console.log(machineLine());
  console.log(`\n${numRows.toLocaleString("en")} rows\n\n${table(rows)}\n\n${table(lookups)}`);
  console.log(`\nmemory that lookups added: ${mb(process.memoryUsage().rss - before)}`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
