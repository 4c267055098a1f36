/**
 * @file What might somebody send who means no good, or does not know better? Requests from a seed: the same seed and
 * number give the same bytes. Each is what goes over a socket, from the request line on.
 */
import { Rng } from "../../src/core/rng.js";

export interface FuzzRequest {
  readonly kind: string;
  readonly bytes: Buffer;
  /** Whether the bytes say themselves where they end: an answer is due, and the connection's end, without a half-close. */
  readonly isWhole: boolean;
}

const STRINGS = [
  ...[
    "",
    " ",
    "\u0000",
    "a\u0000b",
    "\ud800",
    "\udfff\ud800",
    "a\u0301\u0301\u0301",
    "\u202egnp.exe",
    "🧿".repeat(300),
    "\ufeff",
  ],
  ...[
    "'; DROP TABLE labels; --",
    "<script>alert(1)</script>",
    "\u0024{7*7}",
    "{{7*7}}",
    "%s%n%x",
    "../../../../etc/passwd",
    "\\\\x\\y",
  ],
  ...[
    "x".repeat(1999),
    "x".repeat(2000),
    "x".repeat(2001),
    "ß".repeat(1500),
    "word1 ".repeat(330),
    "\r\nx: y",
    "\\u0000",
    "NaN",
  ],
] as const;
const NUMBERS = [
  "0",
  "-0",
  "1",
  "-1",
  "1.5",
  "20",
  "21",
  "100",
  "101",
  "1e3",
  "1e400",
  "-1e400",
  "9007199254740993",
  "1e-400",
];
const FIELDS = [
  "query",
  "queries",
  "k",
  "filter",
  "minProbability",
  "explain",
  "__proto__",
  "constructor",
  "prototype",
  "toString",
  "",
  "only",
  "except",
  "length",
];
const METHODS = [
  "GET",
  "POST",
  "PUT",
  "DELETE",
  "PATCH",
  "HEAD",
  "OPTIONS",
  "TRACE",
  "PROPFIND",
  "LOCK",
  "QUERY",
  "SEARCH",
  "PURGE",
];
const TYPES = [
  "application/json",
  "application/json; charset=utf-16",
  "APPLICATION/JSON",
  "text/plain",
  "application/xml",
  "multipart/form-data; boundary=x",
  ";",
  "a/b/c",
  "application/json, text/plain",
  "\u00ff",
  "",
];
const PATHS = [
  ...[
    "/",
    "/v1/search",
    "/v1/model",
    "/v1/labels/0",
    "/healthz",
    "/readyz",
    "/metrics",
    "/docs",
    "/openapi.json",
    "/assets/",
    "/docs/style.css",
  ],
  ...[
    "/../../../etc/passwd",
    "/..%2f..%2f..%2fetc/passwd",
    "/%2e%2e/%2e%2e/package.json",
    "/assets/../../../package.json",
    "/assets/..\\..\\package.json",
  ],
  ...[
    "/%00",
    "/assets/%00.js",
    "/%c0%ae%c0%ae/",
    "/%",
    "/%f",
    "/%zz",
    "/%ff%fe",
    "//",
    "//evil.example/",
    "/./v1/./model",
    "/v1//model",
    "/V1/MODEL",
    "/v1/model/",
    "/v1/model?x",
    "/v1/model#x",
    "/v1/model;x=y",
  ],
  ...[
    "/v1/labels/-1",
    "/v1/labels/1e9",
    "/v1/labels/99999999999999999999",
    "/v1/labels/0x10",
    "/v1/labels/%30",
    "/v1/labels/ 1",
    "/v1/labels/",
    "/v1/labels/1/",
    "/v1/labels/__proto__",
    "/v1/labels/constructor",
    "/v1/labels/NaN",
  ],
  ...[
    "http://evil.example/v1/model",
    "*",
    "/file:///etc/passwd",
    "/?q=%f0%28%8c%28",
    "/.git/config",
    "/.env",
    "/index.html",
    "/manifest.json",
    "/worlds/world-000.safetensors",
  ],
];
const HEADERS = [
  ...[
    "host: evil.example",
    "host: a\r\nhost: b",
    "content-length: 0\r\ncontent-length: 5",
    "content-length: -1",
    "content-length: 1e3",
    "content-length: 99999999999999999999",
  ],
  ...[
    "transfer-encoding: chunked\r\ntransfer-encoding: identity",
    "transfer-encoding: gzip, chunked",
    "transfer-encoding: xchunked",
    "content-encoding: gzip",
    "content-encoding: br, gzip",
    "expect: 100-continue",
    "expect: 200-ok",
  ],
  ...[
    "connection: upgrade\r\nupgrade: websocket",
    "connection: upgrade\r\nupgrade: h2c\r\nhttp2-settings: AAMAAABk",
    "accept-encoding: br;q=0, *;q=0",
    "accept-encoding: , ,,;;q",
    'if-none-match: "',
    "if-none-match: *",
    "range: bytes=0-1,-5",
    "x-forwarded-for: 1.2.3.4, evil",
    "x-request-id: ../../x",
    "x-http-method-override: DELETE",
  ],
  ...[
    "authorization: Bearer",
    "authorization: Basic eDp5",
    `authorization: Bearer ${"k".repeat(3000)}`,
    "origin: null",
    "origin: https://evil.example\r\naccess-control-request-method: POST",
    `cookie: ${"c=d; ".repeat(500)}`,
    `x: ${"y".repeat(17_000)}`,
    "accept-version: 9.9.9",
    "__proto__: x",
    "constructor: x",
  ],
  ...[
    "x\u0000: y",
    "x: \u0000",
    ": y",
    " x: y",
    "x : y",
    "x: y\n z",
    `${"a: b\r\n".repeat(120)}c: d`,
    "te: trailers",
    "trailer: x",
    "keep-alive: timeout=999999",
  ],
];

