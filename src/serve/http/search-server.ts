/**
 * @file Who answers on the network? A fastify application around an engine, and the life of its socket.
 *
 *   request ─▶ id, headers ─▶ CORS ─▶ key ─▶ (search: shed?) ─▶ body, schema ─▶ route ─▶ answer ─▶ metrics, log
 *
 * A refusal at any place is an ErrorResponse (error-answers.ts); what is not HTTP is answered on the socket
 * (socket-errors.ts). To stop, the server first says on /readyz that it will, then takes no new connection, then waits
 * for the requests under way, but not for ever.
 *
 * Not here: TLS, compression of JSON, limits on requests a second. A proxy does these (docs/serve.md).
 */
import { randomBytes } from "node:crypto";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from "fastify";
import { validatorCompiler } from "fastify-type-provider-zod";
import { ConfigError } from "../../core/errors.js";
import { Admission } from "./admission.js";
import { addApiRoutes } from "./api-routes.js";
import { CorsPolicy } from "./cors.js";
import { addDocsRoutes } from "./docs-routes.js";
import { sendError, toHttpError } from "./error-answers.js";
import { HostGuard } from "./host-guard.js";
import { HttpError } from "./http-error.js";
import { DEFAULT_HTTP_LIMITS, type HttpLimits, type HttpOptions } from "./http-options.js";
import { addOpenApi } from "./open-api.js";
import { addPageRoutes } from "./page-routes.js";
import { logFault, logRequest } from "./request-log.js";
import { onceOver } from "./response-end.js";
import { RouteTable } from "./route-table.js";
import type { SearchService } from "./search-service.js";
import { DATA_HEADERS } from "./security-headers.js";
import { ServerMetrics } from "./server-metrics.js";
import { answerOddRequests, answerSocketError } from "./socket-errors.js";
import { addStatusRoutes } from "./status-routes.js";

/** Node's own limit on an address and headers together; socket-errors.ts names it. */
const HEADER_BYTES = 16 * 1024;
/** Characters of an address: a shared link holds a query of the default length, mostly in ASCII. */
const URL_LENGTH = 8192;
/** Longer than the minute for which proxies keep idle connections, so that they close them, not we under a request. */
const KEEP_ALIVE_MS = 72_000;
/** How often Node looks for requests that take too long to arrive. */
const CHECK_CONNECTIONS_MS = 1000;
/** Node lets a longer timer fire at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** While the server closes: how often connections are looked for that have come to rest. */
const SWEEP_MS = 50;

declare module "fastify" {
  interface FastifyRequest {
    /** Who asks: the holder of its key, or else its address. */
    client: string;
    /** It was counted and logged. */
    isNoted: boolean;
  }
}

/** How long a server that stops waits, and for what. */
export interface CloseOptions {
  /** Milliseconds for which everything is still answered, while /readyz says that this ends. Default 0. */
  readonly drainMs?: number;
  /** Milliseconds to wait for requests under way after that. Default 10,000. */
  readonly graceMs?: number;
}

/** The HTTP server of a search: API and its documentation, status, and the search page. */
export class SearchServer {
  /** For tests: `inject` asks without a socket. */
  readonly app: FastifyInstance;
  private readonly admission: Admission;
  /** Absent where keys or a proxy guard the server. */
  private readonly hostGuard: HostGuard | undefined;
  private draining = false;

  private constructor(app: FastifyInstance, admission: Admission, hostGuard: HostGuard | undefined) {
    this.app = app;
    this.admission = admission;
    this.hostGuard = hostGuard;
  }

