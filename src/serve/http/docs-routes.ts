/**
 * @file Where does a person read about the API? At /docs, a page without a script, written from the OpenAPI document of
 * /openapi.json. Swagger UI would be three megabytes of scripts and a looser content policy, for a button that sends a
 * request; here each operation shows the curl line that does.
 */
import type { FastifyInstance } from "fastify";
import { type ApiDocument, renderDocs } from "./docs-page.js";
import { DOCS_ICON, DOCS_STYLE } from "./docs-style.js";
import { pageFile } from "./page-files.js";
import { sendFile } from "./page-routes.js";
import { pageHeaders } from "./security-headers.js";

export function addDocsRoutes(app: FastifyInstance): void {
  const headers = pageHeaders([]);
  const parts = [
    pageFile("/docs/style.css", Buffer.from(DOCS_STYLE)),
    pageFile("/docs/icon.svg", Buffer.from(DOCS_ICON)),
  ];
  // Complete once all routes are known; rendered once.
  let files: { readonly page: ReturnType<typeof pageFile>; readonly json: ReturnType<typeof pageFile> } | null = null;
  const made = (): NonNullable<typeof files> => {
    const document = app.swagger() as unknown as ApiDocument;
    files ??= {
      page: pageFile("/docs.html", Buffer.from(renderDocs(document))),
      json: pageFile("/openapi.json", Buffer.from(JSON.stringify(document))),
    };
    return files;
  };
  app.get("/openapi.json", { schema: { hide: true } }, (request, reply) =>
    sendFile(made().json, headers, request, reply),
  );
  app.get("/docs", { schema: { hide: true } }, (request, reply) => sendFile(made().page, headers, request, reply));
  for (const file of parts) {
    app.get(file.url, { schema: { hide: true } }, (request, reply) => sendFile(file, headers, request, reply));
  }
}