/** Request `i` of `seed`. */
export function fuzzRequest(seed: number, i: number): FuzzRequest {
  const rng = Rng.derive(seed, "request", i);
  const kinds = [body, body, body, path, header, mutation, garbage] as const;
  return kinds[i % kinds.length](rng);
}

/** A search whose body is JSON of a wrong shape, or nearly a right one. */
function body(rng: Rng): FuzzRequest {
  const value = chance(rng, 4) ? json(rng, 4) : searchBody(rng);
  const oversized = chance(rng, 40) ? `{"query": "${"x".repeat(270_000)}"}` : null;
  const nested = chance(rng, 25) ? `{"query": ${"[".repeat(30_000)}${chance(rng, 2) ? "]".repeat(30_000) : ""}}` : null;
  const bytes = request(rng, "POST", "/v1/search", oversized ?? nested ?? value, []);
  return { kind: "body", bytes, isWhole: true };
}

/** An address that leads elsewhere, or nowhere, with a method that it may not know. */
function path(rng: Rng): FuzzRequest {
  let target = chance(rng, 12) ? `/${"a/".repeat(rng.nextBelow(7000))}` : pick(rng, PATHS);
  if (chance(rng, 4))
    target += `?${pick(rng, ["q", "__proto__[x]", "a[]", "%"])}=${encodeURIComponent(pick(rng, STRINGS).replace(/[\ud800-\udfff]/g, ""))}`;
  const method = chance(rng, 2) ? "GET" : pick(rng, METHODS);
  const text = chance(rng, 2) ? searchBody(rng) : "";
  return { kind: "path", bytes: request(rng, method, target, text, []), isWhole: true };
}

/** Headers that are doubled, contradict each other, are too long, or are none. */
function header(rng: Rng): FuzzRequest {
  const headers = Array.from({ length: 1 + rng.nextBelow(3) }, () => pick(rng, HEADERS));
  const [method, target] = chance(rng, 2) ? ["POST", "/v1/search"] : ["GET", pick(rng, PATHS)];
  const bytes = request(rng, method, target, method === "POST" ? searchBody(rng) : "", headers);
  return { kind: "header", bytes, isWhole: !/content-length|transfer-encoding|connection/.test(headers.join()) };
}

/** A good request with bytes changed, left out, or doubled. */
function mutation(rng: Rng): FuzzRequest {
  const bytes = [...request(rng, "POST", "/v1/search", '{"query": "word15 word16", "k": 5, "explain": true}', [])];
  for (let n = 1 + rng.nextBelow(8); n > 0; n--) {
    const at = rng.nextBelow(bytes.length);
    const change = rng.nextBelow(3);
    if (change === 0) bytes[at] = rng.nextBelow(256);
    else if (change === 1) bytes.splice(at, 1 + rng.nextBelow(4));
    else bytes.splice(at, 0, ...bytes.slice(at, at + rng.nextBelow(20)));
  }
  return { kind: "mutation", bytes: Buffer.from(bytes), isWhole: false };
}