  /** A server that answers through `service`, ready to listen. It does not close the service. */
  static async create(service: SearchService, options: HttpOptions = {}): Promise<SearchServer> {
    const limits: HttpLimits = { ...DEFAULT_HTTP_LIMITS, ...options.limits };
    const admission = new Admission(limits);
    const metrics = new ServerMetrics(service, () => admission.numRunning);
    const isGuarded = options.apiKeys !== undefined || (options.trustedProxies ?? []).length > 0;
    const hostGuard = isGuarded ? undefined : new HostGuard();
    const app = createApp(limits, options, metrics, hostGuard);
    const server = new SearchServer(app, admission, hostGuard);
    const isReady = (): boolean => service.ready && !server.draining;
    // When an answer goes out, not when its request came: a connection that is kept would hold up the server's end.
    app.addHook("onSend", (_, reply, __, done) => {
      if (server.draining) reply.header("connection", "close");
      done();
    });
    await addOpenApi(app, options);
    const routes = new RouteTable(app);
    addApiRoutes(app, { service, limits, admission, metrics, apiKeys: options.apiKeys });
    addStatusRoutes(app, { isReady, metrics, apiKeys: options.apiKeys });
    addDocsRoutes(app);
    addPageRoutes(app, { page: options.page ?? [], imageOrigins: options.imageOrigins ?? [] });
    app.setNotFoundHandler((request, reply) => {
      sendError(reply, routes.refusalOf(request.method, request.url, reply));
    });
    await app.ready();
    return server;
  }

  /** Begins to listen. @param port 0 takes a free one. @returns the server's address. @throws {ConfigError} if that cannot be. */
  async listen(host: string, port: number): Promise<string> {
    // Fastify would open a second socket for the other meaning of the name, beside the limits of the first.
    const address = host === "localhost" ? "127.0.0.1" : host;
    try {
      await this.app.listen({ host: address, port, listenTextResolver: () => "" });
    } catch (error) {
      throw explainListen(error as NodeJS.ErrnoException, host, port);
    }
    const { port: given, address: bound } = this.app.server.address() as AddressInfo;
    this.hostGuard?.protect(host, bound);
    return `http://${host.includes(":") ? `[${host}]` : host}:${given}`;
  }

  /**
   * Says on /readyz that it stops; after `drainMs` takes no new connection, and waits for the requests under way.
   * @returns the number of searches that had to be cut off.
   */
  async close({ drainMs = 0, graceMs = 10_000 }: CloseOptions = {}): Promise<number> {
    this.draining = true;
    if (drainMs > 0) await new Promise((resolve) => setTimeout(resolve, drainMs));
    let numCut = 0;
    const deadline = setTimeout(() => {
      numCut = this.admission.numRunning;
      this.app.server.closeAllConnections();
    }, graceMs);
    // Connections whose answer was on its way already when the draining began.
    const sweep = setInterval(() => this.app.server.closeIdleConnections(), SWEEP_MS);
    try {
      await this.app.close();
    } finally {
      clearTimeout(deadline);
      clearInterval(sweep);
    }
    return numCut;
  }
}

