/** @file What can be asked of a model over HTTP? Searches, labels, and what it is. */
import type { FastifyInstance, FastifyRequest, onRequestHookHandler } from "fastify";
import type { ZodTypeProvider } from "fastify-type-provider-zod";
import { z } from "zod";
import type { LabelResponse, ModelResponse, SearchResponse } from "../../mach/search-contract.js";
import {
  ErrorResponseSchema,
  LabelResponseSchema,
  ModelResponseSchema,
  SearchResponseSchema,
  searchRequestSchema,
} from "../schemas.js";
import type { Admission } from "./admission.js";
import type { ApiKeys } from "./api-keys.js";
import { withinDeadline } from "./deadline.js";
import { HttpError } from "./http-error.js";
import type { HttpLimits } from "./http-options.js";
import { onceOver } from "./response-end.js";
import type { SearchService } from "./search-service.js";
import type { ServerMetrics } from "./server-metrics.js";

export interface ApiParts {
  readonly service: SearchService;
  readonly limits: HttpLimits;
  readonly admission: Admission;
  readonly metrics: ServerMetrics;
  readonly apiKeys: ApiKeys | undefined;
}

/** Ids are below 2³²; whether the model has one is for it to say. */
const LabelParams = z.object({ id: z.string().regex(/^\d{1,10}$/, "expected a label's number") });

const REFUSALS = {
  400: ErrorResponseSchema.describe("The request is not as it should be; the message says what was expected."),
  401: ErrorResponseSchema.describe("The server asks for a key, and this is none of its keys."),
  500: ErrorResponseSchema.describe("A fault of the server: its log says more under X-Request-Id."),
  503: ErrorResponseSchema.describe("Overloaded, not ready, or no answer in time: ask again after Retry-After."),
};

export function addApiRoutes(app: FastifyInstance, { service, limits, admission, apiKeys }: ApiParts): void {
  const routes = app.withTypeProvider<ZodTypeProvider>();
  const identify = requireKey(apiKeys);
  const security = apiKeys === undefined ? [] : [{ key: [] }];

  routes.post(
    "/v1/search",
    {
      // Before the body is read: what is turned away should cost as little as it can.
      onRequest: [
        identify,
        (request, _, done) => {
          refuseCodings(request);
          requireReady(service);
          admission.check(request.client);
          done(service.overload ?? undefined);
        },
      ],
      schema: {
        summary: "Ranks labels for a query, or for several.",
        tags: ["search"],
        security,
        body: searchRequestSchema(limits),
        response: {
          200: SearchResponseSchema.describe("The labels of each query, best first."),
          ...REFUSALS,
          413: ErrorResponseSchema.describe(`The body is larger than ${limits.bodyBytes} bytes.`),
          415: ErrorResponseSchema.describe("The body is not JSON."),
          429: ErrorResponseSchema.describe(
            "Too many searches, or queries, of this client are under way: ask again after Retry-After.",
          ),
        },
      },
    },
    async (request, reply): Promise<SearchResponse> => {
      const { client, body } = request;
      const numQueries = body.queries.length;
      admission.enter(client, numQueries);
      // It keeps its place until the engine has let go of it, even if the answer is given up before, and until the answer
      // has been taken: a client that asks on and does not read would fill the memory with answers.
      let numHolds = 2;
      const release = (): void => {
        if (--numHolds === 0) admission.leave(client, numQueries);
      };
      onceOver(reply.raw, release);
      const { version, results } = await withinDeadline(reply.raw, limits.timeoutMs, async (signal) => {
        try {
          return await service.search(body, signal);
        } finally {
          release();
        }
      });
      return { model: version, tookMs: Math.round(reply.elapsedTime * 1000) / 1000, results };
    },
  );

  routes.get(
    "/v1/labels/:id",
    {
      onRequest: identify,
      schema: {
        summary: "What is known of a label, and the bucket it fell into in each world.",
        tags: ["search"],
        security,
        params: LabelParams,
        response: {
          200: LabelResponseSchema.describe("The label."),
          ...REFUSALS,
          404: ErrorResponseSchema.describe("The model has no such label."),
        },
      },
    },
    async ({ params }): Promise<LabelResponse> => {
      requireReady(service);
      const label = service.label(Number(params.id));
      if (label !== null) return label;
      throw new HttpError(404, "not_found", `expected a label from 0 to ${service.model().numLabels - 1}`);
    },
  );

  routes.get(
    "/v1/model",
    {
      onRequest: identify,
      schema: {
        summary: "What the model is, how good it was on held-out rows, which worlds answer.",
        tags: ["search"],
        security,
        response: {
          200: ModelResponseSchema.describe("The model that answers now."),
          401: REFUSALS[401],
          500: REFUSALS[500],
          503: REFUSALS[503],
        },
      },
    },
    async (): Promise<ModelResponse> => {
      requireReady(service);
      return service.model();
    },
  );
}

/** Says who asks; refuses who has no key, where keys are asked for. */
export function requireKey(apiKeys: ApiKeys | undefined): onRequestHookHandler {
  return (request, reply, done) => {
    if (apiKeys === undefined) request.client = request.ip;
    else {
      const holder = apiKeys.holderOf(request.headers.authorization);
      if (holder === null) {
        reply.header("www-authenticate", "Bearer");
        throw new HttpError(401, "unauthorized", "expected a key of this server: authorization: Bearer <key>");
      }
      request.client = holder;
    }
    done();
  };
}

function requireReady(service: SearchService): void {
  if (service.ready) return;
  throw new HttpError(503, "not_ready", "the model is not loaded; ask again in a moment", {
    retryAfterSeconds: 1,
    shed: "not_ready",
  });
}

/** Compressed bodies are not taken: a small one may unfold into a large one. */
function refuseCodings({ headers }: FastifyRequest): void {
  const coding = headers["content-encoding"];
  if (coding === undefined || coding === "identity") return;
  throw new HttpError(415, "unsupported_media_type", "expected a body without content-encoding");
}
