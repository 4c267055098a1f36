/**
 * @file Does the server stay up, and keep to itself what is not for clients, whatever it is sent? Thousands of requests
 * from a seed go over bare sockets; no answer may be a 5xx but 503, and none may name a path or show a stack.
 */
import { connect } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ERROR_CODES, type SearchResponse } from "../../src/mach/search-contract.js";
import { fuzzRequest } from "./fuzz-requests.js";
import { createDirectory, ROOT, removeDirectory, succeed } from "./manyworlds-process.js";
import { writeTextRows } from "./sample-rows.js";
import { type Serving, startServing } from "./serve-process.js";
import { TINY } from "./tiny-models.js";

const NUM_REQUESTS = 2500;
const SEED = 20_261_122;
const AT_ONCE = 16;
const NUM_SLOW = 40;
/** The server's limit for receiving, and how much later than that a slow client may be told. */
const RECEIVE_SECONDS = 2;
const SLACK_MS = 8000;

const directory = createDirectory();
let server: Serving;

beforeAll(async () => {
  writeTextRows(join(directory, "train.tsv"), { numRows: 1200, numLabels: 30, seed: 1 });
  await succeed(["train", join(directory, "train.tsv"), "--model", join(directory, "m"), ...TINY]);
  server = await startServing([
    join(directory, "m"),
    "--receive-timeout",
    `${RECEIVE_SECONDS}s`,
    "--log-level",
    "warn",
  ]);
});
afterAll(() => removeDirectory(directory));

