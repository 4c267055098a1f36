/** @file Do a real browser's own engine and memory give the scores of `predict`? The portable entry on a page, without the search page. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { SearchResponse } from "../../src/mach/search-contract.js";
import { CHROMIUM, openBrowser } from "./browser-page.js";
import { createDirectory, removeDirectory, succeed } from "./manyworlds-process.js";
import { bundlePortable, expectSame, predicted } from "./portable-answers.js";
import { type StaticServer, serveFolder } from "./static-server.js";
import { createTinyModels } from "./tiny-models.js";

describe.skipIf(CHROMIUM === null)("the portable entry in a browser", () => {
  let folder = "";
  let server: StaticServer;
  const at = (name: string): string => join(folder, name);

  beforeAll(async () => {
    folder = createDirectory();
    await createTinyModels(folder);
    await succeed(["export", at("m"), "--web", at("site"), "--bits", "32"]);
    server = await serveFolder(at("site"));
  });
  afterAll(async () => {
    await server?.close();
    await removeDirectory(folder);
  });

  it("gives the labels and the scores of predict", async () => {
    const rows = readFileSync(at("test.tsv"), "utf8").trim().split("\n").slice(0, 40);
    const texts = [...rows.map((row) => row.split("\t")[1]), "", "never heard of"];
    const browser = await openBrowser();
    try {
      const page = await browser.newPage();
      // Any document of the host will do.
      await page.goto(`${server.url}model/index.json`);
      const answer = await page.evaluate(`${await bundlePortable()}
        portable.PortableModel.load({ files: ${JSON.stringify(`${server.url}model/`)} })
          .then((model) => model.complete.then(() => model.search({ queries: ${JSON.stringify(texts)}, k: 5 })))`);
      expectSame(answer as SearchResponse, await predicted(at("m"), texts));
      expect((answer as SearchResponse).results).toHaveLength(texts.length);
    } finally {
      await browser.close();
    }
  });
});
