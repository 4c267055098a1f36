/** @file What does the API look like to a machine? An OpenAPI 3.1 document, made from the schemas that check the requests. */
import swagger from "@fastify/swagger";
import type { FastifyInstance } from "fastify";
import { jsonSchemaTransform } from "fastify-type-provider-zod";
import { ErrorResponseSchema } from "../schemas.js";
import type { HttpOptions } from "./http-options.js";

/**
 * What a request is answered with before its route sees it, whichever that is. Refusals of what is no HTTP (408, 417, 431:
 * socket-errors.ts) have no route. 499 is in the log alone: who would get it has gone.
 */
const BEFORE_ROUTES = {
  400: ErrorResponseSchema.describe("The address is malformed, or there is no Host header."),
  414: ErrorResponseSchema.describe("The address, or a part of it, is too long."),
  421: ErrorResponseSchema.describe("Host is another name than this machine's, for which alone the server is."),
};

/** Must come before the routes that it describes. */
export async function addOpenApi(app: FastifyInstance, options: HttpOptions): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: "3.1.0",
      info: {
        title: "manyworlds",
        version: options.packageVersion ?? "0.0.0",
        description: "Which of a model's labels fit a text, and how its worlds came to say so.",
        license: { name: "Apache-2.0", url: "https://www.apache.org/licenses/LICENSE-2.0" },
      },
      tags: [
        { name: "search", description: "Asking the model." },
        { name: "status", description: "Watching the server." },
      ],
      ...(options.apiKeys === undefined
        ? {}
        : { components: { securitySchemes: { key: { type: "http" as const, scheme: "bearer" } } } }),
    },
    transform: (route) => {
      const response = { ...BEFORE_ROUTES, ...(route.schema.response as object | undefined) };
      return jsonSchemaTransform({ ...route, schema: { ...route.schema, response } });
    },
  });
}
