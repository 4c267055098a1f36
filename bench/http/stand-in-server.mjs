/**
 * @file A server of bench/http.mjs: HTTP as `serve` runs it, with an engine that answers at once.
 *
 * Forked: sends its address, and its processor seconds and memory whenever it is sent a message.
 */
import { pino } from "pino";
import { SearchServer } from "../../dist/src/serve/http/index.js";
import { answerTo } from "./stand-in-answer.mjs";

const stats = { queued: 0, running: 0, cacheHits: 0, cacheMisses: 0, batches: 0, batchedQueries: 0 };
const model = {
  version: "0123456789ab",
  kind: "text",
  kernels: "none",
  numLabels: 88_747,
  worlds: [],
  failedWorlds: [],
};
const service = {
  ready: true,
  stats: { ...stats, reloads: 0, failedReloads: 0 },
  model: () => model,
  label: () => null,
  search: async (request) => ({ version: model.version, results: request.queries.map((q) => answerTo(q, request)) }),
};
// A line a request, as `serve` writes it.
const log = pino({ base: null }, pino.destination({ dest: "/dev/null", sync: false }));
const server = await SearchServer.create(service, { log });
process.on("message", () => {
  const { user, system } = process.cpuUsage();
  process.send({ cpuSeconds: (user + system) / 1e6, rssBytes: process.memoryUsage.rss() });
});
process.send({ url: await server.listen("127.0.0.1", 0) });
