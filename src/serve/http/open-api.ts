/** @file What does the API look like to a machine? An OpenAPI 3.1 document, made from the schemas that check the requests. */
import swagger from "@fastify/swagger";
import type { FastifyInstance } from "fastify";
import { jsonSchemaTransform } from "fastify-type-provider-zod";
import type { HttpOptions } from "./http-options.js";

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
    transform: jsonSchemaTransform,
  });
}
