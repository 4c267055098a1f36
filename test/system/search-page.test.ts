/** @file Does the search page work for people? In Chromium, against the server: typing, keys only, links, failures, both themes, phone and desktop. */

import { writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { percent } from "../../web/search/label-text.js";
import { accessibilityViolations, CHROMIUM, openBrowser, overflow, watchPage } from "./browser-page.js";
import { createDirectory, ROOT, removeDirectory, startManyworlds, succeed } from "./manyworlds-process.js";

const KERNEL = "race condition in the linux kernel nfs server";
const SCHEMES = ["light", "dark"] as const;
const WIDTHS = [360, 1440] as const;

let folder = "";
let origin = "";
let images: Server | undefined;
let browser: Browser | undefined;
let pages: Page[] = [];

/** A page of its own at `path`, with what it did wrong so far. */
async function open(path = "/", options: BrowserContextOptions = {}): Promise<{ page: Page; problems: string[] }> {
  const context = await (browser as Browser).newContext({ viewport: { width: 1440, height: 900 }, ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(20_000);
  pages.push(page);
  const problems = watchPage(page, origin);
  await page.goto(origin + path);
  return { page, problems };
}

const box = (page: Page) => page.getByRole("searchbox", { name: "Words to find labels for" });
const results = (page: Page) => page.locator(".result");
const labelsOf = (page: Page): Promise<string[]> => page.locator(".result .details code").allTextContents();
/** Waits until the answer for the words in the box is shown. */
const answered = (page: Page): Promise<void> => page.locator('.results[aria-busy="false"] .result').first().waitFor();
const votes = (page: Page) => page.locator(".why table.votes tbody tr");
const query = (words: string, more = ""): string => `/?q=${encodeURIComponent(words)}${more}`;

/** A server for a catalogue's pictures. */
async function servePictures(): Promise<string> {
  images = createServer((_, response) => {
    response.writeHead(200, { "content-type": "image/svg+xml" });
    response.end('<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"><rect width="1" height="1"/></svg>');
  }).listen(0, "127.0.0.1");
  await new Promise((resolve) => images?.once("listening", resolve));
  return `http://127.0.0.1:${(images.address() as AddressInfo).port}`;
}

async function startServer(args: readonly string[]): Promise<string> {
  const { child, outcome } = startManyworlds(["serve", join(folder, "m"), "--port", "0", "--json", ...args]);
  const line = await Promise.race([
    new Promise<string>((resolve) => child.stdout?.once("data", (chunk: Buffer) => resolve(chunk.toString()))),
    outcome.then(({ stderr }) => Promise.reject(new Error(`serve ended: ${stderr}`))),
  ]);
  return JSON.parse(line).url;
}

describe.skipIf(CHROMIUM === null)("the search page", () => {
  beforeAll(async () => {
    folder = createDirectory();
    const model = join(folder, "m");
    await succeed([
      "train",
      join(ROOT, "data/nvd/train.tsv.gz"),
      "--model",
      model,
      "--worlds",
      "4",
      "--epochs",
      "2",
      "--validation",
      "0.01",
    ]);
    origin = await startServer([]);
    browser = await openBrowser();
  });
  afterEach(async () => {
    await Promise.all(pages.map((page) => page.context().close()));
    pages = [];
  });
  afterAll(async () => {
    await browser?.close();
    images?.close();
    await removeDirectory(folder);
  });

  it("answers as one types, says how many and how fast, and asks nobody else", async () => {
    const { page, problems } = await open();
    await box(page).pressSequentially(KERNEL, { delay: 20 });
    await answered(page);
    expect(await labelsOf(page)).toHaveLength(10);
    expect((await labelsOf(page))[0]).toBe("linux:linux_kernel");
    await page.getByText(/^10 labels$/).waitFor();
    expect(await page.locator(".status-line").textContent()).toMatch(/in [\d.]+\sm?s\n?.*round trip [\d.]+\sm?s/s);
    expect(await page.locator(".result .percent").first().textContent()).toMatch(/^probability [\d.]+\s%$/);
    await page
      .locator('[role="status"]', { hasText: /^10 labels, the best linux kernel, [\d.]+\s%\.$/ })
      .waitFor({ state: "attached" });
    expect(await page.title()).toBe(`${KERNEL} – manyworlds search`);
    expect(problems).toEqual([]);
  });

  it("needs no mouse", async () => {
    const { page, problems } = await open();
    const focused = (): Promise<string | null> =>
      page.evaluate(() => document.activeElement?.getAttribute("data-label") ?? document.activeElement?.id ?? null);
    await page.keyboard.type(KERNEL);
    await answered(page);
    const labels = await labelsOf(page);
    await page.keyboard.press("ArrowDown");
    expect(await focused()).toBe(labels[0]);
    await page.keyboard.press("ArrowDown");
    expect(await focused()).toBe(labels[1]);
    await page.keyboard.press("End");
    expect(await focused()).toBe(labels[9]);
    await page.keyboard.press("Home");
    await page.keyboard.press("Enter");
    await votes(page).first().waitFor();
    expect(await votes(page).count()).toBe(4);
    expect(await focused()).toBe(labels[0]);
    await page.keyboard.press("Escape");
    await page.locator(".why").waitFor({ state: "detached" });
    expect(await focused()).toBe(labels[0]);
    await page.keyboard.press("Tab");
    expect(await focused()).toBe(labels[1]);
    await page.keyboard.press("Escape");
    expect(await focused()).toBe("words");
    await page.keyboard.press("Tab");
    expect(await focused()).toBe(labels[0]);
    await page.keyboard.press("/");
    expect(await focused()).toBe("words");
    await page.keyboard.press("Escape");
    expect(await box(page).inputValue()).toBe("");
    await page.getByRole("heading", { name: "Begin with a frequent one" }).waitFor();
    expect(problems).toEqual([]);
  });

  it("shows the worlds' votes as they are: buckets, ranks, probabilities, and who shares most buckets", async () => {
    const { page, problems } = await open(query(KERNEL));
    await answered(page);
    const asked = page.waitForResponse(
      (response) => response.request().postData()?.includes('"explain":true') === true,
    );
    await page.getByRole("button", { name: /^why\? linux kernel,/ }).click();
    const [{ labels }] = (await (await asked).json()).results;
    const [{ votes: expected, companions, probability }] = labels;
    await votes(page).first().waitFor();
    for (const [i, vote] of expected.entries()) {
      const cells = await votes(page).nth(i).locator("th, td").allTextContents();
      expect(cells[0]).toBe(String(vote.world));
      expect(cells[1]).toContain(`bucket ${vote.bucket}`);
      expect(cells[2]).toBe(vote.rank.toLocaleString("en-US"));
      expect(cells[3]).toBe(percent(vote.probability));
      expect(cells[4]).toContain(`${vote.shared.count} others: `);
    }
    const rows = page.locator(".company tbody tr");
    expect(await rows.count()).toBe(1 + companions.length);
    expect(await rows.first().locator(".dot.in").count()).toBe(4);
    expect(await rows.nth(1).locator(".dot.in").count()).toBe(companions[0].worlds.length);
    const verdict = await page.locator(".verdict").textContent();
    expect(verdict).toMatch(/^In (all 4|\d of 4) worlds its bucket is/);
    const others = expected.reduce((sum: number, vote: { shared: { count: number } }) => sum + vote.shared.count, 0);
    expect(verdict).toContain(`Its 4 buckets hold ${others.toLocaleString("en-US")} other labels`);
    expect(verdict).toContain(
      companions[0].worlds.length === 1 ? "more than one" : `more than ${companions[0].worlds.length}`,
    );
    expect(await page.locator(".result .percent").first().textContent()).toBe(`probability ${percent(probability)}`);
    expect(problems).toEqual([]);
  });

  it("is reproduced by its link, and Back closes the votes", async () => {
    const { page } = await open();
    await box(page).fill(KERNEL);
    await answered(page);
    const before = page.url();
    expect(new URL(before).searchParams.get("q")).toBe(KERNEL);
    await page.getByRole("button", { name: "Show 20 labels" }).click();
    await results(page).nth(19).waitFor();
    await results(page).nth(1).getByRole("button").click();
    await votes(page).first().waitFor();
    const labels = await labelsOf(page);
    const link = page.url();
    expect(new URL(link).searchParams.get("why")).toBe(labels[1]);

    const { page: second, problems } = await open(link.slice(origin.length));
    await votes(second).first().waitFor();
    await answered(second);
    expect(await labelsOf(second)).toEqual(labels);
    expect(await second.locator(".result.open .details code").textContent()).toBe(labels[1]);
    expect(problems).toEqual([]);

    await page.goBack();
    await page.locator(".why").waitFor({ state: "detached" });
    expect(page.url()).toBe(`${before}&k=20`);
    expect(await box(page).inputValue()).toBe(KERNEL);
    await page.goForward();
    await votes(page).first().waitFor();
  });

  it("opens the votes of a label that is not among the results", async () => {
    const { page, problems } = await open(query(KERNEL, "&why=mozilla%3Afirefox"));
    await page.locator(".asked-label .votes").waitFor();
    expect(await page.locator(".asked-label .verdict").textContent()).toContain("worlds");
    expect(problems).toEqual([]);
  });

  it("never shows an answer that comes late", async () => {
    const { page } = await open();
    let late = (): void => {};
    await page.route("**/v1/search", async (route) => {
      if (route.request().postDataJSON().query !== "wordpress plugin") return route.continue();
      const response = await route.fetch();
      await new Promise<void>((resolve) => {
        late = resolve;
      });
      // The page aborted it: nobody may be there any more.
      await route.fulfill({ response }).catch(() => {});
    });
    const asked = page.waitForRequest((request) => request.postData()?.includes("wordpress plugin") === true);
    await box(page).fill("wordpress plugin");
    await asked;
    await box(page).fill(KERNEL);
    await answered(page);
    late();
    await page.waitForTimeout(400);
    expect((await labelsOf(page))[0]).toBe("linux:linux_kernel");
  });

  it("says that words are unknown, that a server is busy, gone, locked or wrong, and goes on when it can", async () => {
    const { page } = await open();
    // The page's own searches are over then: the failures below meet those of the test.
    await page.locator(".examples button").first().waitFor();
    await box(page).fill("ⵣⵣⵣⵣ ⵥⵥⵥⵥ");
    await page.getByText("The model knows none of these words.").first().waitFor();

    const refuse = (status: number, headers: Record<string, string> = {}) =>
      page.route(
        "**/v1/search",
        (route) => route.fulfill({ status, headers, json: { error: { code: "overloaded", message: "queue full" } } }),
        { times: 1 },
      );
    await refuse(503, { "retry-after": "1" });
    await box(page).fill("busy firefox");
    await page.getByRole("heading", { name: "The server has too much to do" }).waitFor();
    expect(await page.locator(".failure").textContent()).toMatch(/queue full[\s\S]*Asking again in \d/);
    expect(await results(page).count()).toBe(0);
    await answered(page);
    expect(await page.locator(".failure").count()).toBe(0);

    await page.context().setOffline(true);
    await box(page).fill("gone firefox");
    await page.getByRole("heading", { name: "No connection" }).waitFor();
    await page.context().setOffline(false);
    await answered(page);

    await page.route("**/v1/search", async (route) => {
      const allowed = (await route.request().allHeaders()).authorization === "Bearer s3/cret";
      const error = { error: { code: "unauthorized", message: "expected a key" } };
      return allowed ? route.continue() : route.fulfill({ status: 401, json: error });
    });
    await box(page).fill("locked firefox");
    await page.getByLabel("Key", { exact: true }).pressSequentially("s3/cret");
    expect(await box(page).inputValue()).toBe("locked firefox");
    await page.keyboard.press("Enter");
    await answered(page);
    await page.unroute("**/v1/search");

    await box(page).fill("x".repeat(3000));
    await page.getByRole("heading", { name: "This cannot be answered" }).waitFor();
    expect(await page.locator(".failure").textContent()).toContain("2000");
  });

  it("follows the system's colours until one chooses, and remembers the choice", async () => {
    const { page, problems } = await open("/", { colorScheme: "dark" });
    const ground = (): Promise<string> =>
      page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
    const dark = await ground();
    await page.getByRole("button", { name: "Show in light colours" }).click();
    const light = await ground();
    expect(light).not.toBe(dark);
    await page.reload();
    await page.getByRole("button", { name: "Show in dark colours" }).waitFor();
    expect(await ground()).toBe(light);
    await page.getByRole("button", { name: "Show in dark colours" }).click();
    expect(await ground()).toBe(dark);
    await page.emulateMedia({ colorScheme: "light" });
    expect(await ground()).toBe(light);
    expect(problems).toEqual([]);
  });

  it("does not move for those who do not want it to", async () => {
    const { page } = await open(query(KERNEL), { reducedMotion: "reduce" });
    await answered(page);
    const durations = await page.evaluate(() =>
      [...document.querySelectorAll("*")]
        .map((element) => getComputedStyle(element))
        .flatMap((style) => [style.transitionDuration, style.animationDuration]),
    );
    expect(new Set(durations)).toEqual(new Set(["0s"]));
  });

  it("says what answers: how good it is, worlds that are missing, feature numbers that cannot be typed", async () => {
    const { page } = await open();
    await page.locator(".model-line").waitFor();
    const line = (): Promise<string | null> => page.locator(".model-line").textContent();
    expect(await line()).toMatch(/^51,\d{3} labels4 worlds of [\d,]+ bucketsfirst label right: [\d.]+\s%\w+/);
    const changed = async (change: object): Promise<void> => {
      await page.route("**/v1/model", async (route) => {
        const response = await route.fetch();
        await route.fulfill({ response, json: { ...(await response.json()), ...change } });
      });
      await page.reload();
      await page.locator(".model-line").waitFor();
    };
    await changed({ worlds: [0, 1, 3], failedWorlds: [{ world: 2, reason: "damaged" }] });
    expect(await line()).toContain("3 of 4 worlds of");
    expect(await line()).toContain("1 world could not be loaded; the others answer");
    expect(await accessibilityViolations(page)).toEqual([]);
    await changed({ kind: "numeric" });
    await page.getByText("This model was trained on feature numbers").waitFor();
    expect(await box(page).isDisabled()).toBe(true);
    expect(await accessibilityViolations(page)).toEqual([]);
  });

  it("shows as many worlds as there are, on a phone too", async () => {
    const { page, problems } = await open("/", { viewport: { width: 360, height: 800 } });
    await page.route("**/v1/search", async (route) => {
      const response = await route.fetch();
      const answer = await response.json();
      const [result] = answer.results;
      if (result.worlds !== undefined) {
        const all = Array.from({ length: 32 }, (_, world) => world);
        result.worlds = all.map((world) => ({ ...result.worlds[world % 4], world }));
        const [found] = result.labels;
        found.votes = all.map((world) => ({
          ...found.votes[world % 4],
          world,
          rank: world === 5 ? 800 : 1,
          bucket: world === 5 ? 1e6 : found.votes[world % 4].bucket,
        }));
      }
      await route.fulfill({ response, json: answer });
    });
    await box(page).fill(KERNEL);
    await answered(page);
    await results(page).first().getByRole("button").click();
    await votes(page).nth(31).waitFor();
    expect(await page.locator(".verdict").textContent()).toContain("In 31 of 32 worlds its bucket is the best.");
    expect(await votes(page).nth(5).locator("td").nth(1).textContent()).toBe("800");
    // Its bucket is not among the best: a cell of its own, apart from them.
    expect(await votes(page).nth(5).locator(".strip .cell").count()).toBe(13);
    expect(await overflow(page)).toBe(0);
    expect(await accessibilityViolations(page)).toEqual([]);
    expect(problems).toEqual([]);
  });

  describe.each(SCHEMES.flatMap((colorScheme) => WIDTHS.map((width) => ({ colorScheme, width }))))(
    "in $colorScheme colours, $width pixels wide",
    ({ colorScheme, width }) => {
      it("is accessible and fits in every state", async () => {
        const { page, problems } = await open("/", { colorScheme, viewport: { width, height: 800 } });
        const check = async (state: string): Promise<void> => {
          expect(await accessibilityViolations(page), state).toEqual([]);
          expect(await overflow(page), state).toBe(0);
        };
        await page.locator(".examples button").first().waitFor();
        await page.locator(".model-line").waitFor();
        await check("empty");
        await page.locator(".examples button").first().click();
        await answered(page);
        await check("results");
        await results(page).nth(0).getByRole("button").click();
        await votes(page).first().waitFor();
        await check("why");
        expect(problems).toEqual([]);
        await box(page).fill("ⵣⵣⵣⵣ");
        await page.getByText("The model knows none of these words.").first().waitFor();
        await check("unknown words");
        await page.route("**/v1/search", () => {}, { times: 1 });
        await box(page).fill("firefox for ever");
        await page.locator('.results[aria-busy="true"]').waitFor();
        await check("waiting");
        await page.route("**/v1/search", (route) =>
          route.fulfill({ status: 503, headers: { "retry-after": "60" }, json: {} }),
        );
        await box(page).fill("firefox");
        await page.locator(".failure").waitFor();
        await check("busy");
        await page.unroute("**/v1/search");
        await page.route("**/v1/search", (route) => route.fulfill({ status: 401, json: {} }));
        await box(page).fill("firefox b");
        await page.getByLabel("Key", { exact: true }).waitFor();
        await check("locked");
      });
    },
  );

  describe("with a catalogue", () => {
    it("shows titles, prices and pictures, and links that are safe", async () => {
      const pictures = await servePictures();
      const file = join(folder, "products.csv");
      writeFileSync(
        file,
        `label,title,url,image,price\nlinux:linux_kernel,The Linux kernel,https://kernel.example/,${pictures}/tux.svg,free\nredhat:enterprise_linux,A <b>hat</b>,javascript:alert(1),,€ 349\n`,
      );
      const plain = origin;
      origin = await startServer(["--catalogue", file, "--image-origin", pictures]);
      try {
        const { page } = await open(query(KERNEL));
        await answered(page);
        const link = page.getByRole("link", { name: "The Linux kernel" });
        expect(await link.getAttribute("href")).toBe("https://kernel.example/");
        await page.getByText("free", { exact: true }).waitFor();
        await page.waitForFunction(() => document.querySelector<HTMLImageElement>(".result img")?.naturalWidth);
        await box(page).fill("red hat enterprise linux");
        await answered(page);
        const hat = page.locator(".title", { hasText: "A <b>hat</b>" });
        expect(await hat.locator("a, b").count()).toBe(0);
        await page.getByText("€ 349").waitFor();
        expect(await accessibilityViolations(page)).toEqual([]);
      } finally {
        origin = plain;
      }
    });
  });
});
