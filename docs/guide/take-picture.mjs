/**
 * @file Takes the guide's picture of the page, from the server that its fourth section starts.
 *
 *   node docs/guide/take-picture.mjs [http://127.0.0.1:8080]      writes docs/images/guide-page.png; CHROMIUM_PATH: a browser
 */
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

const [url = "http://127.0.0.1:8080"] = process.argv.slice(2);
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM_PATH ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"],
});
try {
  const page = await browser.newPage({ viewport: { width: 1080, height: 1120 }, colorScheme: "light" });
  const query = new URLSearchParams({ q: "use after free in v8 in google chrome", why: "google:chrome" });
  // Some queries before it, so that the time shown is not that of the first query ever.
  for (const words of ["kernel", "browser", "printer", "router", "office", "camera"]) {
    await page.goto(`${url}/?q=${words}&why=linux:linux_kernel`);
    await page.locator('.results[aria-busy="false"] .result').first().waitFor();
  }
  await page.goto(`${url}/?${query}`);
  await page.getByText("Google Chrome").first().waitFor();
  await page.waitForTimeout(500);
  await page.screenshot({ path: fileURLToPath(new URL("../images/guide-page.png", import.meta.url)) });
} finally {
  await browser.close();
}
