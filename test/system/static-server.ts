/** @file The dumbest web server: the files of a folder, under a prefix, as bytes; what was asked of it is kept. */

import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join, normalize } from "node:path";

const KINDS: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".css": "text/css",
  ".svg": "image/svg+xml",
  ".json": "application/json",
};

export interface StaticServer {
  /** Address of the folder, with its prefix and a slash at the end. */
  readonly url: string;
  readonly origin: string;
  /** Paths asked for, without the prefix, in their order. */
  readonly asked: string[];
  /** Paths that are answered with 404 although they are there. */
  readonly hidden: Set<string>;
  close(): Promise<void>;
}

/** Serves `folder` below `/some/where/` on a free port of this machine. Close it. */
export async function serveFolder(folder: string): Promise<StaticServer> {
  const prefix = "/some/where/";
  const asked: string[] = [];
  const hidden = new Set<string>();
  const server: Server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? "/", "http://127.0.0.1");
    const name = pathname === prefix ? "index.html" : normalize(decodeURIComponent(pathname.slice(prefix.length)));
    asked.push(name);
    try {
      if (!pathname.startsWith(prefix) || name.startsWith("..") || hidden.has(name)) throw new Error("not here");
      const bytes = readFileSync(join(folder, name));
      response.writeHead(200, {
        "content-type": KINDS[extname(name)] ?? "application/octet-stream",
      });
      response.end(bytes);
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url: origin + prefix,
    origin,
    asked,
    hidden,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}
