/** @file The tiny models with an export of every bit of `m`, served, and texts to ask: for tests of the portable entry. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createDirectory, removeDirectory, succeed } from "./manyworlds-process.js";
import { type StaticServer, serveFolder } from "./static-server.js";
import { createTinyModels } from "./tiny-models.js";

export interface ExportedSite {
  /** Has what `createTinyModels` makes, and the export, `site`. */
  readonly folder: string;
  /** Serves `site`: the model's files are below `model/`. */
  readonly server: StaticServer;
  /** Texts of test rows, none at all, and words that the model does not know. */
  readonly texts: readonly string[];
  /** Path of something in `folder`. */
  at(name: string): string;
  /** Ends the server and removes the folder. */
  close(): Promise<void>;
}

/** Close it in afterAll. */
export async function createExportedSite(): Promise<ExportedSite> {
  const folder = createDirectory();
  const at = (name: string): string => join(folder, name);
  await createTinyModels(folder);
  await succeed(["export", at("m"), "--web", at("site"), "--bits", "32"]);
  const server = await serveFolder(at("site"));
  const rows = readFileSync(at("test.tsv"), "utf8").trim().split("\n").slice(0, 40);
  const texts = [...rows.map((row) => row.split("\t")[1]), "", "never heard of"];
  const close = async (): Promise<void> => {
    await server.close();
    await removeDirectory(folder);
  };
  return { folder, server, texts, at, close };
}
