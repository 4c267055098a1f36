/**
 * @file Is the server there, may it be asked, how is it doing? For whoever watches over it.
 *
 *   /healthz   200 as long as the process answers; open to all, says nothing else
 *   /readyz    200 while searches are answered, 503 before the model is loaded and once the server is stopping
 *   /metrics   Prometheus; asks for a key where the API does, since it tells how much is asked
 */
import type { FastifyInstance } from "fastify";
import { z } from "zod";
import { ErrorResponseSchema } from "../schemas.js";
import type { ApiKeys } from "./api-keys.js";
import { requireKey } from "./api-routes.js";
import { HttpError } from "./http-error.js";
import type { ServerMetrics } from "./server-metrics.js";

export interface StatusParts {
  readonly isReady: () => boolean;
  readonly metrics: ServerMetrics;
  readonly apiKeys: ApiKeys | undefined;
}

const StatusSchema = z.object({ status: z.literal("ok") });

export function addStatusRoutes(app: FastifyInstance, { isReady, metrics, apiKeys }: StatusParts): void {
  app.get(
    "/healthz",
    {
      schema: {
        summary: "Does the process answer?",
        tags: ["status"],
        response: { 200: StatusSchema.describe("It does.") },
      },
    },
    async () => ({ status: "ok" }),
  );

  app.get(
    "/readyz",
    {
      schema: {
        summary: "Are searches answered?",
        tags: ["status"],
        response: {
          200: StatusSchema.describe("They are."),
          503: ErrorResponseSchema.describe("Not yet, or no longer: the server is stopping."),
        },
      },
    },
    async () => {
      if (isReady()) return { status: "ok" };
      throw new HttpError(503, "not_ready", "the server is starting or stopping", { retryAfterSeconds: 1 });
    },
  );

  app.get(
    "/metrics",
    {
      onRequest: requireKey(apiKeys),
      schema: {
        summary: "Counts and durations, for Prometheus.",
        tags: ["status"],
        security: apiKeys === undefined ? [] : [{ key: [] }],
        produces: ["text/plain"],
        response: {
          200: z.string().describe("Text in Prometheus' format."),
          401: ErrorResponseSchema.describe("No key."),
          500: ErrorResponseSchema.describe("A fault of the server: its log says more under X-Request-Id."),
        },
      },
    },
    async (_, reply) => {
      reply.header("content-type", metrics.registry.contentType);
      return metrics.registry.metrics();
    },
  );
}
