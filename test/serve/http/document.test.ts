/** @file Does docs/serve.md say what is so: flags and their defaults, metrics, codes of refusals, addresses? */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { SERVE_FLAGS } from "../../../src/cli/serve-flags.js";
import { ERROR_CODES } from "../../../src/mach/search-contract.js";
import { DEFAULT_ENGINE_OPTIONS } from "../../../src/serve/engine/index.js";
import { DEFAULT_HTTP_LIMITS } from "../../../src/serve/http/index.js";
import { createTestServer } from "./test-server.js";

const text = readFileSync(fileURLToPath(new URL("../../../docs/serve.md", import.meta.url)), "utf8");
const own = SERVE_FLAGS.map(({ syntax }) => /--[a-z-]+/.exec(syntax)?.[0] ?? "");
/** Flags of `train` that the text names, and the tool's own. */
const FOREIGN = ["--model", "--worlds", "--overwrite", "--resume", "--help"];

it("every flag, and none that is not there", () => {
  const named = new Set([...text.matchAll(/(?<=[`\s(])--[a-z][a-z-]*/g)].map(([flag]) => flag));
  expect(own.filter((flag) => !named.has(flag))).toEqual([]);
  expect([...named].filter((flag) => !own.includes(flag) && !FOREIGN.includes(flag))).toEqual([]);
});

it("the limits' defaults", () => {
  const {
    queryLength,
    queries,
    k,
    filterNames,
    bodyBytes,
    concurrent,
    concurrentPerClient,
    connections,
    timeoutMs,
    receiveMs,
  } = DEFAULT_HTTP_LIMITS;
  for (const said of [
    `\`--max-query-length\` ${queryLength}`,
    `\`--max-queries\` ${queries}`,
    `\`--max-k\` ${k}`,
    `\`--max-filter\` ${filterNames}`,
    `\`--max-body\` ${bodyBytes / 1024} KiB`,
    `\`--max-concurrent\` ${concurrent}`,
    `\`--max-per-client\` ${concurrentPerClient}`,
    `\`--max-queued\` ${DEFAULT_ENGINE_OPTIONS.maxQueued}`,
    `\`--max-connections\` ${connections}`,
    `\`--timeout\` ${timeoutMs / 1000} s`,
    `\`--receive-timeout\` ${receiveMs / 1000} s`,
  ]) {
    expect(text).toContain(said);
  }
});

it("every metric of ours, and none that is not there", async () => {
  const { get } = await createTestServer();
  const names = [...(await get("/metrics")).body.matchAll(/^# TYPE (manyworlds_\w+)/gm)].map(([, name]) => name);
  const said = [...text.matchAll(/`(manyworlds_\w+)`/g)].map(([, name]) => name);
  expect(said.toSorted()).toEqual(names.toSorted());
});

it("every code of a refusal, and every address", async () => {
  expect(ERROR_CODES.filter((code) => !text.includes(`\`${code}\``))).toEqual([]);
  const { get } = await createTestServer();
  const paths = Object.keys((await get("/openapi.json")).json().paths);
  expect(paths.filter((path) => !text.includes(path.replace(/\{(\w+)\}/g, ":$1")))).toEqual([]);
});
