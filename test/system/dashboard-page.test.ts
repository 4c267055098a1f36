/**
 * @file Does a browser see a training as it goes, and in report.html as it went? Real runs, a real browser.
 */
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { HistoryRecord } from "../../src/train/run-history/records.js";
import { accessibilityViolations, CHROMIUM, openBrowser, overflow, watchPage } from "./browser-page.js";
import {
  createDirectory,
  manyworlds,
  type RunningProcess,
  removeDirectory,
  startManyworlds,
  succeed,
  worldDigests,
} from "./manyworlds-process.js";
import { writeTextRows } from "./sample-rows.js";

const SHAPE = ["--worlds", "4", "--buckets", "24", "--hidden", "16", "--threads", "2", "--validation", "0.1"];
/** The page without data. */
const MOST_PAGE_BYTES = 150_000;

let folder = "";
let browser: Browser;
const at = (name: string): string => join(folder, name);

beforeAll(async () => {
  folder = createDirectory();
  writeTextRows(at("rows.tsv"), { numRows: 3000, numLabels: 60, seed: 1 });
  writeTextRows(at("test.tsv"), { numRows: 300, numLabels: 60, seed: 2 });
  if (CHROMIUM !== null) browser = await openBrowser();
});
afterAll(async () => {
  await browser?.close();
  await removeDirectory(folder);
});

function recordsOf(model: string): HistoryRecord[] {
  const lines = readFileSync(join(model, "history.jsonl"), "utf8").trimEnd().split("\n");
  return lines.map((line) => JSON.parse(line) as HistoryRecord);
}

const ofType = <T extends HistoryRecord["type"]>(model: string, type: T): (HistoryRecord & { type: T })[] =>
  recordsOf(model).filter((record): record is HistoryRecord & { type: T } => record.type === type);

/** Address that the process prints. */
async function addressOf({ child }: RunningProcess): Promise<string> {
  let text = "";
  child.stderr?.on("data", (chunk: Buffer) => {
    text += chunk;
  });
  for (let i = 0; i < 600; i++) {
    const [address] = /http:\/\/127\.0\.0\.1:\d+\//.exec(text) ?? [];
    if (address !== undefined) return address;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`no address of a dashboard in: ${text}`);
}

/** Lines that a chart draws. */
const linesOf = async (page: Page, chart: string): Promise<number> =>
  Number(await page.getAttribute(`[data-chart="${chart}"]`, "data-lines"));

/** Pixels of a chart's canvas that are not background. */
const inkOf = (page: Page, chart: string): Promise<number> =>
  page.$eval(`[data-chart="${chart}"] canvas`, (element) => {
    const canvas = element as HTMLCanvasElement;
    const { data } = (canvas.getContext("2d") as CanvasRenderingContext2D).getImageData(
      0,
      0,
      canvas.width,
      canvas.height,
    );
    let ink = 0;
    for (let i = 3; i < data.length; i += 4) if (data[i] > 128) ink++;
    return ink;
  });

async function openReport(model: string): Promise<{ readonly page: Page; readonly problems: string[] }> {
  const context = await browser.newContext({ offline: true, viewport: { width: 1440, height: 900 } });
  const page = await context.newPage();
  const problems = watchPage(page, `file://${model}`);
  await page.goto(`file://${model}/report.html`);
  await page.waitForSelector("h1 .state");
  return { page, problems };
}

const text = async (page: Page, selector: string): Promise<string> => ((await page.textContent(selector)) ?? "").trim();

