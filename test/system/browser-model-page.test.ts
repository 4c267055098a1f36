/** @file Does an exported folder answer in a real browser, from any host, alone? */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { accessibilityViolations, CHROMIUM, openBrowser, overflow, watchPage } from "./browser-page.js";
import { createDirectory, removeDirectory, succeed } from "./manyworlds-process.js";
import { type StaticServer, serveFolder } from "./static-server.js";
import { createTinyModels } from "./tiny-models.js";

describe.skipIf(CHROMIUM === null)("an exported folder in a browser", () => {
  let folder = "";
  let browser: Browser;
  const servers = new Map<number, StaticServer>();
  const at = (name: string): string => join(folder, name);
  const serverOf = (bits: number): StaticServer => servers.get(bits) as StaticServer;

  beforeAll(async () => {
    folder = createDirectory();
    await createTinyModels(folder);
    for (const bits of [4, 32]) {
      await succeed(["export", at("m"), "--web", at(`site${bits}`), "--bits", String(bits)]);
      servers.set(bits, await serveFolder(at(`site${bits}`)));
    }
    browser = await openBrowser();
  });
  afterAll(async () => {
    await browser?.close();
    for (const server of servers.values()) await server.close();
    await removeDirectory(folder);
  });

  /** A page of the export, watched; its box is there. */
  async function open(server: StaticServer, query = ""): Promise<{ page: Page; problems: string[] }> {
    const page = await browser.newPage({ viewport: { width: 1100, height: 800 } });
    const problems = watchPage(page, server.origin);
    await page.goto(server.url + query);
    return { page, problems };
  }

  async function shownLabels(page: Page): Promise<string[]> {
    const names = await page.locator("ol[aria-label='Labels, best first'] > li").allInnerTexts();
    return names.map((text) => text.replaceAll(/\s+/g, " "));
  }

  it("answers as the library does, with no request beyond the host and no console error", async () => {
    const { page, problems } = await open(serverOf(32));
    await page.locator(".model-line").waitFor();
    const texts = readFileSync(at("test.tsv"), "utf8").split("\n").slice(0, 6);
    for (const text of texts.map((row) => row.split("\t")[1])) {
      await page.locator("#words").fill(text);
      const { stdout } = await succeed(["predict", at("m"), text, "--json", "-k", "10"]);
      const { labels } = JSON.parse(stdout) as { labels: { label: string; score: number }[] };
      await expect.poll(async () => (await shownLabels(page))[0] ?? "").toContain(`${labels[0].label} `);
      await expect.poll(() => page.locator(".status-line").textContent()).toMatch(/10 labels/);
      const shown = await shownLabels(page);
      labels.forEach(({ label }, j) => {
        expect(shown[j]).toContain(` ${label} `);
      });
    }
    expect(problems).toEqual([]);
    await page.close();
  });

  it("opens the worlds' votes by keyboard, shows that it is alone, and keeps to WCAG AA, wide and narrow", async () => {
    const server = serverOf(4);
    const { page, problems } = await open(server, `?q=${encodeURIComponent(firstQuery())}`);
    await page.getByText("Answered by this browser alone").waitFor();
    await page.locator(".result").first().waitFor();
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Enter");
    await page.locator(".why-panel, table").first().waitFor();
    for (const width of [1440, 360]) {
      await page.setViewportSize({ width, height: 800 });
      expect(await overflow(page)).toBe(0);
      expect(await accessibilityViolations(page)).toEqual([]);
    }
    expect(problems).toEqual([]);
    await page.close();
  });

  it("says what is wrong where files are missing, and answers when they are there", async () => {
    const server = serverOf(4);
    server.hidden.add("model/index.json");
    const { page } = await open(server, "?q=word");
    await page.getByText(/index.json: expected a file of the model, got status 404/).waitFor();
    server.hidden.clear();
    await page.getByRole("button", { name: "Ask again now" }).click();
    await page.locator(".result").first().waitFor();
    await page.close();
  });

  it("says that it ended where its worker's code is missing", async () => {
    const server = serverOf(4);
    const first = await open(server);
    await first.page.locator(".model-line").waitFor();
    const code = server.asked.find((name) => /model-worker.*\.js$/.test(name));
    expect(code).toBeDefined();
    await first.page.close();
    server.hidden.add(code as string);
    const { page } = await open(server, "?q=word");
    await page.getByText(/The part of this page that holds the model ended: it could not be started/).waitFor();
    server.hidden.clear();
    await page.close();
  });

  it("answers what it has the rows for when the connection is gone", async () => {
    const server = serverOf(4);
    const { page } = await open(server);
    await page.getByText("Answered by this browser alone").waitFor();
    const failed: string[] = [];
    page.on("requestfailed", (request) => failed.push(request.url()));
    await page.context().setOffline(true);
    await page.locator("#words").fill(firstQuery());
    await page.locator(".result").first().waitFor();
    // Browsers look at the icon again when the address changes.
    expect(failed.filter((url) => !/icon-[\w-]+\.svg$/.test(url))).toEqual([]);
    await page.close();
  });

  function firstQuery(): string {
    return readFileSync(at("test.tsv"), "utf8").split("\n")[0].split("\t")[1];
  }
});
