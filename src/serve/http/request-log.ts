/**
 * @file What is noted of a request? One line when it is over: id, route, status, milliseconds, who asked. The
 * address as sent is not noted (a shared link holds a query), nor a body; texts of queries only if asked for.
 */
import type { FastifyReply, FastifyRequest } from "fastify";
import type { Logger } from "pino";
import type { CheckedSearchRequest } from "../../mach/search-contract.js";

export interface RequestFacts {
  /** The answer's, or 499 where nobody was left to take one. */
  readonly status: number;
  readonly withQueries: boolean;
}

/** Notes a request that is over; faults of ours stand out by their level, a load that is shed (503) does not. */
export function logRequest(
  log: Logger,
  request: FastifyRequest,
  reply: FastifyReply,
  { status, withQueries }: RequestFacts,
): void {
  const level = status >= 500 && status !== 503 ? "warn" : "info";
  if (!log.isLevelEnabled(level)) return;
  const body = withQueries ? (request.body as Partial<CheckedSearchRequest> | null | undefined) : undefined;
  log[level]({
    requestId: request.id,
    method: request.method,
    route: request.routeOptions.url ?? "none",
    status,
    ms: Math.round(reply.elapsedTime * 1000) / 1000,
    // Not set before the route is known; absent where the address leads to none.
    client: request.client || request.ip,
    // Before it was checked the body may be anything.
    ...(Array.isArray(body?.queries) ? { queries: body.queries } : {}),
  });
}

/** Notes a fault of ours, with its stack. */
export function logFault(log: Logger, request: FastifyRequest, error: unknown): void {
  log.error({ requestId: request.id, route: request.routeOptions.url ?? "none", err: error }, "a request failed");
}
