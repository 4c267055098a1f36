/**
 * @file What does a client see when something fails? Always an ErrorResponse with words of ours: a framework's message
 * may quote the request or name a file, so it is never passed on. What is our fault is said in the log, under the
 * request's id, and nowhere else.
 */
import type { FastifyError, FastifyReply } from "fastify";
import { hasZodFastifySchemaValidationErrors } from "fastify-type-provider-zod";
import type { ErrorCode, ErrorResponse } from "../../mach/search-contract.js";
import { BadQueryError, EngineClosedError, OverloadedError, PredictionThreadError } from "../engine/engine-errors.js";
import { HttpError } from "./http-error.js";
import type { HttpLimits } from "./http-options.js";

/** Longest message: what a client sends may come back in it. */
const MOST_CHARACTERS = 500;

/** The body of a refusal. */
export function errorBody(code: ErrorCode, message: string): ErrorResponse {
  const short = message.length <= MOST_CHARACTERS ? message : `${message.slice(0, MOST_CHARACTERS)}…`;
  return { error: { code, message: short } };
}

/** What failed, as an HttpError: `error` is whatever a hook, a parser, a schema or a handler threw. */
export function toHttpError(error: unknown, limits: HttpLimits, requestId: string): HttpError {
  if (error instanceof HttpError) return error;
  if (error instanceof BadQueryError) return new HttpError(400, "bad_request", error.message);
  if (error instanceof OverloadedError) {
    const message = "more queries wait than can be answered soon; ask again in a moment";
    const retryAfterSeconds = Math.max(1, Math.ceil(error.retryAfterSeconds));
    return new HttpError(503, "overloaded", message, { retryAfterSeconds, shed: "queue" });
  }
  if (error instanceof EngineClosedError) {
    return new HttpError(503, "not_ready", "the server is stopping", { retryAfterSeconds: 1, shed: "not_ready" });
  }
  // A fault of ours, but of a thread that has been replaced: the next request may succeed.
  if (error instanceof PredictionThreadError) {
    return new HttpError(503, "internal", internalMessage(requestId), { retryAfterSeconds: 1 });
  }
  if (hasZodFastifySchemaValidationErrors(error)) return new HttpError(400, "bad_request", explainIssues(error));
  return ofFramework(error as FastifyError, limits) ?? new HttpError(500, "internal", internalMessage(requestId));
}

/** Answers with `error`. */
export function sendError(reply: FastifyReply, error: HttpError): void {
  const { retryAfterSeconds } = error.facts;
  if (retryAfterSeconds !== undefined) reply.header("retry-after", String(retryAfterSeconds));
  reply
    .code(error.status)
    .header("content-type", "application/json; charset=utf-8")
    .send(JSON.stringify(errorBody(error.code, error.message)));
}

function internalMessage(requestId: string): string {
  return `this is a fault of the server; its log says more under request ${requestId}`;
}

/** `k: Too big: expected number to be <=100; filter.only: …` */
function explainIssues({ validation }: { validation: readonly { instancePath?: string; message?: string }[] }): string {
  return validation
    .slice(0, 5)
    .map(({ instancePath = "", message = "" }) => {
      const field = instancePath.replace(/^\//, "").replaceAll("/", ".");
      return field === "" ? message : `${field}: ${message}`;
    })
    .join("; ");
}

/** The framework's and Node's own refusals. */
function ofFramework(error: FastifyError | null | undefined, limits: HttpLimits): HttpError | null {
  switch (error?.code) {
    case "FST_ERR_CTP_BODY_TOO_LARGE":
      return new HttpError(
        413,
        "payload_too_large",
        `expected a body of at most ${limits.bodyBytes} bytes; send fewer queries at once`,
      );
    case "FST_ERR_CTP_INVALID_MEDIA_TYPE":
      return new HttpError(415, "unsupported_media_type", "expected a body with content-type: application/json");
    case "FST_ERR_BAD_URL":
    case "FST_ERR_ASYNC_CONSTRAINT":
      return new HttpError(400, "bad_request", "expected a well-formed path; %XX must be UTF-8");
    case "FST_ERR_MAX_PARAM_LENGTH":
      return new HttpError(414, "bad_request", "expected a shorter path");
    case "FST_ERR_CTP_EMPTY_JSON_BODY":
      return new HttpError(400, "bad_request", 'expected a JSON body such as {"query": "red shoes"}, got none');
    case "FST_ERR_CTP_INVALID_CONTENT_LENGTH":
      return new HttpError(400, "bad_request", "expected a body of as many bytes as content-length says");
  }
  const status = error?.statusCode;
  if (status === undefined || status < 400 || status >= 500) return null;
  return new HttpError(400, "bad_request", "expected a body of valid JSON, without __proto__ or constructor keys");
}
