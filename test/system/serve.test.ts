/** @file Does `manyworlds serve` start, answer, refuse and stop as its help says? */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ErrorResponse, ModelResponse, SearchResponse } from "../../src/mach/search-contract.js";
import { createDirectory, refusal, removeDirectory, succeed } from "./manyworlds-process.js";
import { writeTextRows, writeXcRows } from "./sample-rows.js";
import { startServing } from "./serve-process.js";
import { TINY } from "./tiny-models.js";

const directory = createDirectory();
const at = (name: string): string => join(directory, name);

beforeAll(async () => {
  writeTextRows(at("train.tsv"), { numRows: 1200, numLabels: 30, seed: 1 });
  writeXcRows(at("train.xc"), { numRows: 300, numLabels: 30, seed: 1 });
  await succeed(["train", at("train.tsv"), "--model", at("m"), ...TINY]);
  await succeed(["train", at("train.xc"), "--model", at("xc"), ...TINY]);
});
afterAll(() => removeDirectory(directory));

describe("a server", () => {
  it("answers searches with what the catalogue knows, and stops with 0 when it is told to", async () => {
    writeFileSync(at("items.csv"), 'label,title,url\nlabel-3,"Label, the third",https://shop.example/3\n');
    const server = await startServing([at("m"), "--catalogue", at("items.csv"), "--log-level", "info"]);
    const answer = await server.search({ query: "word15 word16 word17", k: 2 });
    const { model, results } = (await answer.json()) as SearchResponse;
    expect(results[0].labels[0]).toMatchObject({
      label: "label-3",
      item: { title: "Label, the third", url: "https://shop.example/3" },
    });
    const described = (await (await fetch(`${server.url}/v1/model`)).json()) as ModelResponse;
    expect(described).toMatchObject({
      version: model,
      numLabels: 30,
      numWorlds: 3,
      worlds: [0, 1, 2],
      hasCatalogue: true,
    });
    const { code, stdout, stderr } = await server.stop();
    expect([code, stdout.trim().split("\n").length]).toEqual([0, 1]);
    expect(stderr).toContain('"msg":"listening"');
    expect(stderr).toContain('"route":"/v1/search","status":200');
    expect(stderr).not.toContain("word15");
  });

  it("finishes what is under way while it stops, and says on /readyz that it does", async () => {
    const server = await startServing([at("m"), "--drain", "5s", "--log-level", "silent"]);
    const stopped = server.stop();
    let status = 200;
    for (const end = Date.now() + 3000; status === 200 && Date.now() < end; ) {
      status = (await fetch(`${server.url}/readyz`)).status;
    }
    expect(status).toBe(503);
    expect((await server.search({ query: "word15" })).status).toBe(200);
    expect((await stopped).code).toBe(0);
    await expect(server.search({ query: "word15" })).rejects.toThrow();
  });

  it("holds to the limits of its flags", async () => {
    const flags = [
      "--max-k",
      "3",
      "--max-queries",
      "2",
      "--max-query-length",
      "5",
      "--max-body",
      "1kB",
      "--max-filter",
      "1",
    ];
    const server = await startServing([at("m"), ...flags]);
    const statuses = [
      { query: "word1", k: 3 },
      { query: "word1", k: 4 },
      { query: "word11" },
      { queries: ["a", "b", "c"] },
      { query: "word1", filter: { only: ["label-1", "label-2"] } },
      { query: "x".repeat(2000) },
    ].map(async (body) => (await server.search(body)).status);
    expect(await Promise.all(statuses)).toEqual([200, 400, 400, 400, 400, 413]);
    await server.stop();
  });

  it("asks for keys where it has some", async () => {
    const key = "a-key-of-twenty-characters";
    writeFileSync(at("keys.txt"), `shop ${key}\n`);
    const server = await startServing([at("m"), "--api-keys", at("keys.txt")]);
    expect((await server.search({ query: "a" })).status).toBe(401);
    const authorization = `Bearer ${key}`;
    expect((await fetch(`${server.url}/v1/model`, { headers: { authorization } })).status).toBe(200);
    const { stderr } = await server.stop();
    expect(stderr).toContain('"client":"shop"');
    expect(stderr).not.toContain(key);
  });

  it("says of a model of numbers that it cannot be asked texts", async () => {
    const server = await startServing([at("xc")]);
    const answer = await server.search({ query: "word15" });
    expect([answer.status, ((await answer.json()) as ErrorResponse).error.code]).toEqual([400, "bad_request"]);
    await server.stop();
  });
});

describe("what cannot be served is refused", () => {
  it("without a stack: no model, bad files, bad flags", async () => {
    expect(await refusal(["serve", at("nowhere")])).toContain("nowhere");
    expect(await refusal(["serve", at("m"), "--api-keys", at("nowhere")])).toContain("no such file");
    writeFileSync(at("bad-keys.txt"), "short\n");
    expect(await refusal(["serve", at("m"), "--api-keys", at("bad-keys.txt")])).toContain(
      "bad-keys.txt:1: expected a key",
    );
    expect(await refusal(["serve", at("m"), "--cors-origin", "shop"])).toContain("--cors-origin: expected an origin");
    expect(await refusal(["serve", at("m"), "--port", "65536"])).toContain("Expected an integer from 0 to 65535");
    expect(await refusal(["serve", at("m"), "--trust-proxy", "everybody"])).toContain("--trust-proxy");
    expect(await refusal(["serve", at("m"), "--catalogue", at("nowhere.csv")])).toContain("nowhere.csv");
  });

  it("and so is a port in use", async () => {
    const server = await startServing([at("m")]);
    const { port } = new URL(server.url);
    expect(await refusal(["serve", at("m"), "--port", port, "--log-level", "silent"])).toContain(
      `port ${port}: the port is in use`,
    );
    await server.stop();
  });
});
