/** @file Do HTTP, the command line, the library and the WebAssembly kernels give the same answers? */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { Model } from "../../src/mach/model.node.js";
import type { SearchResponse } from "../../src/mach/search-contract.js";
import { createDirectory, removeDirectory, succeed } from "./manyworlds-process.js";
import { startServing } from "./serve-process.js";
import { createTinyModels } from "./tiny-models.js";

const TOLERANCE = 1e-4;
const K = 10;
const WASM = { MANYWORLDS_KERNELS: "wasm" };

/** Labels with their scores, best first. */
type Ranking = readonly { readonly label: string; readonly score: number }[];

const directory = createDirectory();
const model = join(directory, "m");
let queries: string[];
let expected: Ranking[];

beforeAll(async () => {
  await createTinyModels(directory);
  const rows = readFileSync(join(directory, "test.tsv"), "utf8").trim().split("\n");
  queries = rows.slice(0, 60).map((row) => row.split("\t")[1]);
  // Words the model does not know, and none at all.
  queries.push("nothing known", "");
  expected = (await Model.load(model)).predict(queries, { k: K });
});
afterAll(() => removeDirectory(directory));

it("over HTTP, a query at a time, several, and explained", async () => {
  const server = await startServing([model]);
  const ranked = async (body: object): Promise<Ranking[]> => {
    const { results } = (await (await server.search(body)).json()) as SearchResponse;
    return results.map(({ labels }) => labels.map(({ label, probability }) => ({ label, score: probability })));
  };
  expectSame((await Promise.all(queries.map((query) => ranked({ query, k: K })))).flat());
  expectSame(await ranked({ queries, k: K, explain: true }));
  await server.stop();
});

it("over HTTP with WebAssembly kernels", async () => {
  const server = await startServing([model, "--cache", "0"], { env: WASM });
  const { results } = (await (await server.search({ queries, k: K })).json()) as SearchResponse;
  expectSame(results.map(({ labels }) => labels.map(({ label, probability }) => ({ label, score: probability }))));
  expect(await (await fetch(`${server.url}/v1/model`)).json()).toMatchObject({
    kernels: expect.stringContaining("wasm"),
  });
  await server.stop();
});

it.each([
  ["native kernels", {}],
  ["WebAssembly kernels", WASM],
])("on the command line with %s", async (_, env) => {
  const { stdout } = await succeed(["predict", model, ...queries, "-k", String(K), "--json"], { env });
  const lines = stdout.trim().split("\n");
  expectSame(lines.map((line) => (JSON.parse(line) as { labels: Ranking }).labels));
});

/** The labels and scores that the library gives; labels whose scores are closer than the tolerance may change places. */
function expectSame(rankings: readonly Ranking[]): void {
  expect(rankings.length).toBe(queries.length);
  for (const [i, ranking] of rankings.entries()) {
    const [wanted, last] = [expected[i], expected[i][expected[i].length - 1]?.score ?? 0];
    expect(ranking.length, queries[i]).toBe(wanted.length);
    const scoreOf = new Map(wanted.map(({ label, score }) => [label, score]));
    for (const [j, { label, score }] of ranking.entries()) {
      expect(Math.abs(score - wanted[j].score), `place ${j} of ${queries[i]}`).toBeLessThan(TOLERANCE);
      // A label that the library does not list may tie with its last.
      expect(Math.abs(score - (scoreOf.get(label) ?? last)), `${label} of ${queries[i]}`).toBeLessThan(TOLERANCE);
    }
    // A clear winner must be the same label.
    if (wanted.length > 1 && wanted[0].score - wanted[1].score > 2 * TOLERANCE)
      expect(ranking[0].label).toBe(wanted[0].label);
  }
  expect(expected.filter(([first, second]) => first.score - second.score > 2 * TOLERANCE).length).toBeGreaterThan(50);
}
