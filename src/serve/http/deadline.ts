/**
 * @file How long may an answer take? Until its time is up or its client has gone; then the work is told to stop, and
 * nobody waits for it to obey.
 *
 * Fastify's own `handlerTimeout` and `request.signal` listen to the end of the request, which for a body that has been
 * read comes at once: they abort every search over a socket, and their timer never fires.
 */
import type { ServerResponse } from "node:http";
import { HttpError } from "./http-error.js";
import { onceOver } from "./response-end.js";

/**
 * The result of `work`, if it comes within `timeoutMs` and before `response` is over. @throws {HttpError} 503 timeout,
 * 499 if the client went away (which nobody sees but the log), or what `work` throws.
 */
export function withinDeadline<T>(
  response: ServerResponse,
  timeoutMs: number,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = new AbortController();
    let callOff = (): void => {};
    const settle = (): void => {
      clearTimeout(timer);
      callOff();
    };
    const stop = (error: HttpError): void => {
      settle();
      abort.abort(error);
      reject(error);
    };
    const onTimeout = (): void => {
      const message = `no answer within ${timeoutMs} ms; the query was dropped, ask again in a moment`;
      stop(new HttpError(503, "timeout", message, { retryAfterSeconds: 1, shed: "timeout" }));
    };
    const timer = setTimeout(onTimeout, timeoutMs);
    callOff = onceOver(response, () => stop(new HttpError(499, "timeout", "the client went away")));
    work(abort.signal).then(
      (value) => {
        settle();
        resolve(value);
      },
      (error) => {
        settle();
        reject(error);
      },
    );
  });
}
