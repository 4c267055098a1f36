/** @file How does a browser get the search page? Each file under its own address, compressed beforehand, kept by its hash. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { HttpError } from "./http-error.js";
import type { PageFile } from "./page-files.js";
import { pageHeaders, type SecurityHeaders } from "./security-headers.js";

export interface PageParts {
  /** None: the page was not built. */
  readonly page: readonly PageFile[];
  readonly imageOrigins: readonly string[];
}

export function addPageRoutes(app: FastifyInstance, { page, imageOrigins }: PageParts): void {
  const headers = pageHeaders(imageOrigins);
  for (const file of page) {
    app.get(file.url, { schema: { hide: true } }, (request, reply) => sendFile(file, headers, request, reply));
  }
  if (!page.some(({ url }) => url === "/")) {
    app.get("/", { schema: { hide: true } }, () => {
      const message = "the search page is not built: run npm run build; the API is there, /docs describes it";
      throw new HttpError(404, "not_found", message);
    });
  }
}

/** Answers with `file` in a coding that the client takes, or with 304 if it has it. */
export function sendFile(
  file: PageFile,
  headers: SecurityHeaders,
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply {
  reply.headers(headers).headers({
    "content-type": file.contentType,
    "cache-control": file.immutable ? "public, max-age=31536000, immutable" : "no-cache",
    etag: file.etag,
    vary: "accept-encoding, origin",
  });
  const known = request.headers["if-none-match"];
  if (known?.split(",").some((tag) => tag.trim().replace(/^W\//, "") === file.etag)) return reply.code(304).send();
  const accepted = acceptedCodings(request.headers["accept-encoding"]);
  for (const coding of ["br", "gzip"] as const) {
    const bytes = file.bytes[coding];
    if (bytes !== undefined && accepted.has(coding)) return reply.header("content-encoding", coding).send(bytes);
  }
  return reply.send(file.bytes.identity);
}

/** Names of the codings in an Accept-Encoding header, without those of weight 0. */
function acceptedCodings(header: string | string[] | undefined): ReadonlySet<string> {
  const names = [header ?? ""].flat().join(",").split(",");
  return new Set(names.filter((name) => !/;\s*q=0(\.0*)?\s*$/.test(name)).map((name) => name.split(";", 1)[0].trim()));
}
