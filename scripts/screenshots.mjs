/**
 * @file Takes the pictures of the pages that the documents show: docs/images/search-*.png.
 *
 *   node scripts/screenshots.mjs [model directory]
 *
 * Without a model it trains eight worlds on the bundled data, 2 % of the rows held out, in half a minute. It serves the
 * model on a free port, opens the search page with the votes of the first result in both themes and on a phone, and
 * leaves nothing behind but the pictures. Needs a built package and a Chromium (scripts/install-chromium.mjs).
 */
import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";
import { smallerPng } from "./smaller-png.mjs";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const main = join(root, "dist/src/cli/main.js");
/** As the README's pictures may be at most: a clone should stay small. */
const MAX_BYTES = 250_000;
const QUERY = "the encrypt and decrypt functions in Ruby on Rails are vulnerable to padding oracle attacks";

const SHOTS = [
  { file: "search-light.png", colorScheme: "light", width: 1060, height: 1060, scale: 2 },
  { file: "search-dark.png", colorScheme: "dark", width: 1060, height: 1060, scale: 2 },
  { file: "search-phone.png", colorScheme: "light", width: 360, height: 900, scale: 2 },
];

/** Starts `serve`. @returns the child and the address that it printed. */
async function serve(model) {
  const args = [main, "serve", model, "--port", "0", "--json", "--log-level", "error"];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "ignore"] });
  const url = await new Promise((resolve, reject) => {
    child.stdout.once("data", (line) => resolve(JSON.parse(line).url));
    child.once("exit", (code) => reject(new Error(`serve ended with ${code}`)));
  });
  return { child, url };
}

async function takeShot(browser, url, { file, colorScheme, width, height, scale }) {
  const viewport = { width, height };
  const context = await browser.newContext({
    viewport,
    colorScheme,
    deviceScaleFactor: scale,
    reducedMotion: "reduce",
  });
  const page = await context.newPage();
  await page.goto(`${url}/?q=${encodeURIComponent(QUERY)}`);
  await page.locator(".ask-why").first().click();
  await page.locator(".company").waitFor();
  // A second time, when nothing has to be loaded: the times that the page states are then its own.
  await page.locator("#words").fill("");
  await page.locator("#words").fill(QUERY);
  await page.locator('.results[aria-busy="false"] .ask-why').first().click();
  await page.locator(".company").waitFor();
  await page.evaluate(() => document.activeElement?.blur());
  const path = join(root, "docs/images", file);
  const png = smallerPng(await page.screenshot());
  await context.close();
  if (png.length > MAX_BYTES) {
    throw new Error(`${file}: expected at most ${MAX_BYTES} bytes, got ${png.length}; take a smaller part`);
  }
  writeFileSync(path, png);
  console.log(`docs/images/${file}: ${(png.length / 1000).toFixed(0)} kB`);
}

const folder = mkdtempSync(join(tmpdir(), "manyworlds-screenshots-"));
let server;
let browser;
try {
  const executablePath = execFileSync(process.execPath, [join(root, "scripts/install-chromium.mjs"), "--find"])
    .toString()
    .trim();
  if (executablePath === "") throw new Error("no Chromium; node scripts/install-chromium.mjs says how to get one");
  let model = process.argv[2];
  if (model === undefined) {
    model = join(folder, "model");
    const data = join(root, "data/nvd/train.tsv.gz");
    const args = [main, "train", data, "--model", model, "--worlds", "8", "--validation", "0.02"];
    execFileSync(process.execPath, args, { stdio: "pipe" });
  }
  server = await serve(model);
  browser = await chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-gpu"] });
  for (const shot of SHOTS) await takeShot(browser, server.url, shot);
} catch (error) {
  console.error(`screenshots: ${error.message}`);
  process.exitCode = 1;
} finally {
  await browser?.close();
  server?.child.kill("SIGTERM");
  rmSync(folder, { recursive: true, force: true });
}
