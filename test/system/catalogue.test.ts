/** @file A catalogue of a hundred thousand rows with the built package: several processes at once, one killed in the middle. */
import { type ChildProcess, spawn } from "node:child_process";
import { createWriteStream, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import { afterAll, beforeAll, expect, it } from "vitest";
import { ROOT } from "./manyworlds-process.js";

const NUM_ROWS = 100_000;
const folder = mkdtempSync(join(tmpdir(), "manyworlds-catalogue-"));
const path = join(folder, "items.csv.gz");
const store = `${path}.manyworlds`;
afterAll(() => rmSync(folder, { recursive: true, force: true }));

beforeAll(async () => {
  function* rows(): Generator<string> {
    yield "id,name,link,image,price\n";
    for (let i = 0; i < NUM_ROWS; i += 100) {
      let text = "";
      for (let j = i; j < i + 100; j++)
        text += `p${j},"Product, no. ${j}",https://shop.example/p/${j},/img/${j}.jpg,${j}.5\n`;
      yield text;
    }
    // Some come again: the last row counts.
    for (let j = 0; j < NUM_ROWS; j += 1000) yield `p${j},again ${j},,,\n`;
  }
  await pipeline(rows, createGzip({ level: 1 }), createWriteStream(path));
});

/** Opens the catalogue in a process of its own, asks for every label, prints what it found. */
function openElsewhere(): { child: ChildProcess; output: Promise<string> } {
  const program = `
    import { openCatalogue } from "manyworlds/serve";
    let read = false;
    const columns = { title: "name", url: "link" };
    const onProgress = ({ phase }) => { if (!read) console.log(phase); read = true; };
    const catalogue = await openCatalogue(process.argv[1], { columns, onProgress });
    let again = 0;
    for (let i = 0; i < ${NUM_ROWS}; i++) {
      const item = catalogue.itemOf("p" + i);
      if (item.title === "again " + i) again++;
      else if (item.title !== "Product, no. " + i || item.price !== i + ".5" || !item.url.endsWith("/p/" + i)) throw new Error("item " + i);
    }
    if (catalogue.itemOf("p" + ${NUM_ROWS}) !== undefined) throw new Error("an item too many");
    console.log(JSON.stringify({ read, again, size: catalogue.size, ...catalogue.report }));
    catalogue.close();`;
  const child = spawn(process.execPath, ["--input-type=module", "--eval", program, "--", path], {
    cwd: ROOT,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const chunks: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
  child.stderr.on("data", (chunk: Buffer) => chunks.push(chunk));
  const output = new Promise<string>((resolve) => child.on("close", () => resolve(Buffer.concat(chunks).toString())));
  return { child, output };
}

const FOUND = {
  again: 100,
  size: NUM_ROWS,
  numRows: NUM_ROWS + 100,
  numDuplicates: 100,
  droppedLinks: null,
  skipped: [],
};
const lastLine = (output: string): unknown => JSON.parse(output.trimEnd().split("\n").at(-1) ?? "");

it("a process killed while it reads leaves no store, and nobody waits for it", async () => {
  const { child, output } = openElsewhere();
  await new Promise((resolve) => child.stdout?.once("data", resolve));
  child.kill("SIGKILL");
  expect((await output).trim()).toBe("reading");
  expect(readdirSync(folder)).not.toContain("items.csv.gz.manyworlds");
});

it("several processes may make it at once", async () => {
  const outputs = await Promise.all([openElsewhere().output, openElsewhere().output]);
  for (const output of outputs) expect(lastLine(output)).toEqual({ ...FOUND, read: true });
});

it("and open what is there", async () => {
  const outputs = await Promise.all([openElsewhere().output, openElsewhere().output]);
  for (const output of outputs) expect(lastLine(output)).toEqual({ ...FOUND, read: false });
  expect(readdirSync(folder)).toContain(store.slice(folder.length + 1));
});
