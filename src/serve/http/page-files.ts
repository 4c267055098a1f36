/**
 * @file Which files does the server give out? Those that lay in the page's folder when it started, read then, each under
 * its own address. No path is ever made from a request, so none can lead elsewhere.
 */
import { createHash } from "node:crypto";
import { type Dirent, readdirSync, readFileSync } from "node:fs";
import { extname, join } from "node:path";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { explainStorage, systemCode } from "../../checkpoint/storage-error.js";

/** A file of the search page, in memory, as it is given out. */
export interface PageFile {
  /** `/` for index.html, `/assets/search-3f2a.js` for the rest. */
  readonly url: string;
  /** With the charset, where it is text. */
  readonly contentType: string;
  /** With its quotes; a hash of the content. */
  readonly etag: string;
  /** True where the name holds a hash of the content, so that a browser may keep it. */
  readonly immutable: boolean;
  /** The bytes by content coding; a coding that saves nothing is left out. */
  readonly bytes: { readonly identity: Buffer; readonly gzip?: Buffer; readonly br?: Buffer };
}

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".ico": "image/x-icon",
  ".json": "application/json; charset=utf-8",
  ".webmanifest": "application/manifest+json",
  ".txt": "text/plain; charset=utf-8",
  ".woff2": "font/woff2",
};
const COMPRESSIBLE = /^(text\/|application\/|image\/svg)/;

/** The files of `folder` and below; none if it is not there. Hidden files and unknown kinds are left out. @throws {StorageError} */
export function readPageFiles(folder: string): PageFile[] {
  const files: PageFile[] = [];
  const visit = (path: string, url: string): void => {
    let entries: Dirent[];
    try {
      entries = readdirSync(path, { withFileTypes: true });
    } catch (error) {
      if (systemCode(error) === "ENOENT" && path === folder) return;
      throw explainStorage(path, "could not be read", error);
    }
    for (const entry of entries) {
      if (entry.name.startsWith(".")) continue;
      if (entry.isDirectory()) visit(join(path, entry.name), `${url}${entry.name}/`);
      else if (entry.isFile() && extname(entry.name) in TYPES) {
        files.push(pageFile(`${url}${entry.name}`, readFileSync(join(path, entry.name))));
      }
    }
  };
  visit(folder, "/");
  return files;
}

/** A file that is given out as `url`. */
export function pageFile(url: string, identity: Buffer): PageFile {
  const contentType = TYPES[extname(url)] ?? "application/octet-stream";
  const compressed: { gzip?: Buffer; br?: Buffer } = {};
  if (COMPRESSIBLE.test(contentType)) {
    const [gzip, br] = [gzipSync(identity, { level: 9 }), brotliCompressSync(identity)];
    if (gzip.length < identity.length) compressed.gzip = gzip;
    if (br.length < identity.length) compressed.br = br;
  }
  return {
    url: url === "/index.html" ? "/" : url,
    contentType,
    etag: `"${createHash("sha256").update(identity).digest("base64url").slice(0, 22)}"`,
    immutable: /^\/assets\/.*-[\w-]{8}\.\w+$/.test(url),
    bytes: { identity, ...compressed },
  };
}
