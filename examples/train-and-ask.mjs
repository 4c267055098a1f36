/**
 * Trains a small model on a few rows, then asks it: `node examples/train-and-ask.mjs` after `npm run build`.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Model, trainModel } from "manyworlds";

const folder = mkdtempSync(join(tmpdir(), "manyworlds-example-"));
try {
  // One row a line: labels separated by commas, a tab, text.
  const rows = [
    "apache:http_server\tremote attackers crash the apache web server by a long request header",
    "apache:http_server\tapache web server allows directory traversal through encoded slashes",
    "openssl:openssl\tbuffer over-read in openssl heartbeat leaks private keys",
    "openssl:openssl\topenssl accepts forged certificate chains",
    "linux:kernel,debian:linux\tuse after free in the kernel's nfs server",
    "linux:kernel\tlocal users gain root through a race in the kernel memory manager",
  ];
  writeFileSync(join(folder, "train.tsv"), `${rows.join("\n")}\n`);

  await trainModel({
    inputs: [join(folder, "train.tsv")],
    modelPath: join(folder, "model"),
    options: { numWorlds: 4, epochs: 60 },
    textOptions: { minDocumentFrequency: 1 },
    numThreads: 2,
    writtenBy: "an example",
  });

  const model = await Model.load(join(folder, "model"));
  const queries = ["root through a kernel race", "forged certificate", "web server traversal"];
  model.predict(queries, { k: 2 }).forEach((labels, i) => {
    console.log(`${queries[i]} → ${labels.map(({ label, score }) => `${label} ${score.toFixed(2)}`).join(", ")}`);
  });
} finally {
  rmSync(folder, { recursive: true, force: true });
}
