/**
 * @file What is noted of a request? One line when it was answered: id, route, status, milliseconds, who asked. The
 * address as sent is not noted (a shared link holds a query), nor a body; texts of queries only if asked for.
 */
import type { FastifyReply, FastifyRequest } from "fastify";
import type { Logger } from "pino";
import type { CheckedSearchRequest } from "../../mach/search-contract.js";

/** Notes an answered request; faults of ours stand out by their level, a load that is shed (503) does not. */
export function logRequest(log: Logger, request: FastifyRequest, reply: FastifyReply, withQueries: boolean): void {
  const { statusCode } = reply;
  const level = statusCode >= 500 && statusCode !== 503 ? "warn" : "info";
  if (!log.isLevelEnabled(level)) return;
  const body = withQueries ? (request.body as Partial<CheckedSearchRequest> | null | undefined) : undefined;
  log[level]({
    requestId: request.id,
    method: request.method,
    route: request.routeOptions.url ?? "none",
    status: statusCode,
    ms: Math.round(reply.elapsedTime * 1000) / 1000,
    client: request.client === "" ? request.ip : request.client,
    // Before it was checked the body may be anything.
    ...(Array.isArray(body?.queries) ? { queries: body.queries } : {}),
  });
}

/** Notes a fault of ours, with its stack. */
export function logFault(log: Logger, request: FastifyRequest, error: unknown): void {
  log.error({ requestId: request.id, route: request.routeOptions.url ?? "none", err: error }, "a request failed");
}