describe.skipIf(CHROMIUM === null)("a browser that watches a training", () => {
  it("sees worlds start, learn and finish, with nothing amiss", async () => {
    const run = startManyworlds([
      ...["train", at("rows.tsv"), "--model", at("live"), ...SHAPE, "--epochs", "60", "--dashboard", "0"],
    ]);
    const url = await addressOf(run);
    const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
    const problems = watchPage(page, url.slice(0, -1));
    await page.goto(url);
    await page.waitForSelector('[data-phase="running"]');
    await page.waitForFunction(
      () => Number(document.querySelector('[data-chart="loss"]')?.getAttribute("data-lines")) > 0,
    );
    expect(await text(page, "h1 .state")).toBe("Training");
    await page.waitForSelector('[data-phase="done"]');
    await page.waitForFunction(() => document.querySelector('[data-chart="merged"] canvas') !== null);
    expect(await inkOf(page, "loss")).toBeGreaterThan(300);
    expect(await inkOf(page, "buckets")).toBeGreaterThan(100);
    expect(await page.getAttribute('[role="progressbar"]', "aria-valuenow")).toMatch(/^\d+$/);
    await page.waitForFunction(() => document.querySelector("h1 .state")?.textContent === "Finished");
    expect(await page.locator('[data-phase="done"]').count()).toBe(4);
    expect(await linesOf(page, "loss")).toBe(4);
    expect((await run.outcome).code).toBe(0);
    await page.waitForSelector("text=its server has gone");
    expect(await accessibilityViolations(page)).toEqual([]);
    expect(problems).toEqual([]);
    await page.close();
  });

  it("changes no byte of the worlds", async () => {
    const train = ["train", at("rows.tsv"), ...SHAPE, "--epochs", "5", "--quiet", "--model"];
    const watched = startManyworlds([...train, at("watched"), "--dashboard", "0"]);
    const page = await browser.newPage();
    await page.goto(await addressOf(watched)).catch(() => {});
    expect((await watched.outcome).code).toBe(0);
    await page.close();
    await succeed([...train, at("alone")]);
    expect(worldDigests(at("watched"))).toEqual(worldDigests(at("alone")));
    const manifest = (name: string) => JSON.parse(readFileSync(at(`${name}/manifest.json`), "utf8")).metrics;
    expect(manifest("watched")).toEqual(manifest("alone"));
  });
});

