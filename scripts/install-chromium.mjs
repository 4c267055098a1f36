/**
 * @file Finds a Chromium for the tests of the pages, or installs Debian's; part of `npm test`.
 *
 *   node scripts/install-chromium.mjs          prints where it is; installs it where that is possible
 *   node scripts/install-chromium.mjs --find   prints where it is, or nothing
 *
 * Looked for: CHROMIUM_PATH, the PATH, the usual places. Without one: apt-get, where this is root on a Debian or Ubuntu
 * whose chromium is a package. Otherwise it says what to do and exits 0: tests that need a browser skip and say so.
 */
import { execFileSync, spawnSync } from "node:child_process";
import { accessSync, constants, readFileSync } from "node:fs";
import { delimiter, join } from "node:path";

const NAMES = ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome", "chrome"];
const FOLDERS = ["/usr/bin", "/usr/lib/chromium", "/snap/bin", "/opt/google/chrome"];
const FILES = [
  "/Applications/Chromium.app/Contents/MacOS/Chromium",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
];

function isProgram(file) {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Path of a Chromium; null if there is none. */
function findChromium() {
  const given = process.env.CHROMIUM_PATH;
  if (given) return isProgram(given) ? given : null;
  const folders = [...(process.env.PATH ?? "").split(delimiter).filter(Boolean), ...FOLDERS];
  const candidates = folders.flatMap((folder) => NAMES.map((name) => join(folder, name)));
  return [...candidates, ...FILES].find(isProgram) ?? null;
}

/** Ubuntu's chromium package is only a pointer to a snap, which containers cannot run. */
function hasDebianPackage() {
  try {
    return /^ID=debian$/m.test(readFileSync("/etc/os-release", "utf8"));
  } catch {
    return false;
  }
}

function installChromium() {
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  const install = ["install", "-y", "-qq", "--no-install-recommends", "chromium", "fonts-dejavu-core"];
  for (const args of [["update", "-qq"], install]) {
    console.log(`install-chromium: apt-get ${args.join(" ")}`);
    if (spawnSync("apt-get", args, { stdio: ["ignore", "ignore", "inherit"], env }).status !== 0) return;
  }
}

const onlyFind = process.argv.includes("--find");
let found = findChromium();
if (found === null && !onlyFind) {
  if (process.env.CHROMIUM_PATH)
    console.warn(`install-chromium: CHROMIUM_PATH=${process.env.CHROMIUM_PATH} is no program`);
  else if (process.platform === "linux" && process.getuid?.() === 0 && hasDebianPackage()) installChromium();
  found = findChromium();
}
if (found !== null) {
  const version = onlyFind
    ? ""
    : ` (${execFileSync(found, ["--version"], { stdio: ["ignore", "pipe", "ignore"] })
        .toString()
        .trim()})`;
  console.log(`${found}${version}`);
} else if (!onlyFind) {
  console.warn(
    "install-chromium: no Chromium or Chrome here, so the tests of the pages will be skipped. Install one, such as " +
      "`apt-get install chromium`, or say where it is with CHROMIUM_PATH.",
  );
}
