/**
 * @file The process that asks: autocannon on so many connections, each asking again as soon as it is answered. Prints what
 * came back as JSON.
 *
 *   node bench/serve/load.mjs '{ "url", "texts", "skip", "connections", "amount" | "seconds", "queriesPerRequest" }'
 *
 * `skip`: queries that earlier runs used up. Latencies are kept one by one, as autocannon's own are whole milliseconds.
 */
import autocannon from "autocannon";
import { distinctQueries } from "./queries.mjs";

const { url, texts, skip, connections, amount, seconds, queriesPerRequest = 1 } = JSON.parse(process.argv[2]);
const source = distinctQueries(texts);
for (let i = 0; i < skip; i++) source.next();

let used = 0;
const statuses = {};
let withoutRetryAfter = 0;
const latencies = [];

function nextBody() {
  used += queriesPerRequest;
  if (queriesPerRequest === 1) return JSON.stringify({ query: source.next().value });
  return JSON.stringify({ queries: Array.from({ length: queriesPerRequest }, () => source.next().value) });
}

const run = autocannon({
  url,
  connections,
  ...(amount === undefined ? { duration: seconds } : { amount }),
  timeout: 30,
  requests: [
    {
      method: "POST",
      path: "/v1/search",
      headers: { "content-type": "application/json" },
      setupRequest: (request) => ({ ...request, body: nextBody() }),
      onResponse: (status, _body, _context, headers) => {
        statuses[status] = (statuses[status] ?? 0) + 1;
        const names = Object.keys(headers).map((name) => name.toLowerCase());
        if (status !== 200 && !names.includes("retry-after")) withoutRetryAfter++;
      },
    },
  ],
});
run.on("response", (_client, status, _bytes, ms) => {
  if (status === 200) latencies.push(ms);
});
const begin = performance.now();
const { errors, timeouts } = await run;
const took = (performance.now() - begin) / 1000;
const sorted = Float64Array.from(latencies).sort();
const at = (share) =>
  sorted.length === 0 ? null : sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
const answered = Object.values(statuses).reduce((sum, n) => sum + n, 0);
console.log(
  JSON.stringify({
    ...{ answered, used, seconds: took, statuses, withoutRetryAfter, errors, timeouts },
    ...{ p50: at(0.5), p99: at(0.99), p999: at(0.999), max: at(1) },
  }),
);