/** Bytes that are no request: noise, other protocols, pipelines that break off. */
function garbage(rng: Rng): FuzzRequest {
  const noise = Buffer.from(Array.from({ length: 1 + rng.nextBelow(400) }, () => rng.nextBelow(256)));
  const texts = [
    "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "SSH-2.0-OpenSSH_9.6\r\n",
    "GET /healthz HTTP/9.9\r\nhost: a\r\n\r\n",
    "GET /healthz HTTP/1.0\r\n\r\n",
    "GET /healthz\r\n\r\n",
    `${"GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n".repeat(20)}POST /v1/`,
    "POST /v1/search HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n",
    `POST /v1/search HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n2;${"x".repeat(20_000)}\r\n{}\r\n0\r\n\r\n`,
    "POST /v1/search HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 500\r\n\r\n{",
    "CONNECT evil.example:443 HTTP/1.1\r\nhost: localhost\r\n\r\n",
    "\r\n\r\n\r\n",
  ];
  const bytes = chance(rng, 3) ? noise : Buffer.from(pick(rng, texts), "latin1");
  return { kind: "garbage", bytes, isWhole: false };
}

/** Bytes of a request, its length right unless `headers` say otherwise. */
function request(rng: Rng, method: string, target: string, text: string, headers: readonly string[]): Buffer {
  const content = Buffer.from(text);
  const type = chance(rng, 15) ? pick(rng, TYPES) : "application/json";
  const lines = [`${method} ${target} HTTP/1.1`, "host: 127.0.0.1", "connection: close"];
  if (content.length > 0) lines.push(`content-type: ${type}`, `content-length: ${content.length}`);
  return Buffer.concat([Buffer.from(`${[...lines, ...headers].join("\r\n")}\r\n\r\n`, "latin1"), content]);
}

/** A search with a field or two that are not as they should be; often it is right. */
function searchBody(rng: Rng): string {
  const fields = [chance(rng, 6) ? `"queries": ${json(rng, 2)}` : `"query": ${string(rng)}`];
  if (chance(rng, 2)) fields.push(`"k": ${chance(rng, 2) ? 1 + rng.nextBelow(20) : json(rng, 1)}`);
  if (chance(rng, 3)) fields.push(`"explain": ${chance(rng, 2) ? "true" : json(rng, 1)}`);
  if (chance(rng, 4)) fields.push(`"minProbability": ${chance(rng, 2) ? rng.nextFloat() : json(rng, 1)}`);
  if (chance(rng, 4)) fields.push(`"filter": ${chance(rng, 2) ? '{"only": ["label-3", "label-4"]}' : json(rng, 3)}`);
  if (chance(rng, 8)) fields.push(`${JSON.stringify(pick(rng, FIELDS))}: ${json(rng, 3)}`);
  return `{${fields.join(", ")}}`;
}

/** Some JSON, or nearly. */
function json(rng: Rng, depth: number): string {
  const kind = rng.nextBelow(depth > 0 ? 8 : 5);
  if (kind === 0) return pick(rng, ["null", "true", "false", "undefined", "NaN", "'a'", ""]);
  if (kind <= 2) return pick(rng, NUMBERS);
  if (kind <= 4) return string(rng);
  const items = Array.from({ length: rng.nextBelow(5) }, () => json(rng, depth - 1));
  if (kind === 5) return `[${items.join(",")}]`;
  return `{${items.map((item) => `${JSON.stringify(pick(rng, FIELDS))}:${item}`).join(",")}}`;
}

/** A string literal; lone surrogates as escapes, or not escaped at all, which is no JSON for control characters. */
function string(rng: Rng): string {
  const text = pick(rng, STRINGS);
  return chance(rng, 5) ? `"${text}"` : JSON.stringify(text);
}

function pick<T>(rng: Rng, items: readonly T[]): T {
  return items[rng.nextBelow(items.length)];
}

/** True once in `n` times. */
function chance(rng: Rng, n: number): boolean {
  return rng.nextBelow(n) === 0;
}
