/**
 * @file The guide's files, as a shop or a newsroom would export its own: rows to learn from, rows to measure on, and a
 * catalogue of what the labels are. Made of the slice of NVD in data/nvd/.
 *
 *   node docs/guide/nvd-to-csv.mjs FOLDER      writes reports.csv, held-out.csv and products.csv there
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";

const folder = process.argv[2];
if (folder === undefined) {
  console.error("nvd-to-csv: expected a folder to write to, got none; such as models/guide");
  process.exit(2);
}

const rowsOf = (part) =>
  gunzipSync(readFileSync(fileURLToPath(new URL(`../../data/nvd/${part}.tsv.gz`, import.meta.url))))
    .toString()
    .trimEnd()
    .split("\n")
    .map((line) => line.split("\t"));
const quoted = (cell) => `"${cell.replaceAll('"', '""')}"`;
const csv = (header, rows) => `${[header, ...rows.map((row) => row.map(quoted).join(","))].join("\n")}\n`;
const words = (text) =>
  text
    .replaceAll("\\", "")
    .split(/[_ ]+/)
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join(" ");

/** linux:linux_kernel is the Linux Kernel, google:chrome is Google Chrome. */
function productOf(label) {
  const [vendor, product] = label.split(/(?<!\\):/).map(words);
  const name = product.toLowerCase().startsWith(vendor.toLowerCase()) ? product : `${vendor} ${product}`;
  const link = `https://nvd.nist.gov/vuln/search/results?query=${encodeURIComponent(name)}`;
  return [label, name, vendor, link];
}

const reports = rowsOf("train");
const labels = [...new Set(reports.flatMap(([list]) => list.split(",")))].sort();
mkdirSync(folder, { recursive: true });
for (const [file, rows] of [
  ["reports.csv", reports],
  ["held-out.csv", rowsOf("test")],
]) {
  writeFileSync(
    join(folder, file),
    csv(
      "description,labels",
      rows.map(([list, text]) => [text, list]),
    ),
  );
}
writeFileSync(join(folder, "products.csv"), csv("label,name,vendor,link", labels.map(productOf)));
console.log(`${folder}: reports.csv, held-out.csv, products.csv`);
