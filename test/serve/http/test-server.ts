/** @file Servers for tests: around a stand-in, with or without a socket on 127.0.0.1, closed when the test ends. */
import { connect } from "node:net";
import type { LightMyRequestResponse } from "fastify";
import { onTestFinished } from "vitest";
import type { ErrorCode } from "../../../src/mach/search-contract.js";
import { ERROR_CODES } from "../../../src/mach/search-contract.js";
import type { HttpOptions } from "../../../src/serve/http/http-options.js";
import { SearchServer } from "../../../src/serve/http/search-server.js";
import { StandInService } from "./stand-in-service.js";

export interface TestServer {
  readonly service: StandInService;
  readonly server: SearchServer;
  /** POST /v1/search with `body` as JSON, or as it is if it is text. */
  search(body: unknown, headers?: Record<string, string>): Promise<LightMyRequestResponse>;
  get(url: string, headers?: Record<string, string>): Promise<LightMyRequestResponse>;
}

export async function createTestServer(options: HttpOptions = {}): Promise<TestServer> {
  const service = new StandInService();
  const server = await SearchServer.create(service, options);
  onTestFinished(async () => {
    await server.close({ graceMs: 100 });
  });
  return {
    service,
    server,
    search: (body, headers = {}) =>
      server.app.inject({
        method: "POST",
        url: "/v1/search",
        headers: { "content-type": "application/json", ...headers },
        payload: typeof body === "string" ? body : JSON.stringify(body),
      }),
    get: (url, headers = {}) => server.app.inject({ method: "GET", url, headers }),
  };
}

/** The code of an answer that is an ErrorResponse and nothing more. @throws if it is anything else. */
export function errorCode(body: string): ErrorCode {
  const { error, ...rest } = JSON.parse(body) as { error: { code: ErrorCode; message: string } };
  const isResponse = Object.keys(rest).length === 0 && Object.keys(error).join() === "code,message";
  if (isResponse && ERROR_CODES.includes(error.code) && error.message.length > 0) return error.code;
  throw new Error(`expected an ErrorResponse, got ${body}`);
}

/** Sends `bytes` to a server at `url` and gives all that comes back until it closes the connection. */
export function exchange(url: string, bytes: string | Buffer): Promise<string> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname, () => socket.write(bytes));
    let answer = "";
    socket.on("data", (chunk) => {
      answer += chunk.toString("latin1");
    });
    socket.on("close", () => resolve(answer));
    socket.on("error", (error: NodeJS.ErrnoException) =>
      error.code === "ECONNRESET" ? resolve(answer) : reject(error),
    );
  });
}
