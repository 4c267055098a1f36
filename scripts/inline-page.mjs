/**
 * @file Makes one file of a built page: scripts, styles and icon inside index.html, and a Content-Security-Policy that
 * allows these by hash and nothing else. Such a page opens from a file, with no request at all.
 *
 *   <script type="module" src="./assets/main-1a2b.js">  →  <script type="module">…</script>     script-src 'sha256-…'
 *   <link rel="stylesheet" href="./assets/main-3c.css"> →  <style>…</style>                     style-src 'sha256-…'
 *   <link rel="icon" href="./assets/icon.svg">          →  a data: address                      img-src data:
 *
 * connect-src 'self' lets the same page listen to the server that it came from; from a file there is none.
 */
import { createHash } from "node:crypto";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const hashOf = (text) => `'sha256-${createHash("sha256").update(text).digest("base64")}'`;

/** Rewrites `folder`/index.html and removes the files that it now holds. @throws {Error} for what cannot be inlined. */
export function inlinePage(folder) {
  const path = join(folder, "index.html");
  const scripts = [];
  const styles = [];
  const text = (file) => readFileSync(join(folder, file), "utf8").trim();
  let html = readFileSync(path, "utf8");
  html = html.replace(/<script type="module"[^>]* src="\.\/([^"]+)"><\/script>/g, (_, file) => {
    const code = text(file).replaceAll("</script", "<\\/script").replaceAll("<!--", "<\\!--");
    scripts.push(hashOf(code));
    return `<script type="module">${code}</script>`;
  });
  html = html.replace(/<link rel="stylesheet"[^>]* href="\.\/([^"]+)">/g, (_, file) => {
    const rules = text(file);
    if (rules.includes("</style"))
      throw new Error(`${file} holds </style, which ends the element that it is to stand in`);
    styles.push(hashOf(rules));
    return `<style>${rules}</style>`;
  });
  html = html.replace(/(<link rel="icon"[^>]* href=")\.\/([^"]+)"/g, (_, before, file) => {
    return `${before}data:image/svg+xml;base64,${Buffer.from(text(file)).toString("base64")}"`;
  });
  const left = /(?:src|href)="(?!data:|#)[^"]+"/.exec(html.replace(/<(script|style)[^>]*>[\s\S]*?<\/\1>/g, ""));
  if (left !== null) throw new Error(`index.html still asks for ${left[0]}`);
  const policy = [
    "default-src 'none'",
    `script-src ${scripts.join(" ")}`,
    `style-src ${styles.join(" ")}`,
    "img-src data:",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
  ].join("; ");
  const meta = `<meta http-equiv="Content-Security-Policy" content="${policy}">`;
  writeFileSync(
    path,
    html.replace(/<meta charset="utf-8"[^>]*>/, (charset) => `${charset}\n    ${meta}`),
  );
  rmSync(join(folder, "assets"), { recursive: true, force: true });
}
