/**
 * @file How long does an exported folder take in Chromium? From the address to the first answer and to all worlds, then
 * from a question to its answer, asked of the page's own worker by its own messages.
 */
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { chromium } from "playwright-core";
import { root } from "../datasets.mjs";
import { serve } from "./static-host.mjs";

/** Milliseconds, or null where there is no Chromium. `queries`: asked one by one, all of them twice. */
export async function measureBrowser(folder, queries) {
  const find = [join(root, "scripts/install-chromium.mjs"), "--find"];
  const executablePath = execFileSync(process.execPath, find, { encoding: "utf8" }).trim();
  if (executablePath === "") return null;
  const host = await serve(folder);
  const args = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"];
  const browser = await chromium.launch({ executablePath, args });
  try {
    // Once to warm what the system reads from disk, then a browser without caches.
    await loadOnce(browser, host.url);
    const load = await loadOnce(browser, host.url);
    const context = await browser.newContext();
    const page = await context.newPage();
    await page.goto(host.url);
    await page.locator(".model-line").waitFor();
    const code = host.asked.findLast((name) => /model-worker.*\.js$/.test(name));
    const { cold, warm } = await page.evaluate(askWorker, { code, queries });
    return { ...load, cold, warm, version: browser.version() };
  } finally {
    await browser.close();
    host.close();
  }
}

async function loadOnce(browser, url) {
  const context = await browser.newContext();
  const page = await context.newPage();
  const start = performance.now();
  await page.goto(`${url}?q=linux`);
  await page.locator(".result").first().waitFor();
  const firstAnswer = performance.now() - start;
  await page.locator(".model-line").waitFor();
  const allWorlds = performance.now() - start;
  await context.close();
  return { firstAnswer, allWorlds };
}

/** Runs in the page. @returns round trips in ms: `cold` fetches rows of words, `warm` has them. */
async function askWorker({ code, queries }) {
  const worker = new Worker(new URL(code, document.baseURI), { type: "module" });
  const ask = (id, message) =>
    new Promise((resolve, reject) => {
      worker.addEventListener("message", function listen({ data }) {
        if (data.id !== id) return;
        worker.removeEventListener("message", listen);
        if (data.failure) reject(new Error(data.failure.message));
        else resolve(data.answer);
      });
      worker.postMessage({ id, ...message });
    });
  worker.postMessage({ base: new URL("model/", document.baseURI).href });
  await ask(0, { ask: "model" });
  let id = 0;
  const times = { cold: [], warm: [] };
  for (const pass of ["cold", "warm"]) {
    for (const query of queries) {
      const start = performance.now();
      await ask(++id, { ask: "search", request: { query, k: 10 } });
      times[pass].push(performance.now() - start);
    }
  }
  worker.terminate();
  return times;
}