describe("a fuzzed server", () => {
  it(`answers ${NUM_REQUESTS} requests without a fault or a leak, and is as it was`, async () => {
    const before = await control();
    const statuses = new Map<string, Set<number>>();
    let numAnswers = 0;
    let next = 0;
    const worker = async (): Promise<void> => {
      while (next < NUM_REQUESTS) {
        const i = next++;
        const { kind, bytes, isWhole } = fuzzRequest(SEED, i);
        const answers = parseAnswers(await send(bytes, isWhole));
        if (isWhole) expect(answers.length, `request ${i} (${kind})`).toBeGreaterThan(0);
        const seen = statuses.get(kind) ?? new Set();
        statuses.set(kind, seen);
        for (const answer of answers) {
          numAnswers++;
          seen.add(answer.status);
          const problem = problemOf(answer);
          if (problem !== null)
            throw new Error(
              `request ${i} (${kind}): ${problem}\n${bytes.toString("latin1").slice(0, 500)}\n${answer.text.slice(0, 1000)}`,
            );
        }
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
    // The requests must have reached what they are meant to try.
    expect(numAnswers).toBeGreaterThan(0.9 * NUM_REQUESTS);
    expect([...(statuses.get("body") ?? [])]).toEqual(expect.arrayContaining([200, 400, 413, 415]));
    expect([...(statuses.get("path") ?? [])]).toEqual(expect.arrayContaining([200, 400, 404, 405, 414]));
    expect([...(statuses.get("header") ?? [])]).toEqual(expect.arrayContaining([200, 400, 415, 417, 431]));
    expect(await control()).toEqual(before);
    const metrics = await (await fetch(`${server.url}/metrics`)).text();
    expect(metrics.split("\n").filter((line) => /status="5(?!03)/.test(line))).toEqual([]);
    expect(metrics).toContain("manyworlds_searches_in_flight 0");
  });

  it(`answers others while ${NUM_SLOW} clients send a byte now and then, and ends these`, async () => {
    const begun = Date.now();
    const head =
      "POST /v1/search HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n\r\n";
    const slow = Array.from({ length: NUM_SLOW }, (_, i) =>
      trickle(i % 2 === 0 ? head : `${head}{"query": "${"a".repeat(500)}`, i % 2 === 0),
    );
    while (Date.now() - begun < 1000) expect((await server.search({ query: "word15" })).status).toBe(200);
    for (const text of await Promise.all(slow)) {
      const [answer] = parseAnswers(text);
      expect(answer?.status, text).toBe(408);
      expect(problemOf(answer)).toBeNull();
    }
    expect(Date.now() - begun).toBeLessThan(RECEIVE_SECONDS * 1000 + SLACK_MS);
    expect((await server.search({ query: "word15" })).status).toBe(200);
  });

  it("has noted no fault of its own, and stops as ever", async () => {
    const { code, stderr } = await server.stop();
    expect(code).toBe(0);
    expect(stderr.split("\n").filter((line) => line.includes('"level":50') || /^\s+at /.test(line))).toEqual([]);
  });
});

interface Answer {
  readonly status: number;
  /** Head and body. */
  readonly text: string;
  readonly body: string;
  readonly isJson: boolean;
}

/** What of `answer` should not be. */
function problemOf({ status, text, body, isJson }: Answer): string | null {
  if (status >= 500 && status !== 503) return `status ${status}`;
  for (const secret of [ROOT, directory, process.cwd(), "node_modules", "node:internal", "file://", "safetensors"]) {
    if (text.includes(secret)) return `tells ${secret}`;
  }
  if (/\\n\s+at |\n\s+at \S+ \(|Error: /.test(text)) return "shows a stack";
  if (/^server:|^x-powered-by:/im.test(text)) return "names its software";
  if (status < 400 || body === "") return null;
  if (!isJson) return "a refusal that is not JSON";
  const { error } = JSON.parse(body) as { error?: { code?: string; message?: string } };
  return (ERROR_CODES as readonly (string | undefined)[]).includes(error?.code) && error?.message
    ? null
    : "no ErrorResponse";
}

/** The answers in what a connection gave; bodies by their length. */
function parseAnswers(text: string): Answer[] {
  const answers: Answer[] = [];
  for (let rest = text; rest.startsWith("HTTP/1.1 "); ) {
    const end = rest.indexOf("\r\n\r\n");
    if (end < 0) throw new Error(`an answer breaks off: ${rest.slice(0, 300)}`);
    const head = rest.slice(0, end);
    const status = Number(head.slice(9, 12));
    const length = Number(/^content-length: (\d+)/im.exec(head)?.[1] ?? 0);
    // An answer to HEAD has the length of a body that does not follow.
    const after = rest.slice(end + 4);
    const body = after.startsWith("HTTP/1.1 ") || status < 200 ? "" : after.slice(0, length);
    answers.push({
      status,
      text: head + body,
      body: Buffer.from(body, "latin1").toString(),
      isJson: /^content-type: application\/json/im.test(head),
    });
    rest = after.slice(body.length);
  }
  return answers;
}

/**
 * Sends `bytes`, and gives what comes back. After bytes that are not `isWhole` comes the end of what is sent, so that
 * nobody waits for more; a server takes that as a client that is gone, and owes it no answer.
 */
function send(bytes: Buffer, isWhole: boolean): Promise<string> {
  return new Promise((resolve) => {
    const { hostname, port } = new URL(server.url);
    const socket = connect({ host: hostname, port: Number(port), allowHalfOpen: true }, () =>
      isWhole ? socket.write(bytes) : socket.end(bytes),
    );
    const chunks: Buffer[] = [];
    socket.on("data", (chunk) => chunks.push(chunk));
    socket.on("error", () => {});
    socket.on("end", () => socket.end());
    socket.on("close", () => resolve(Buffer.concat(chunks).toString("latin1")));
  });
}

/** Sends `text`, of a head `byByte` from its first byte on, a byte each tenth of a second, until the server ends it. */
function trickle(text: string, byByte: boolean): Promise<string> {
  return new Promise((resolve) => {
    const { hostname, port } = new URL(server.url);
    let at = byByte ? 1 : text.length - 100;
    const socket = connect(Number(port), hostname, () => socket.write(text.slice(0, at)));
    const timer = setInterval(() => socket.writable && at < text.length && socket.write(text[at++]), 100);
    let answer = "";
    socket.on("data", (chunk) => {
      answer += chunk;
    });
    socket.on("error", () => {});
    socket.on("close", () => {
      clearInterval(timer);
      resolve(answer);
    });
  });
}

/** An ordinary search's results. */
async function control(): Promise<SearchResponse["results"]> {
  const answer = await server.search({ query: "word15 word16 word17", k: 5, explain: true });
  expect(answer.status).toBe(200);
  return ((await answer.json()) as SearchResponse).results;
}
