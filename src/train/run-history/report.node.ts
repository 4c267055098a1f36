/**
 * @file How does a run become a page that anybody can open? `report.html` in the model directory: the dashboard's page,
 * whole in one file (scripts/inline-page.mjs), with the history as JSON in a script element.
 *
 *   <script type="application/json" id="history"></script>   the page as built
 *   <script type="application/json" id="history">[…]</script>   a report: the records of RunHistory, `<` as \u003c
 *
 * It loads nothing: its Content-Security-Policy allows its own script and style, by hash, and no request at all.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { writeFileAtomic } from "../../checkpoint/atomic-write.node.js";
import { REPORT_FILE } from "../../checkpoint/model-files.node.js";
import { systemCode } from "../../checkpoint/storage-error.js";
import { ConfigError } from "../../core/errors.js";
import type { HistoryRecord } from "./records.js";

/** The page without data, as the package has it. */
export const DASHBOARD_PAGE: URL = new URL("../../../web/dashboard/index.html", import.meta.url);
const EMPTY_DATA = '<script type="application/json" id="history"></script>';

/** The page's text. @throws {ConfigError} if the package was built without its pages. */
export function readDashboardPage(): string {
  let page: string;
  try {
    page = readFileSync(DASHBOARD_PAGE, "utf8");
  } catch (error) {
    if (systemCode(error) !== "ENOENT") throw error;
    page = "";
  }
  if (page.includes(EMPTY_DATA)) return page;
  throw new ConfigError(
    "dashboard: expected the built page dist/web/dashboard/index.html, got none; run npm run build",
  );
}

/** `page` with `records` in it. */
export function fillReport(page: string, records: readonly HistoryRecord[]): string {
  // Nothing in the text may end the element: not </script>, not <!--.
  const json = `[\n${records.map((record) => JSON.stringify(record)).join(",\n")}\n]`.replaceAll("<", "\\u003c");
  const [before, after] = page.split(EMPTY_DATA);
  return `${before}${EMPTY_DATA.replace("><", () => `>${json}<`)}${after}`;
}

/** Writes or replaces the report in a model directory. @throws {ConfigError} without a page, {StorageError} */
export function writeReport(root: string, records: readonly HistoryRecord[]): void {
  const text = fillReport(readDashboardPage(), records);
  writeFileAtomic(join(root, REPORT_FILE), [new TextEncoder().encode(text)]);
}
