/** @file Do a real browser's own engine and memory give the scores of `predict`? The portable entry on a page, without the search page. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { SearchResponse } from "../../src/mach/search-contract.js";
import { CHROMIUM, openBrowser } from "./browser-page.js";
import { createExportedSite, type ExportedSite } from "./exported-site.js";
import { bundlePortable, expectSame, predicted } from "./portable-answers.js";

describe.skipIf(CHROMIUM === null)("the portable entry in a browser", () => {
  let site: ExportedSite;

  beforeAll(async () => {
    site = await createExportedSite();
  });
  afterAll(() => site?.close());

  it("gives the labels and the scores of predict", async () => {
    const { texts, server } = site;
    const browser = await openBrowser();
    try {
      const page = await browser.newPage();
      // Any document of the host will do.
      await page.goto(`${server.url}model/index.json`);
      const answer = await page.evaluate(`${await bundlePortable()}
        portable.PortableModel.load({ files: ${JSON.stringify(`${server.url}model/`)} })
          .then((model) => model.complete.then(() => model.search({ queries: ${JSON.stringify(texts)}, k: 5 })))`);
      expectSame(answer as SearchResponse, await predicted(site.at("m"), texts));
      expect((answer as SearchResponse).results).toHaveLength(texts.length);
    } finally {
      await browser.close();
    }
  });
});