describe.skipIf(CHROMIUM === null)("report.html", () => {
  beforeAll(() => succeed(["train", at("rows.tsv"), "--model", at("m"), ...SHAPE, "--epochs", "6", "--quiet"]));

  it("opens from a file, offline, asks for nothing, and says what info says", async () => {
    const { page, problems } = await openReport(at("m"));
    expect(await text(page, "h1 .state")).toBe("Finished");
    const info = JSON.parse((await succeed(["info", at("m"), "--json"])).stdout);
    const { metrics } = info.manifest;
    const cells = await page.locator('[data-chart="figures"] tbody tr').allInnerTexts();
    const row = (name: string, values: readonly number[]) =>
      expect(cells.find((cell) => cell.startsWith(name))?.match(/\d+\.\d\d/g)).toEqual(
        values.map((value) => (100 * value).toFixed(2)),
      );
    row("P@k", [metrics["p@1"], metrics["p@3"], metrics["p@5"]]);
    row("R@k", [metrics["r@10"], metrics["r@100"]]);
    row("nDCG@k", [metrics["ndcg@1"], metrics["ndcg@3"], metrics["ndcg@5"]]);
    // All rows set aside are few enough to be the sample: the curve ends where the model stands.
    const merged = ofType(at("m"), "merged");
    expect(merged.at(-1)).toMatchObject({ worlds: 4, rows: 300, figures: { "p@1": metrics["p@1"] } });
    expect(merged.map(({ worlds }) => worlds)).toEqual(expect.arrayContaining([1, 2, 4]));
    for (const chart of ["loss", "buckets", "merged", "memory"]) {
      expect(await inkOf(page, chart), chart).toBeGreaterThan(100);
    }
    const sizes = await page.locator("table.worlds tbody tr").allInnerTexts();
    expect(sizes.length).toBe(4);
    expect(problems).toEqual([]);
    await page.context().close();
  });

  it("is what evaluate measures, on other rows after --validation, and small", async () => {
    const { size } = statSync(at("m/report.html"));
    const { size: data } = statSync(at("m/history.jsonl"));
    expect(size - data).toBeLessThan(MOST_PAGE_BYTES);
    const { stdout } = await succeed(["evaluate", at("m"), at("test.tsv"), "--json"]);
    const measured = ofType(at("m"), "measured").at(-1)?.figures ?? {};
    // Two samples of 300 rows: six standard errors of a share of about a half.
    expect(Math.abs(JSON.parse(stdout)["p@1"] - measured["p@1"])).toBeLessThan(6 * Math.sqrt((2 * 0.25) / 300));
  });

  it.each([
    ["light", 1440],
    ["dark", 1440],
    ["light", 360],
    ["dark", 360],
  ] as const)("is accessible and fits: %s, %d pixels", async (colorScheme, width) => {
    const { page, problems } = await openReport(at("m"));
    await page.setViewportSize({ width, height: 800 });
    await page.emulateMedia({ colorScheme });
    for (const summary of await page.locator("details.points summary").all()) await summary.click();
    await page.waitForSelector("details.points tbody tr");
    expect(await overflow(page)).toBeLessThanOrEqual(0);
    expect(await accessibilityViolations(page)).toEqual([]);
    expect(problems).toEqual([]);
    await page.context().close();
  });

  it("is used by keyboard alone: a world brought out, another k, numbers opened", async () => {
    const { page } = await openReport(at("m"));
    const tabTo = async (isThere: () => Promise<boolean>): Promise<void> => {
      for (let i = 0; i < 40; i++) {
        await page.keyboard.press("Tab");
        if (await isThere()) return;
      }
      throw new Error("not reached by Tab");
    };
    const focused = (selector: string) => async () =>
      page.evaluate((wanted) => document.activeElement?.matches(wanted) ?? false, selector);
    await tabTo(focused('[data-chart="loss"] summary'));
    await page.keyboard.press("Enter");
    await page.waitForSelector('[data-chart="loss"] details[open] tbody tr');
    await tabTo(focused('input[name="cutoff"]'));
    await page.keyboard.press("ArrowRight");
    await page.waitForSelector('[data-chart="buckets"] h3:has-text("P@3")');
    await tabTo(focused(".world-button"));
    await page.keyboard.press("Enter");
    await page.waitForSelector('.world-button[aria-pressed="true"]');
    expect(await page.locator(".key-lit").count()).toBeGreaterThan(0);
    await page.context().close();
  });

  it("goes on with its curves after more worlds are added", async () => {
    const before = ofType(at("m"), "epoch").filter(({ world }) => world === 0);
    await succeed(["train", at("rows.tsv"), "--model", at("m"), "--worlds", "4-5", "--resume", "--quiet"]);
    const { page } = await openReport(at("m"));
    expect(await linesOf(page, "loss")).toBe(6);
    expect(await page.locator('[data-phase="done"]').count()).toBe(6);
    expect(await page.locator('section[aria-labelledby="runs"] tbody tr').count()).toBe(2);
    expect(ofType(at("m"), "epoch").filter(({ world }) => world === 0)).toEqual(before);
    const [first, second] = ofType(at("m"), "end");
    expect(second.s).toBeGreaterThan(first.s);
    expect(ofType(at("m"), "merged").at(-1)).toMatchObject({ worlds: 6 });
    await page.context().close();
  });

  it("says that a run was interrupted, and how to go on; the resumed run continues the curves", async () => {
    const train = [
      "train",
      at("rows.tsv"),
      "--model",
      at("stopped"),
      ...SHAPE,
      "--epochs",
      "100",
      "--checkpoint",
      "0.2",
    ];
    const run = startManyworlds([...train, "--dashboard", "0"]);
    await addressOf(run);
    while (run.child.exitCode === null && !isTraining(at("stopped"))) await new Promise((r) => setTimeout(r, 20));
    run.child.kill("SIGINT");
    expect((await run.outcome).code).toBe(130);
    const stopped = await openReport(at("stopped"));
    expect(await text(stopped.page, "h1 .state")).toBe("Interrupted");
    expect(await text(stopped.page, ".steps code")).toBe(
      "manyworlds train rows.tsv --model stopped/ --threads 2 --checkpoint 0.2 --resume",
    );
    expect(await stopped.page.locator('[data-phase="stopped"]').count()).toBeGreaterThan(0);
    expect(stopped.problems).toEqual([]);
    await stopped.page.context().close();
    const firstSteps = ofType(at("stopped"), "point").filter(({ world }) => world === 0);

    await succeed([...train, "--resume", "--quiet"]);
    const points = ofType(at("stopped"), "point").filter(({ world }) => world === 0);
    expect(points[0]).toEqual(firstSteps[0]);
    expect(points.at(-1)?.step).toBe(points.at(-1)?.numSteps);
    const resumed = await openReport(at("stopped"));
    expect(await text(resumed.page, "h1 .state")).toBe("Finished");
    await resumed.page.context().close();
  });

  it("without rows set aside says how to get what is not there", async () => {
    await succeed(["train", at("rows.tsv"), "--model", at("blind"), "--worlds", "2", "--epochs", "2", "--quiet"]);
    const { page, problems } = await openReport(at("blind"));
    expect(await text(page, '[data-chart="merged"]')).toContain("--validation 0.1");
    expect(await text(page, ".steps")).toContain("manyworlds evaluate blind/ test.tsv");
    expect(await inkOf(page, "loss")).toBeGreaterThan(100);
    expect(problems).toEqual([]);
    await page.context().close();
  });
});

