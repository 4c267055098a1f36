/**
 * @file Builds the pages: every web/<app>/index.html to dist/web/<app>/, a folder that any static host can serve.
 *
 *   web/<app>/index.html ──vite──▶ dist/web/<app>/index.html, assets/<name>-<hash>.{js,css,svg}
 *
 * An app stands alone: paths are relative, so that it works under any prefix, and what apps share (web/parts/, modules of
 * src/) is in each. Nothing is inlined and nothing is fetched from elsewhere, so that the strictest Content-Security-Policy
 * fits: default-src 'self' with no 'unsafe-inline'. Apps of `WHOLE` become one file each (inline-page.mjs). An app is skipped while every file that went into it is as it was:
 * the list, with hashes, is kept in .zig-cache/manyworlds. Written elsewhere, then moved file by file, as all builds are.
 */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { inlinePage } from "./inline-page.mjs";
import { replaceFolder } from "./replace-folder.mjs";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const web = join(root, "web");
const output = join(root, "dist", "web");
const stamps = join(root, ".zig-cache", "manyworlds");

/** Browsers from 2024 on: those that know light-dark(), which the themes are written with. */
const TARGETS = ["chrome123", "firefox120", "safari17.5"];

/** Folders of web/ with a page. */
const APPS = readdirSync(web).filter((name) => existsSync(join(web, name, "index.html")));

/** Apps that are one file: a report is opened from a disk, or sent by mail. */
const WHOLE = new Set(["dashboard"]);

/** Files whose change rebuilds every app: how apps are built, and with which versions. */
const ALWAYS = ["scripts/build-web.mjs", "scripts/inline-page.mjs", "package-lock.json"];

const hashOf = (file) =>
  existsSync(file) ? createHash("sha256").update(readFileSync(file)).digest("hex").slice(0, 32) : "absent";

/** Every module that goes into a bundle, workers included, is added to `inputs`. */
function recordInputs(inputs) {
  return {
    name: "record-inputs",
    generateBundle() {
      for (const id of this.getModuleIds()) {
        const file = id.replace(/^\0/, "").replace(/[?#].*$/, "");
        if (file.startsWith(root + sep) && !file.includes(`${sep}node_modules${sep}`) && existsSync(file))
          inputs.add(file);
      }
    },
  };
}

/** The page waits for its script before it is first painted: a theme that was chosen is there from the first frame. */
const scriptBeforePaint = {
  name: "script-before-paint",
  transformIndexHtml: {
    order: "post",
    handler: (html) => html.replace('<script type="module"', '<script type="module" blocking="render"'),
  },
};

/** vite's settings for one app. */
function viteConfig(app, inputs) {
  return {
    configFile: false,
    root: join(web, app),
    base: "./",
    logLevel: "warn",
    publicDir: false,
    oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
    plugins: [scriptBeforePaint, recordInputs(inputs)],
    worker: { format: "es", plugins: () => [recordInputs(inputs)] },
    build: {
      target: TARGETS,
      cssTarget: TARGETS,
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
      reportCompressedSize: false,
      emptyOutDir: true,
    },
  };
}

/** Files of an app's own folder and the shared ones: a new one may be found where another was before. */
function filesOf(app) {
  return [app, "parts"].flatMap((folder) =>
    readdirSync(join(web, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name)),
  );
}

function stampOf(files) {
  const names = [...new Set(files.map((file) => relative(root, file)))].sort();
  return JSON.stringify(Object.fromEntries(names.map((name) => [name, hashOf(join(root, name))])), null, 1);
}

/** True if the files that the stamp names, and those there are now, are what it was made from. */
function isCurrent(app, stampFile) {
  if (!existsSync(join(output, app, "index.html")) || !existsSync(stampFile)) return false;
  const stamp = readFileSync(stampFile, "utf8");
  const files = [...Object.keys(JSON.parse(stamp)).map((name) => join(root, name)), ...filesOf(app)];
  return stampOf(files) === stamp;
}

async function buildApp(app, force) {
  const stampFile = join(stamps, `web-${app}.stamp`);
  if (!force && isCurrent(app, stampFile)) return;
  const start = performance.now();
  // Beside dist, on the same file system, as the TypeScript is.
  const temporary = join(root, `dist.${process.pid}`);
  const folder = join(temporary, "web", app);
  const { build } = await import("vite");
  const inputs = new Set();
  const config = viteConfig(app, inputs);
  try {
    await build({ ...config, build: { ...config.build, outDir: folder } });
    if (WHOLE.has(app)) inlinePage(folder);
    const size = zippedBytes(folder);
    replaceFolder(folder, join(output, app));
    mkdirSync(stamps, { recursive: true });
    const stamp = stampOf([...inputs, ...filesOf(app), ...ALWAYS.map((name) => join(root, name))]);
    writeFileSync(`${stampFile}.${process.pid}`, stamp);
    renameSync(`${stampFile}.${process.pid}`, stampFile);
    const seconds = ((performance.now() - start) / 1000).toFixed(1);
    console.log(`build: dist/web/${app}, ${(size / 1000).toFixed(1)} kB gzipped, in ${seconds} s`);
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}

/** Bytes that a browser loads to show the page, gzipped: its HTML, scripts, styles and icon. */
function zippedBytes(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => /\.(html|js|css|svg)$/.test(entry.name))
    .reduce((sum, entry) => sum + gzipSync(readFileSync(join(entry.parentPath, entry.name))).length, 0);
}

/** Builds what changed, and removes apps that have no source any more. */
export async function buildWeb({ force = false } = {}) {
  for (const app of APPS) await buildApp(app, force);
  if (!existsSync(output)) return;
  for (const name of readdirSync(output))
    if (!APPS.includes(name)) rmSync(join(output, name), { recursive: true, force: true });
}
