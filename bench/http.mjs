/**
 * @file What does HTTP itself cost a request? The whole server around an engine that answers at once, in a process of its
 * own, asked by this one; then the parts that could be done otherwise: checking a request, writing an answer.
 *
 *   node bench/http.mjs [--seconds 5]
 *
 * Requests a second are those that both processes reach together; processor time of the server's process is what one
 * request costs it, whatever else the machine does. Every answer's status and size are checked.
 */
import { fork } from "node:child_process";
import { createRequire } from "node:module";
import { parseArgs } from "node:util";
import autocannon from "autocannon";
import { z } from "zod";
import { SearchResponseSchema, searchRequestSchema } from "../dist/src/serve/schemas.js";
import { answerTo } from "./http/stand-in-answer.mjs";
import { machineLine } from "./machine.mjs";

const { values: options } = parseArgs({ options: { seconds: { type: "string", default: "5" } } });
const duration = Number(options.seconds);
/** Calls of a part that are timed together. */
const NUM_CALLS = 500;
const query = "buffer overflow in the nfs server of the linux kernel";
const REQUESTS = {
  "one query, 10 labels": { query, k: 10 },
  "one query, 10 labels, explained": { query, k: 10, explain: true },
  "ten queries, 10 labels each": { queries: Array.from({ length: 10 }, (_, i) => `${query} ${i}`), k: 10 },
};

console.log(machineLine());
console.log(
  `\nthe server around an engine that answers at once, 20 connections, a log line a request, ${duration} s each`,
);
const server = fork(new URL("http/stand-in-server.mjs", import.meta.url), { stdio: "inherit" });
const hear = () => new Promise((resolve) => server.once("message", resolve));
const usage = () => {
  const heard = hear();
  server.send("usage");
  return heard;
};
try {
  const { url } = await hear();
  await load(url, REQUESTS["one query, 10 labels"], 2);
  for (const [name, body] of Object.entries(REQUESTS)) {
    const before = await usage();
    const { numRequests, perSecond, p50, p99, numBytes } = await load(url, body, duration);
    const { cpuSeconds, rssBytes } = await usage();
    const cost = (1e6 * (cpuSeconds - before.cpuSeconds)) / numRequests;
    console.log(
      `${name}: ${Math.round(perSecond)} requests/s, p50 ${p50} ms, p99 ${p99} ms, ${numBytes} bytes an answer; ` +
        `${cost.toFixed(0)} µs of the server's processor time a request, so ${Math.round(1e6 / cost)} requests/s a core; ` +
        `${Math.round(rssBytes / 2 ** 20)} MiB resident`,
    );
  }
} finally {
  server.kill();
}

console.log("\nparts, in this process");
const schema = searchRequestSchema({ queryLength: 2000, queries: 64, k: 100, filterNames: 1000 });
const stringify = createRequire(createRequire(import.meta.url).resolve("fastify"))("fast-json-stringify");
const { $schema, ...json } = z.toJSONSchema(SearchResponseSchema, { io: "output" });
const write = stringify(json);
for (const [name, body] of Object.entries(REQUESTS)) {
  const checked = schema.parse(body);
  const answer = { model: "0123456789ab", tookMs: 1.234, results: checked.queries.map((q) => answerTo(q, checked)) };
  if (JSON.stringify(JSON.parse(write(answer))) !== JSON.stringify(answer)) throw new Error(`${name}: texts differ`);
  const text = JSON.stringify(body);
  const times = {
    "JSON.parse of the request": time(() => JSON.parse(text)),
    "its schema": time(() => schema.safeParse(body)),
    "JSON.stringify of the answer": time(() => JSON.stringify(answer)),
    "fast-json-stringify": time(() => write(answer)),
    "the answer's schema and JSON.stringify": time(() => JSON.stringify(SearchResponseSchema.encode(answer))),
  };
  console.log(
    `${name}: ${Object.entries(times)
      .map(([part, us]) => `${part} ${us.toFixed(1)} µs`)
      .join(", ")}`,
  );
}

/** Asks `body` again and again. @throws if an answer is not 200 or not as long as the first. */
async function load(url, body, seconds) {
  const request = { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
  const sample = await fetch(`${url}/v1/search`, request);
  if (sample.status !== 200) throw new Error(`expected 200, got ${sample.status}`);
  const { results } = await sample.json();
  if (results.length !== (body.queries?.length ?? 1) || results[0].labels.length !== 10)
    throw new Error("short answer");
  const result = await autocannon({ url: `${url}/v1/search`, ...request, connections: 20, duration: seconds });
  if (result.non2xx + result.errors + result.timeouts > 0)
    throw new Error(`${result.non2xx} refused, ${result.errors} errors`);
  const numRequests = result["2xx"];
  return {
    numRequests,
    perSecond: numRequests / result.duration,
    p50: result.latency.p50,
    p99: result.latency.p99,
    numBytes: Number(sample.headers.get("content-length")),
  };
}

/** Microseconds of a call: the least of five averages. */
function time(call) {
  for (let i = 0; i < NUM_CALLS; i++) call();
  const averages = Array.from({ length: 5 }, () => {
    const start = performance.now();
    for (let i = 0; i < NUM_CALLS; i++) call();
    return (1000 * (performance.now() - start)) / NUM_CALLS;
  });
  return Math.min(...averages);
}
