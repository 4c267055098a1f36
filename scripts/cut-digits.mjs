/**
 * @file node scripts/cut-digits.mjs [folder of MNIST]: the first digits of each split, into data/digits/.
 *
 * Needs the built package. The folder holds the four idx files of MNIST or of its first rows, gzipped.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { loadIdx } from "../dist/src/data/index.js";

const root = fileURLToPath(new URL("..", import.meta.url));
const from = process.argv[2] ?? join(root, "../shared/data/mnist10k");
const to = join(root, "data/digits");
mkdirSync(to, { recursive: true });
for (const [split, count] of [
  ["train", 2000],
  ["test", 1000],
]) {
  for (const name of [`${split}-images-idx3-ubyte.gz`, `${split}-labels-idx1-ubyte.gz`]) {
    const { shape, data } = await loadIdx(join(from, name));
    const cut = [count, ...shape.slice(1)];
    const header = Buffer.alloc(4 + 4 * cut.length);
    header.set([0, 0, 8, cut.length]);
    cut.forEach((size, i) => {
      header.writeUInt32BE(size, 4 + 4 * i);
    });
    const numbers = data.subarray(
      0,
      cut.reduce((a, b) => a * b),
    );
    writeFileSync(join(to, name), gzipSync(Buffer.concat([header, numbers]), { level: 9 }));
  }
}
