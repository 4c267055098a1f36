/** @file A static host on this machine: the files of a folder and nothing else. */
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { extname, join, normalize } from "node:path";

const KINDS = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".css": "text/css",
  ".svg": "image/svg+xml",
};

/** Serves `folder`. @returns its address, the names that were asked for, and `close`. */
export async function serve(folder) {
  const asked = [];
  const server = createServer((request, response) => {
    const name = normalize(new URL(request.url, "http://host").pathname).slice(1) || "index.html";
    asked.push(name);
    try {
      const bytes = readFileSync(join(folder, name));
      response.writeHead(200, { "content-type": KINDS[extname(name)] ?? "application/octet-stream" }).end(bytes);
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const close = () => {
    server.closeAllConnections();
    server.close();
  };
  return { url: `http://127.0.0.1:${server.address().port}/`, asked, close };
}
