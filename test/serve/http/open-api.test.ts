/** @file Does the OpenAPI document say what is so? Each status that a route answers stands in it, and no other. */
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it, onTestFinished } from "vitest";
import { ApiKeys } from "../../../src/serve/http/api-keys.js";
import type { HttpOptions } from "../../../src/serve/http/http-options.js";
import { gate, MODEL, type StandInService } from "./stand-in-service.js";
import { createTestServer, exchange, type TestServer } from "./test-server.js";

type Operations = Readonly<Record<string, Readonly<Record<string, { readonly responses: object }>>>>;

const KEY = "correct-horse-battery-staple";
const LONG = "1".repeat(9000);
const BODY = '{"query": "red shoes"}';

/** What makes a server answer with a status. */
interface Provocation {
  readonly options?: HttpOptions;
  readonly service?: (service: StandInService) => void;
  /** Instead of `localhost`; null leaves the header out. */
  readonly host?: string | null;
  readonly path?: string;
  readonly body?: string;
  readonly contentType?: string;
  /** Done before the request is sent. */
  readonly before?: (test: TestServer) => Promise<void>;
}

const fail = (): never => {
  throw new Error("broken");
};
const withKeys: HttpOptions = { apiKeys: new ApiKeys([{ name: "shop", key: KEY }]) };
const ofAll = (path: string): Readonly<Record<number, Provocation>> => ({
  200: {},
  400: { host: null },
  414: { path: `${path}?${LONG}` },
  421: { host: "evil.example" },
});
const notReady: Provocation = {
  service: (service) => {
    service.ready = false;
  },
};
const faulty = (key: "label" | "model" | "before" | "stats"): Provocation => ({
  service: (service) => Object.defineProperty(service, key, key === "stats" ? { get: fail } : { value: fail }),
});

/** Path of the document → method → status → how to get it. */
const PROVOCATIONS: Readonly<Record<string, Readonly<Record<string, Readonly<Record<number, Provocation>>>>>> = {
  "/v1/search": {
    post: {
      ...ofAll("/v1/search"),
      401: { options: withKeys },
      413: { body: `{"query": "${"a".repeat(300_000)}"}` },
      415: { contentType: "text/plain" },
      429: {
        options: { limits: { concurrentPerClient: 1 } },
        before: async ({ service, search }) => {
          const { opened, open } = gate();
          service.before = () => opened;
          search({ query: "a" }).catch(() => {});
          await expect.poll(() => service.asked.length).toBe(1);
          onTestFinished(open);
        },
      },
      500: faulty("before"),
      503: notReady,
    },
  },
  "/v1/labels/{id}": {
    get: {
      ...ofAll("/v1/labels/1"),
      401: { options: withKeys },
      404: { path: `/v1/labels/${MODEL.numLabels}` },
      500: faulty("label"),
      503: notReady,
    },
  },
  "/v1/model": {
    get: { ...ofAll("/v1/model"), 401: { options: withKeys }, 500: faulty("model"), 503: notReady },
  },
  "/healthz": { get: ofAll("/healthz") },
  "/readyz": { get: { ...ofAll("/readyz"), 503: notReady } },
  "/metrics": { get: { ...ofAll("/metrics"), 401: { options: withKeys }, 500: faulty("stats") } },
};

const cases = Object.entries(PROVOCATIONS).flatMap(([path, methods]) =>
  Object.entries(methods).flatMap(([method, statuses]) =>
    Object.entries(statuses).map(
      ([status, how]) => [method.toUpperCase(), path, Number(status), how] as [string, string, number, Provocation],
    ),
  ),
);

describe("the document", () => {
  it("has of each operation the statuses that are provoked below, and no other", async () => {
    const { get } = await createTestServer();
    const { paths } = (await get("/openapi.json")).json() as { paths: Operations };
    const statusesOf = (responses: object): string[] => Object.keys(responses).toSorted();
    const documented = Object.entries(paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, { responses }]) => [path, method, statusesOf(responses)]),
    );
    const provoked = Object.entries(PROVOCATIONS).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, statuses]) => [path, method, statusesOf(statuses)]),
    );
    expect(documented).toEqual(provoked);
  });

  it("knows each status with which the server's code refuses, but those without a route or without a reader", () => {
    const folder = fileURLToPath(new URL("../../../src/serve/http/", import.meta.url));
    const code = readdirSync(folder).map((name) => readFileSync(folder + name, "utf8"));
    const thrown = code.flatMap((text) => [...text.matchAll(/new HttpError\(\s*(\d+)/g)].map(([, status]) => status));
    const known = new Set(cases.map(([, , status]) => String(status)));
    // 405: another method's route. 499: the client has gone, so that only the log has it (gone-clients.test.ts).
    expect(new Set(thrown.filter((status) => !known.has(status)))).toEqual(new Set(["405", "499"]));
  });
});

describe("a route answers", () => {
  it.each(cases)("%s %s with %i", async (method, path, status, how) => {
    const test = await createTestServer(how.options);
    const url = await test.server.listen("127.0.0.1", 0);
    how.service?.(test.service);
    await how.before?.(test);
    const { host = "localhost", body = method === "POST" ? BODY : "" } = how;
    const lines = [
      `${method} ${how.path ?? path.replace("{id}", "1")} HTTP/1.1`,
      ...(host === null ? [] : [`host: ${host}`]),
      ...(method === "POST" ? [`content-type: ${how.contentType ?? "application/json"}`] : []),
      ...(method === "POST" ? [`content-length: ${body.length}`] : []),
      "connection: close",
    ];
    const answer = await exchange(url, `${lines.join("\r\n")}\r\n\r\n${body}`);
    expect(Number(answer.split(" ")[1])).toBe(status);
  });
});
