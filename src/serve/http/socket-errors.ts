/**
 * @file What does a client get that does not speak HTTP? Node's parser gives up before there is a request, so the answer
 * is written to the socket by hand: the same ErrorResponse, then the connection is closed.
 */
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { ErrorCode } from "../../mach/search-contract.js";
import { errorBody } from "./error-answers.js";
import { DATA_HEADERS } from "./security-headers.js";

interface Refusal {
  readonly status: string;
  readonly code: ErrorCode;
  readonly message: string;
}

const MALFORMED: Refusal = {
  status: "400 Bad Request",
  code: "bad_request",
  message: "expected a request in HTTP/1.1",
};

const REFUSALS: Readonly<Record<string, Refusal>> = {
  HPE_HEADER_OVERFLOW: {
    status: "431 Request Header Fields Too Large",
    code: "bad_request",
    message: "expected an address and headers of at most 16 KiB together",
  },
  HPE_CHUNK_EXTENSIONS_OVERFLOW: {
    status: "413 Payload Too Large",
    code: "payload_too_large",
    message: "expected chunks without long extensions",
  },
  ERR_HTTP_REQUEST_TIMEOUT: {
    status: "408 Request Timeout",
    code: "timeout",
    message: "the request did not arrive in time",
  },
};

const NO_TUNNELS: Refusal = {
  status: "405 Method Not Allowed",
  code: "method_not_allowed",
  message: "expected GET, HEAD or POST; this is no proxy",
};

/** Answers a parser's error on `socket`. */
export function answerSocketError(error: NodeJS.ErrnoException, socket: Duplex): void {
  // Bytes of an earlier answer may be on their way: text between them would be taken for a part of it.
  const isMidAnswer =
    ((socket as Socket & { _httpMessage?: ServerResponse })._httpMessage?.headersSent ?? false) === true;
  if (!socket.writable || error.code === "ECONNRESET" || isMidAnswer) {
    socket.destroy();
    return;
  }
  refuse(socket, REFUSALS[error.code ?? ""] ?? MALFORMED);
}

/** Makes `server` answer what Node would otherwise answer without a body, or not at all. */
export function answerOddRequests(server: Server): void {
  server.on("connect", (_: IncomingMessage, socket: Duplex) => {
    socket.on("error", () => socket.destroy());
    refuse(socket, NO_TUNNELS);
  });
  server.on("checkExpectation", (_: IncomingMessage, response: ServerResponse) => {
    const body = JSON.stringify(errorBody("bad_request", "expected no Expect header, or 100-continue"));
    response.writeHead(417, {
      ...DATA_HEADERS,
      "content-type": "application/json; charset=utf-8",
      "content-length": Buffer.byteLength(body),
      connection: "close",
    });
    response.end(body);
  });
}

function refuse(socket: Duplex, { status, code, message }: Refusal): void {
  const body = JSON.stringify(errorBody(code, message));
  const headers = Object.entries(DATA_HEADERS).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.end(
    `HTTP/1.1 ${status}\r\n${headers.join("")}content-type: application/json; charset=utf-8\r\n` +
      `content-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
    // A client that goes on sending would keep the socket half open.
    () => socket.destroy(),
  );
}