/** True once a world has done some steps. */
function isTraining(model: string): boolean {
  try {
    return ofType(model, "point").length > 10;
  } catch {
    return false;
  }
}

describe("the history of a run", () => {
  it("survives a kill, and the next run goes on with it", async () => {
    const model = at("killed");
    const train = [
      "train",
      at("rows.tsv"),
      "--model",
      model,
      ...SHAPE,
      "--epochs",
      "60",
      "--checkpoint",
      "0.2",
      "--quiet",
    ];
    const run = startManyworlds(train);
    while (run.child.exitCode === null && !isTraining(model)) await new Promise((r) => setTimeout(r, 20));
    run.child.kill("SIGKILL");
    await run.outcome;
    expect(ofType(model, "end")).toEqual([]);
    const before = ofType(model, "point").length;
    await succeed([...train, "--resume"]);
    expect(ofType(model, "run").map(({ run: number, isResumed }) => [number, isResumed])).toEqual([
      [1, false],
      [2, true],
    ]);
    expect(ofType(model, "end").map(({ end }) => end)).toEqual(["finished"]);
    expect(ofType(model, "point").length).toBeGreaterThanOrEqual(Math.min(before, 20));
  });

  it.each(["data-parallel", "model-parallel", "averaging", "hogwild", "locked", "round-robin"])(
    "of %s has the same curves",
    async (strategy) => {
      const model = at(strategy);
      const how = ["--strategy", strategy, "--strategy-workers", "2"];
      const shape = ["--worlds", "2", "--buckets", "24", "--hidden", "16", "--validation", "0.1", "--epochs", "6"];
      await succeed(["train", at("rows.tsv"), "--model", model, ...shape, ...how, "--quiet"]);
      const epochs = ofType(model, "epoch").filter(({ world }) => world === 1);
      expect(epochs.map(({ epoch }) => epoch)).toEqual([1, 2, 3, 4, 5, 6]);
      const last = epochs.at(-1)?.buckets?.["p@1"] ?? Number.NaN;
      expect(last).toBeGreaterThan(epochs[0].buckets?.["p@1"] ?? Number.NaN);
      expect(ofType(model, "merged").map(({ worlds }) => worlds)).toEqual([1, 2]);
      expect(ofType(model, "run")[0].strategy).toMatchObject({ strategy });
    },
  );

  it("of a model that is replaced is the new one's alone", async () => {
    const train = ["train", at("rows.tsv"), "--model", at("replaced"), "--worlds", "2", "--epochs", "1", "--quiet"];
    await succeed(train);
    await succeed([...train, "--overwrite"]);
    expect(ofType(at("replaced"), "run").map(({ run }) => run)).toEqual([1]);
    expect(ofType(at("replaced"), "end").length).toBe(1);
    expect(statSync(at("replaced/report.html")).size).toBeGreaterThan(1000);
  });

  it("no port, no server: bad ones are refused", async () => {
    const { code, stderr } = await manyworlds(["train", at("rows.tsv"), "--model", at("x"), "--dashboard", "99999"]);
    expect(code).toBe(2);
    expect(stderr).toContain("from 0 to 65535");
  });
});
