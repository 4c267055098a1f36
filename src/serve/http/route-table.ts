/** @file What is said to a request that no route takes: 404, or 405 with the methods that the address does know. */
import type { FastifyInstance, FastifyReply } from "fastify";
import { HttpError } from "./http-error.js";

export class RouteTable {
  /** Pattern such as `/v1/labels/:id` → methods. */
  private readonly methods = new Map<string, Set<string>>();

  /** Notes the routes that are added to `app` from now on. */
  constructor(app: FastifyInstance) {
    app.addHook("onRoute", ({ url, method }) => {
      const known = this.methods.get(url) ?? new Set();
      for (const name of [method].flat()) known.add(name);
      this.methods.set(url, known);
    });
  }

  /** Why nothing answers; sets the Allow header of `reply` where another method would. */
  refusalOf(method: string, url: string, reply: FastifyReply): HttpError {
    const path = url.split("?", 1)[0];
    for (const [pattern, methods] of this.methods) {
      if (!matches(pattern, path) || methods.has(method)) continue;
      const allowed = [...methods].join(", ");
      reply.header("allow", allowed);
      return new HttpError(405, "method_not_allowed", `expected ${allowed} for this address`);
    }
    return new HttpError(404, "not_found", "nothing has this address; /docs lists what has");
  }
}

/** Whether `path` has the parts of `pattern`, of which those that begin with a colon stand for any. */
function matches(pattern: string, path: string): boolean {
  if (!pattern.includes(":")) return pattern === path;
  const [wanted, given] = [pattern.split("/"), path.split("/")];
  return wanted.length === given.length && wanted.every((part, i) => part === given[i] || part.startsWith(":"));
}
