/** @file Which other sites' pages may ask? Those of the origins listed, with any key that they hold, never with cookies. */
import type { FastifyReply, FastifyRequest } from "fastify";
import { ConfigError } from "../../core/errors.js";

/** Seconds for which a browser may remember the permission. */
const MAX_AGE_SECONDS = "600";

export class CorsPolicy {
  private readonly origins: ReadonlySet<string>;

  /** @param origins as browsers send them: `https://shop.example`, `http://localhost:5173`. */
  constructor(origins: readonly string[]) {
    this.origins = new Set(origins);
  }

  /** Adds the headers that let the asking page read the answer. @returns true if the request was a preflight, answered here. */
  apply(request: FastifyRequest, reply: FastifyReply): boolean {
    if (this.origins.size === 0) return false;
    reply.header("vary", "origin");
    const { origin } = request.headers;
    if (origin === undefined || !this.origins.has(origin)) return false;
    reply.header("access-control-allow-origin", origin);
    reply.header("access-control-expose-headers", "retry-after, x-request-id");
    if (request.method !== "OPTIONS" || request.headers["access-control-request-method"] === undefined) return false;
    reply.header("access-control-allow-methods", "GET, HEAD, POST");
    reply.header("access-control-allow-headers", "authorization, content-type");
    reply.header("access-control-max-age", MAX_AGE_SECONDS);
    reply.code(204).send();
    return true;
  }
}

/** `text` as an origin in the form that browsers send. @throws {ConfigError} naming `flag`. */
export function parseOrigin(text: string, flag: string): string {
  const refuse = (): never => {
    throw new ConfigError(`${flag}: expected an origin such as https://shop.example, got "${text}"`);
  };
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    return refuse();
  }
  return /^https?:$/.test(url.protocol) && url.href === `${url.origin}/` ? url.origin : refuse();
}
