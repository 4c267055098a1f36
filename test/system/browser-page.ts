/** @file A Chromium for tests of the pages: found or not, opened on a new profile, and watched for what pages must not do. */
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import axe from "axe-core";
import { type Browser, chromium, type Page } from "playwright-core";
import { ROOT } from "./manyworlds-process.js";

/** Where it is; null if there is none, and then a line on stderr says how to get one. */
export const CHROMIUM: string | null = findChromium();

/** Nothing but what the page itself asks for goes over the network. */
const ARGUMENTS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

function findChromium(): string | null {
  const script = join(ROOT, "scripts/install-chromium.mjs");
  const path = execFileSync(process.execPath, [script, "--find"]).toString().trim();
  if (path !== "") return path;
  console.warn(
    "no Chromium: the tests of the pages are skipped; node scripts/install-chromium.mjs says how to get one",
  );
  return null;
}

/** A browser with a new, empty profile. Close it. */
export function openBrowser(): Promise<Browser> {
  if (CHROMIUM === null) throw new Error("no Chromium; skip the test where CHROMIUM is null");
  return chromium.launch({ executablePath: CHROMIUM, args: ARGUMENTS });
}

/** What went wrong in `page` since: console errors and warnings, exceptions, requests to anyone but `origin`. Fills as it happens. */
export function watchPage(page: Page, origin: string): string[] {
  const problems: string[] = [];
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) problems.push(`console: ${message.text()}`);
  });
  page.on("pageerror", (error) => problems.push(`exception: ${error.message}`));
  page.on("request", (request) => {
    if (!request.url().startsWith(`${origin}/`)) problems.push(`request: ${request.url()}`);
  });
  return problems;
}

/** Violations of WCAG 2.2 A and AA and of good practice that axe finds in what is shown now, a line each. */
export async function accessibilityViolations(page: Page): Promise<string[]> {
  await page.evaluate(axe.source);
  const found = await page.evaluate(async () => {
    const { axe: checker } = globalThis as unknown as { axe: typeof axe };
    const { violations } = await checker.run(document, { resultTypes: ["violations"] });
    return violations.map(
      ({ id, help, nodes }) => `${id}: ${help}: ${nodes.map(({ html }) => html.slice(0, 160)).join(" | ")}`,
    );
  });
  return found;
}

/** Pixels by which the page is wider than the window. */
export function overflow(page: Page): Promise<number> {
  return page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
}
