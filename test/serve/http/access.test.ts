/** @file Who may ask, from where, and what may a browser do with the answer? Keys, origins, headers, page files. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { brotliDecompressSync, gunzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { FormatError } from "../../../src/core/errors.js";
import { ApiKeys, readApiKeys } from "../../../src/serve/http/api-keys.js";
import { parseOrigin } from "../../../src/serve/http/cors.js";
import { readPageFiles } from "../../../src/serve/http/page-files.js";
import { parseProxyAddress } from "../../../src/serve/http/proxy-address.js";
import { createTestServer, errorCode } from "./test-server.js";

const KEY = "correct-horse-battery-staple";
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "manyworlds-http-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

describe("keys", () => {
  const apiKeys = new ApiKeys([
    { name: "shop", key: KEY },
    { name: "other", key: "another-key-of-some-length" },
  ]);

  it("let their holders ask, and nobody else", async () => {
    const { search, get, service } = await createTestServer({ apiKeys });
    const wrong = [
      undefined,
      "",
      "Bearer",
      `Basic ${KEY}`,
      `Bearer ${KEY}x`,
      `Bearer ${KEY.slice(1)}`,
      `Bearer ${"x".repeat(5000)}`,
      KEY,
    ];
    for (const authorization of wrong) {
      for (const ask of [
        (h: Record<string, string>) => search({ query: "a" }, h),
        (h: Record<string, string>) => get("/v1/model", h),
        (h: Record<string, string>) => get("/v1/labels/1", h),
        (h: Record<string, string>) => get("/metrics", h),
      ]) {
        const answer = await ask(authorization === undefined ? {} : { authorization });
        expect([answer.statusCode, errorCode(answer.body)]).toEqual([401, "unauthorized"]);
        expect(answer.headers["www-authenticate"]).toBe("Bearer");
      }
    }
    expect(service.asked).toEqual([]);
    for (const authorization of [`Bearer ${KEY}`, `bearer  ${KEY}`]) {
      expect((await search({ query: "a" }, { authorization })).statusCode).toBe(200);
      expect((await get("/metrics", { authorization })).statusCode).toBe(200);
    }
  });

  it("are not asked for where nothing of the model is told", async () => {
    const { get } = await createTestServer({ apiKeys });
    for (const url of ["/healthz", "/readyz", "/docs", "/openapi.json"]) expect((await get(url)).statusCode).toBe(200);
  });

  it("name who holds them", () => {
    expect(apiKeys.holderOf(`Bearer ${KEY}`)).toBe("shop");
    expect(apiKeys.holderOf("Bearer another-key-of-some-length")).toBe("other");
    expect(apiKeys.holderOf("Bearer nobody-has-this-key-at-all")).toBeNull();
  });

  it("are read from a file, one a line", () => {
    const path = join(folder, "keys.txt");
    writeFileSync(path, `# ours\n\nshop ${KEY}\r\n  nameless-key-of-some-length  \n`);
    const keys = readApiKeys(path);
    expect(keys.holderOf(`Bearer ${KEY}`)).toBe("shop");
    expect(keys.holderOf("Bearer nameless-key-of-some-length")).toBe("key-2");
  });

  it.each([
    ["", "expected a key a line, got none"],
    ["# nothing\n", "expected a key a line, got none"],
    [`${KEY}\nshort\n`, ":2: expected a key of 20 to 512 characters, got 5"],
    [`a b ${KEY}\n`, ":1: expected a key, or a name and a key, got 3 words"],
    [`a ${KEY}\n\nb ${KEY}\n`, ":3: expected each key once"],
  ])("file %j is refused by line, without its keys", (text, message) => {
    const path = join(folder, "bad.txt");
    writeFileSync(path, text);
    const read = (): ApiKeys => readApiKeys(path);
    expect(read).toThrow(FormatError);
    expect(read).toThrow(message);
    try {
      read();
    } catch (error) {
      expect((error as Error).message).not.toContain(KEY);
    }
  });

  it("have limits of their own: one holder's load does not shed another's", async () => {
    const { service, search } = await createTestServer({ apiKeys, limits: { concurrentPerClient: 1 } });
    let open = (): void => {};
    const held = new Promise<void>((resolve) => {
      open = resolve;
    });
    service.before = ({ queries }) => (queries[0] === "slow" ? held : undefined);
    const slow = search({ query: "slow" }, { authorization: `Bearer ${KEY}` });
    while (service.asked.length === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    expect((await search({ query: "a" }, { authorization: `Bearer ${KEY}` })).statusCode).toBe(429);
    expect((await search({ query: "a" }, { authorization: "Bearer another-key-of-some-length" })).statusCode).toBe(200);
    open();
    expect((await slow).statusCode).toBe(200);
  });
});

describe("other sites' pages", () => {
  const preflight = (origin: string) => ({
    method: "OPTIONS" as const,
    url: "/v1/search",
    headers: { origin, "access-control-request-method": "POST", "access-control-request-headers": "content-type" },
  });

  it("of a listed origin may ask and read, after a preflight without a key", async () => {
    const apiKeys = new ApiKeys([{ name: "shop", key: KEY }]);
    const { server, search } = await createTestServer({ apiKeys, corsOrigins: ["https://shop.example"] });
    const asked = await server.app.inject(preflight("https://shop.example"));
    expect([asked.statusCode, asked.body]).toEqual([204, ""]);
    expect(asked.headers).toMatchObject({
      "access-control-allow-origin": "https://shop.example",
      "access-control-allow-methods": "GET, HEAD, POST",
      "access-control-allow-headers": "authorization, content-type",
      vary: "origin",
    });
    const answer = await search({ query: "a" }, { origin: "https://shop.example", authorization: `Bearer ${KEY}` });
    expect([answer.statusCode, answer.headers["access-control-allow-origin"]]).toEqual([200, "https://shop.example"]);
    // A page should see why it was refused, too.
    const refused = await search({ query: "a" }, { origin: "https://shop.example" });
    expect([refused.statusCode, refused.headers["access-control-allow-origin"]]).toEqual([401, "https://shop.example"]);
  });

  it.each(["https://evil.example", "null", "https://shop.example.evil.example", "http://shop.example", "*"])(
    "of %s may not",
    async (origin) => {
      const { server, search } = await createTestServer({ corsOrigins: ["https://shop.example"] });
      const asked = await server.app.inject(preflight(origin));
      expect([asked.statusCode, asked.headers["access-control-allow-origin"]]).toEqual([405, undefined]);
      expect((await search({ query: "a" }, { origin })).headers["access-control-allow-origin"]).toBeUndefined();
    },
  );

  it("may not where no origin is listed", async () => {
    const { server } = await createTestServer();
    expect((await server.app.inject(preflight("https://shop.example"))).statusCode).toBe(405);
  });

  it.each([
    ["https://shop.example", "https://shop.example"],
    ["https://Shop.Example:443/", "https://shop.example"],
    ["http://localhost:5173", "http://localhost:5173"],
  ])("origin %s is %s", (text, origin) => expect(parseOrigin(text, "--cors-origin")).toBe(origin));

  it.each([
    "*",
    "null",
    "shop.example",
    "https://shop.example/path",
    "https://a:b@shop.example",
    "file:///x",
    "https://shop.example?x",
    "",
  ])("origin %j is refused", (text) =>
    expect(() => parseOrigin(text, "--cors-origin")).toThrow(/^--cors-origin: expected an origin such as/),
  );
});

describe("proxies", () => {
  it.each(["127.0.0.1", "10.0.0.0/8", "::1", "fd00::/8"])("are named by %s", (text) =>
    expect(parseProxyAddress(text, "--trust-proxy")).toBe(text),
  );
  it.each(["everybody", "10.0.0.0/33", "10.0.0.0/", "10.0.0", "::1/129", "0.0.0.0/0", "::/0", "10.0.0.0/8/8", "1", ""])(
    "are not named by %j",
    (text) =>
      expect(() => parseProxyAddress(text, "--trust-proxy")).toThrow(
        /^--trust-proxy: expected an address or a network/,
      ),
  );
});

describe("the page", () => {
  const html = `<!doctype html><title>x</title>${"<p>words</p>".repeat(100)}`;
  beforeAll(() => {
    mkdirSync(join(folder, "page/assets"), { recursive: true });
    writeFileSync(join(folder, "page/index.html"), html);
    writeFileSync(join(folder, "page/assets/search-BX3f_2a9.js"), "export {};");
    writeFileSync(join(folder, "page/assets/icon.svg"), "<svg/>");
    writeFileSync(join(folder, "page/.secret"), "hidden");
    writeFileSync(join(folder, "page/search.js.map"), "{}");
    writeFileSync(join(folder, "beside.txt"), "not in the page");
  });

  it("is given out with a policy that runs nothing inline and loads nothing from elsewhere", async () => {
    const { get } = await createTestServer({
      page: readPageFiles(join(folder, "page")),
      imageOrigins: ["https://img.example"],
    });
    const answer = await get("/");
    expect([answer.statusCode, answer.body]).toEqual([200, html]);
    expect(answer.headers["content-type"]).toBe("text/html; charset=utf-8");
    const policy = String(answer.headers["content-security-policy"]);
    expect(policy).toContain(
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' https://img.example;",
    );
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toMatch(/unsafe|\*|data:/);
    expect(answer.headers).toMatchObject({
      "x-frame-options": "DENY",
      "referrer-policy": "no-referrer",
      "cache-control": "no-cache",
    });
  });

  it("comes compressed as the browser asks, and not again if it has it", async () => {
    const { server, get } = await createTestServer({ page: readPageFiles(join(folder, "page")) });
    const coded = async (coding: string): Promise<{ coding: unknown; bytes: Buffer }> => {
      const answer = await get("/", { "accept-encoding": coding });
      return { coding: answer.headers["content-encoding"], bytes: answer.rawPayload };
    };
    const [br, gzip, none] = [await coded("gzip, deflate, br"), await coded("gzip, br;q=0"), await coded("identity")];
    expect([br.coding, brotliDecompressSync(br.bytes).toString()]).toEqual(["br", html]);
    expect([gzip.coding, gunzipSync(gzip.bytes).toString()]).toEqual(["gzip", html]);
    expect([none.coding, none.bytes.toString()]).toEqual([undefined, html]);
    const { etag } = (await get("/")).headers;
    const again = await get("/", { "if-none-match": `"other", W/${etag}` });
    expect([again.statusCode, again.body]).toEqual([304, ""]);
    const head = await server.app.inject({ method: "HEAD", url: "/" });
    expect([head.statusCode, head.body, head.headers["content-length"]]).toEqual([200, "", String(html.length)]);
  });

  it("has files that a browser may keep for ever where the name changes with the content", async () => {
    const { get } = await createTestServer({ page: readPageFiles(join(folder, "page")) });
    const script = await get("/assets/search-BX3f_2a9.js");
    expect(script.headers).toMatchObject({
      "content-type": "text/javascript; charset=utf-8",
      "cache-control": "public, max-age=31536000, immutable",
    });
    expect((await get("/assets/icon.svg")).headers["cache-control"]).toBe("no-cache");
  });

  it.each([
    "/.secret",
    "/search.js.map",
    "/beside.txt",
    "/../beside.txt",
    "/assets/../../beside.txt",
    "/assets/%2e%2e/%2e%2e/beside.txt",
    "/assets//icon.svg",
    "/index.html/",
    "/assets",
  ])("%s is no part of it", async (url) => {
    const { get } = await createTestServer({ page: readPageFiles(join(folder, "page")) });
    const answer = await get(url);
    expect([answer.statusCode, errorCode(answer.body)]).toEqual([404, "not_found"]);
  });

  it("that was not built is said to be so", async () => {
    const { get } = await createTestServer({ page: readPageFiles(join(folder, "nowhere")) });
    const answer = await get("/");
    expect([answer.statusCode, errorCode(answer.body)]).toEqual([404, "not_found"]);
    expect(answer.body).toContain("npm run build");
  });
});