/** The application without its routes: what holds for every request. */
function createApp(
  limits: HttpLimits,
  options: HttpOptions,
  metrics: ServerMetrics,
  hostGuard: HostGuard | undefined,
): FastifyInstance {
  const { log } = options;
  const trustedProxies = options.trustedProxies ?? [];
  const isBehindProxy = trustedProxies.length > 0;
  const prefix = randomBytes(4).toString("hex");
  let numRequests = 0;
  const restMs = Math.min(limits.receiveMs + limits.timeoutMs + 5000, LONGEST_TIMER_MS);
  const app: FastifyInstance = fastify({
    http: {
      maxHeaderSize: HEADER_BYTES,
      headersTimeout: limits.receiveMs,
      connectionsCheckingInterval: Math.min(CHECK_CONNECTIONS_MS, limits.receiveMs),
      // Refused below with a body.
      requireHostHeader: false,
    },
    requestTimeout: limits.receiveMs,
    // A client that does not read its answer: the socket rests longer than any answer takes.
    connectionTimeout: restMs,
    keepAliveTimeout: KEEP_ALIVE_MS,
    // No limit: Node leaves the connection open beyond it and answers 503 without a body to whoever goes on asking.
    maxRequestsPerSocket: 0,
    bodyLimit: limits.bodyBytes,
    trustProxy: isBehindProxy ? [...trustedProxies] : false,
    // Requests that arrive on open connections while the server closes are answered as ever.
    return503OnClosing: false,
    genReqId: (request) => {
      const given = isBehindProxy ? request.headers["x-request-id"] : undefined;
      if (typeof given === "string" && /^[\w-]{1,64}$/.test(given)) return given;
      return `${prefix}-${(numRequests++).toString(36)}`;
    },
    frameworkErrors: (error, request, reply) => {
      reply.headers(DATA_HEADERS).header("x-request-id", request.id);
      const refusal = toHttpError(error, limits, request.id);
      metrics.countRequest(request.method, "none", refusal.status, 0);
      if (log !== undefined) logRequest(log, request, reply, { status: refusal.status, withQueries: false });
      sendError(reply, refusal);
    },
    clientErrorHandler: (error, socket) => {
      metrics.countSocketError();
      answerSocketError(error, socket);
    },
  });
  const server = app.server as Server;
  server.maxConnections = limits.connections;
  server.on("drop", () => metrics.countDroppedConnection());
  answerOddRequests(server);

  app.setValidatorCompiler(validatorCompiler);
  // Answers are typed and tested; checking each of them again would cost more than writing it.
  app.setSerializerCompiler(() => JSON.stringify);
  // Bodies are JSON or refused.
  app.removeContentTypeParser("text/plain");

  const cors = new CorsPolicy(options.corsOrigins ?? []);
  const note = (request: FastifyRequest, reply: FastifyReply, status: number): void => {
    if (request.isNoted) return;
    request.isNoted = true;
    const route = request.routeOptions.url ?? "none";
    metrics.countRequest(request.method, route, status, reply.elapsedTime / 1000);
    if (log !== undefined) logRequest(log, request, reply, { status, withQueries: options.logQueries === true });
  };
  app.decorateRequest("client", "");
  app.decorateRequest("isNoted", false);
  app.addHook("onRequest", (request, reply, done) => {
    // Of a client that goes away before its answer Fastify says nothing.
    onceOver(reply.raw, () => {
      if (!reply.raw.writableFinished) note(request, reply, 499);
    });
    reply.headers(DATA_HEADERS).header("x-request-id", request.id);
    const misdirected = hostGuard?.refusalOf(request.headers.host) ?? null;
    if (misdirected !== null) done(misdirected);
    else if (request.headers.host === undefined && request.raw.httpVersion === "1.1") {
      done(new HttpError(400, "bad_request", "expected a Host header"));
    } else if (request.url.length > URL_LENGTH) {
      done(new HttpError(414, "bad_request", `expected an address of at most ${URL_LENGTH} characters`));
    } else if (!cors.apply(request, reply)) done();
  });
  app.addHook("onSend", (request, reply, _, done) => {
    const { socket } = request.raw;
    // Of pipelined requests Node gives all after the first the time of a connection at rest.
    socket.setTimeout?.(restMs);
    // A client that reads a little now and then never rests. One without a socket waits for those before it.
    const waitMs = reply.raw.socket === null ? limits.timeoutMs : 0;
    const timer = setTimeout(() => socket.destroy?.(), Math.min(waitMs + limits.sendMs, LONGEST_TIMER_MS));
    onceOver(reply.raw, () => clearTimeout(timer));
    done();
  });
  app.addHook("onResponse", (request, reply, done) => {
    note(request, reply, reply.statusCode);
    done();
  });
  app.setErrorHandler((error, request, reply) => {
    const refusal = toHttpError(error, limits, request.id);
    if (refusal.facts.shed !== undefined) metrics.countShed(refusal.facts.shed);
    if (refusal.code === "internal" && log !== undefined) logFault(log, request, error);
    sendError(reply, refusal);
  });
  return app;
}

/** Why nobody can listen there. */
function explainListen(error: NodeJS.ErrnoException, host: string, port: number): unknown {
  const why: Readonly<Record<string, string>> = {
    EADDRINUSE: "the port is in use; stop the other program, or choose another with --port (0 takes a free one)",
    EACCES: "not permitted; choose a port above 1023 with --port",
    EADDRNOTAVAIL: "this machine has no such address; choose another with --host",
    ENOTFOUND: "no such host; choose another with --host",
    EAI_AGAIN: "no such host; choose another with --host",
  };
  const text = why[error.code ?? ""];
  return text === undefined ? error : new ConfigError(`serve: cannot listen on ${host} port ${port}: ${text}`);
}
