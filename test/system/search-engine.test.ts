/**
 * @file Does the engine answer as the library does, whatever happens around it? Many requests at once, models that are
 * replaced while they answer, worlds that are damaged, threads that die, too much to do.
 */
import { cpSync, existsSync, readFileSync, renameSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { labelFilter } from "../../src/mach/index.js";
import type { CheckedSearchRequest, SearchResult } from "../../src/mach/search-contract.js";
import type { EngineEvent, EngineOptions, SearchEngine } from "../../src/serve/engine/index.js";
import { createDirectory, ROOT, removeDirectory, succeed } from "./manyworlds-process.js";
import { createTinyModels, TINY } from "./tiny-models.js";

type EngineModule = typeof import("../../src/serve/engine/index.js");
type MachModule = typeof import("../../src/mach/index.js");

let folder = "";
let engineModule: EngineModule;
let mach: MachModule;
let queries: string[] = [];
const open: SearchEngine[] = [];
const events: EngineEvent[] = [];
const at = (name: string): string => join(folder, name);

beforeAll(async () => {
  folder = createDirectory();
  await createTinyModels(folder);
  // The same shape, other weights.
  await succeed(["train", at("train.tsv"), "--model", at("other"), ...TINY, "--seed", "5"]);
  const built = <T>(path: string): Promise<T> => import(pathToFileURL(join(ROOT, "dist/src", path)).href) as Promise<T>;
  engineModule = await built<EngineModule>("serve/engine/index.js");
  mach = await built<MachModule>("mach/index.js");
  queries = readFileSync(at("test.tsv"), "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => line.split("\t")[1]);
});
afterEach(async () => {
  await Promise.all(open.splice(0).map((engine) => engine.close()));
  events.length = 0;
});
afterAll(() => removeDirectory(folder));

async function load(path: string, options: EngineOptions = {}): Promise<SearchEngine> {
  const onEvent = (event: EngineEvent): number => events.push(event);
  const engine = await engineModule.SearchEngine.load(path, { numThreads: 2, watch: false, onEvent, ...options });
  open.push(engine);
  return engine;
}

/** A copy of a model that a test may damage. */
function copyOf(model: string, name: string): string {
  rmSync(at(name), { recursive: true, force: true });
  cpSync(at(model), at(name), { recursive: true });
  return at(name);
}

function ask(query: string | readonly string[], over: Partial<CheckedSearchRequest> = {}): CheckedSearchRequest {
  return { queries: typeof query === "string" ? [query] : query, k: 5, minProbability: 0, explain: false, ...over };
}

async function waitUntil(condition: () => boolean, what: string): Promise<void> {
  for (let i = 0; i < 1000; i++) {
    if (condition()) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error(`waited 10 s in vain until ${what}`);
}

/** The same labels in the same order, scores within 1e-4; labels may swap where their scores are that close. */
function expectSame(got: SearchResult, expected: readonly { label: string; score: number }[]): void {
  expect(got.labels).toHaveLength(expected.length);
  got.labels.forEach(({ label, probability }, j) => {
    expect(Math.abs(probability - expected[j].score), `${got.query}, place ${j}`).toBeLessThan(1e-4);
    if (label === expected[j].label) return;
    const mine = expected.find((other) => other.label === label)?.score ?? expected[expected.length - 1].score;
    expect(Math.abs(mine - expected[j].score), `${got.query}: ${label}`).toBeLessThan(1e-4);
  });
}

describe("an engine", () => {
  it("answers as Model.predict does, under concurrent requests of every kind", async () => {
    const engine = await load(at("m"), { cacheEntries: 0 });
    const model = await mach.Model.load(at("m"));
    const filters = [undefined, { only: ["label-4", "label-7", "label-20"] }, { except: ["label-4"] }];
    const allowedOf = (filter: (typeof filters)[number]): Uint8Array | null => {
      if (filter === undefined) return null;
      const kind = filter.only === undefined ? "except" : "only";
      const ids = (filter.only ?? filter.except ?? []).map((name) => model.labels.idOf(name));
      return labelFilter(model.labels.numLabels, ids, kind);
    };
    const requests = queries.map((query, i) => ({
      request: ask(i % 5 === 0 ? [query, `${query} xyzzy`] : query, {
        k: 1 + (i % 17),
        filter: filters[i % 3],
        explain: i % 4 === 0,
      }),
      allowed: allowedOf(filters[i % 3]),
    }));
    const answers = await Promise.all(requests.map(({ request }) => engine.search(request)));
    answers.forEach(({ version, results }, i) => {
      const { request, allowed } = requests[i];
      expect(version).toBe(engine.model().version);
      expect(results.map(({ query }) => query)).toEqual(request.queries);
      const expected = model.predict(request.queries, { k: request.k, allowed });
      results.forEach((result, q) => {
        expectSame(result, expected[q]);
        expect(result.labels.every(({ votes }) => (votes?.length === 3) === request.explain)).toBe(true);
        for (const { votes, probability, companions } of request.explain ? result.labels : []) {
          // The merge of this model: the geometric mean of what the worlds say, before the prior.
          const mean = (votes ?? []).reduce((sum, vote) => sum + Math.log(vote.probability), 0) / 3;
          expect(probability).toBeLessThan(Math.exp(mean) + 1e-4);
          expect(companions?.length).toBeGreaterThan(0);
        }
      });
    });
    const { batches, batchedQueries, queued, running } = engine.stats;
    expect([batchedQueries, queued, running]).toEqual([queries.length + Math.ceil(queries.length / 5), 0, 0]);
    expect(batches).toBeLessThan(batchedQueries / 8);
  });

  it("says what it is, and what a label is", async () => {
    const items = new Map([["label-4", { title: "Fourth", price: "4 €" }]]);
    const engine = await load(at("m"), { catalogue: { itemOf: (label) => items.get(label) } });
    const model = await mach.Model.load(at("m"));
    const id = model.labels.idOf("label-4");
    const shape = { kind: "text", numLabels: 30, numBuckets: 16, numWorlds: 3, worlds: [0, 1, 2], failedWorlds: [] };
    expect(engine.model()).toMatchObject({ ...shape, hidden: [16], hasCatalogue: true });
    expect(engine.model().version).toMatch(/^[0-9a-f]{12}$/);
    expect(engine.model().kernels).toMatch(/^(native|wasm|reference) /);
    expect(engine.label(id)).toEqual({
      id,
      label: "label-4",
      count: model.labels.labelCounts?.[id],
      buckets: [0, 1, 2].map((world) => ({ world, bucket: model.ensemble.hash.bucket(id, world) })),
      item: items.get("label-4"),
    });
    for (const none of [-1, 30, 0.5, Number.NaN]) expect(engine.label(none)).toBe(null);
    const { results } = await engine.search(ask("word20 word21 word22"));
    expect(results[0].labels[0]).toMatchObject({ id, label: "label-4", item: { title: "Fourth" } });
    expect(engine.ready).toBe(true);
  });

  it("cuts at a probability, and says where it knows no word", async () => {
    const engine = await load(at("m"));
    const request = ask(["word20 word21 word22", "xyzzy", "\ud800"], { k: 30, minProbability: 0.2 });
    const { results } = await engine.search(request);
    expect(results.map(({ unknown }) => unknown)).toEqual([false, true, true]);
    expect(results[0].labels.length).toBeGreaterThan(0);
    expect(results[0].labels.every(({ probability }) => probability >= 0.2)).toBe(true);
    const all = (await engine.search({ ...request, minProbability: 0 })).results;
    expect(all[0].labels.length).toBeGreaterThan(results[0].labels.length);
    const none = await engine.search(ask("word20", { filter: { only: [] } }));
    expect(none.results[0].labels).toEqual([]);
  });

  it("drops no label as too improbable unless asked to, also where a prior makes scores negative", async () => {
    await succeed([
      "train",
      at("train.tsv"),
      "--model",
      at("prior"),
      ...TINY,
      "--merge",
      "probability",
      "--prior",
      "1",
    ]);
    const engine = await load(at("prior"));
    const model = await mach.Model.load(at("prior"));
    const { results } = await engine.search(ask(queries.slice(0, 5), { k: 12 }));
    const expected = model.predict(queries.slice(0, 5), { k: 12 });
    expect(expected.flat().some(({ score }) => score < 0)).toBe(true);
    results.forEach((result, q) => {
      expectSame(result, expected[q]);
    });
  });

  it("keeps answers, by all that matters to them", async () => {
    const engine = await load(at("m"));
    const first = await engine.search(ask(["word20", "word21"]));
    const again = await engine.search(ask(["word21", "word22", "word20"]));
    expect(again.results[2]).toEqual(first.results[0]);
    expect(engine.stats).toMatchObject({ cacheHits: 2, cacheMisses: 3, batchedQueries: 3 });
    for (const over of [{ k: 4 }, { minProbability: 0.1 }, { explain: true }, { filter: { except: ["label-4"] } }]) {
      await engine.search(ask("word20", over));
    }
    expect(engine.stats).toMatchObject({ cacheHits: 2, cacheMisses: 7 });
    await engine.search(ask("word20", { filter: { except: ["label-4", "label-4"], only: undefined } }));
    expect(engine.stats).toMatchObject({ cacheHits: 3, cacheMisses: 7 });
  });

  it("refuses what cannot be answered", async () => {
    const { BadQueryError, SearchEngine } = engineModule;
    const engine = await load(at("m"), { maxQueued: 3 });
    const unknown = engine.search(ask("word20", { filter: { only: ["label-4", "nobody"] } }));
    await expect(unknown).rejects.toThrow(BadQueryError);
    await expect(unknown).rejects.toThrow(/filter\.only: .*"nobody"/);
    await expect(engine.search(ask(["a", "b", "c", "d"]))).rejects.toThrow(/at most 3, got 4/);
    const numeric = await load(at("xc"));
    expect(numeric.model()).toMatchObject({ kind: "numeric", worlds: [0, 1, 2] });
    await expect(numeric.search(ask("1:1"))).rejects.toThrow(/feature numbers/);
    await expect(SearchEngine.load(at("nowhere"))).rejects.toThrow(/expected a model/);
    await expect(SearchEngine.load(at("m"), { numThreads: 0 })).rejects.toThrow(/numThreads/);
  });

  it("refuses what does not fit its queue, answers the rest, and goes on", async () => {
    const engine = await load(at("m"), { numThreads: 1, maxQueued: 20, maxBatch: 4, cacheEntries: 0 });
    const asked = Array.from({ length: 500 }, (_, i) => engine.search(ask(`word${i}`)));
    expect(engine.stats.queued).toBeLessThanOrEqual(20);
    const outcomes = await Promise.allSettled(asked);
    const refused = outcomes.filter(({ status }) => status === "rejected") as PromiseRejectedResult[];
    expect(refused.length).toBeGreaterThan(400);
    expect(refused.length).toBeLessThan(500);
    for (const { reason } of refused) {
      expect(reason).toBeInstanceOf(engineModule.OverloadedError);
      expect(reason.retryAfterSeconds).toBeGreaterThanOrEqual(1);
    }
    expect((await engine.search(ask("word20"))).results[0].labels).toHaveLength(5);
    expect(engine.stats).toMatchObject({ queued: 0, running: 0 });
  });

  it("forgets an aborted query", async () => {
    const engine = await load(at("m"), { numThreads: 1, maxBatch: 1, cacheEntries: 0 });
    const kept = engine.search(ask("word20"));
    const aborts = Array.from({ length: 50 }, () => new AbortController());
    const aborted = aborts.map(({ signal }, i) => engine.search(ask(`word${i}`), signal));
    expect(engine.stats.queued).toBeGreaterThan(45);
    for (const abort of aborts) abort.abort(new Error("the client went away"));
    expect(engine.stats.queued).toBeLessThanOrEqual(1);
    for (const search of aborted) await expect(search).rejects.toThrow("the client went away");
    expect((await kept).results[0].labels).toHaveLength(5);
    expect(engine.stats.batchedQueries).toBeLessThan(5);
  });

  it("answers what it was asked before it closes, and nothing after", async () => {
    const engine = await load(at("m"), { numThreads: 1, maxBatch: 2, cacheEntries: 0 });
    const asked = Promise.all(queries.slice(0, 40).map((query) => engine.search(ask(query))));
    const closed = engine.close();
    expect(engine.ready).toBe(false);
    expect(await asked).toHaveLength(40);
    await closed;
    await expect(engine.search(ask("word20"))).rejects.toBeInstanceOf(engineModule.EngineClosedError);
    await expect(engine.close()).resolves.toBeUndefined();
  });
});

describe("a model on disk that changes", () => {
  it("is replaced without a failed query; the answers are those of the version that they name", async () => {
    const path = copyOf("m", "served");
    const engine = await load(path, { watch: true, watchIntervalMs: 20, cacheEntries: 100 });
    const versions = [engine.model().version];
    const expected = new Map<string, readonly { label: string; score: number }[][]>();
    for (const name of ["m", "other"]) {
      const model = await mach.Model.load(at(name));
      const version = name === "m" ? versions[0] : "other";
      expected.set(version, model.predict(queries, { k: 5 }));
    }
    let numAnswered = 0;
    let done = false;
    const client = async (offset: number): Promise<void> => {
      for (let i = offset; !done; i = (i + 7) % queries.length) {
        const { version, results } = await engine.search(ask(queries[i]));
        numAnswered++;
        expectSame(results[0], (expected.get(version) ?? expected.get("other") ?? [])[i]);
      }
    };
    const clients = Promise.all(Array.from({ length: 8 }, (_, i) => client(i)));
    try {
      for (const [swap, name] of ["other", "m", "other"].entries()) {
        // As `train --overwrite` does it: the old model is renamed away, the new one into its place.
        cpSync(at(name), `${path}.new`, { recursive: true });
        renameSync(path, `${path}.old`);
        await new Promise((resolve) => setTimeout(resolve, 50));
        renameSync(`${path}.new`, path);
        rmSync(`${path}.old`, { recursive: true });
        const before = numAnswered;
        await waitUntil(() => engine.stats.reloads === swap + 1, `reload ${swap + 1}`);
        versions.push(engine.model().version);
        await waitUntil(() => numAnswered > before + 50, "more answers come");
      }
    } finally {
      done = true;
    }
    await clients;
    expect(new Set(versions).size).toBe(2);
    expect([versions[2], versions[3]]).toEqual([versions[0], versions[1]]);
    expect(engine.stats).toMatchObject({ reloads: 3, failedReloads: 0 });
    expect(events.map(({ kind }) => kind)).toEqual(["loaded", "reloaded", "reloaded", "reloaded"]);
  });

  it("goes on serving the old one when the new one cannot be loaded, and takes it once it can", async () => {
    const path = copyOf("m", "broken");
    const engine = await load(path, { watch: true, watchIntervalMs: 20 });
    const { version } = engine.model();
    const manifest = readFileSync(join(path, "manifest.json"), "utf8");
    writeFileSync(join(path, "manifest.json"), manifest.replace("log-score", "median"));
    await waitUntil(() => engine.stats.failedReloads === 1, "the reload fails");
    expect((await engine.search(ask("word20 word21"))).version).toBe(version);
    expect(events.at(-1)).toMatchObject({
      kind: "reload-failed",
      error: { message: expect.stringMatching(/checksum/) },
    });
    await expect(engine.reload()).rejects.toThrow(/checksum/);
    // Not tried again before something changes.
    await new Promise((resolve) => setTimeout(resolve, 150));
    expect(engine.stats).toMatchObject({ reloads: 0, failedReloads: 2 });
    cpSync(join(at("other"), "worlds"), join(path, "worlds"), { recursive: true });
    cpSync(join(at("other"), "manifest.json"), join(path, "manifest.json"));
    await waitUntil(() => engine.ready && engine.model().version !== version, "the new model serves");
  });

  it("answers with the worlds that are sound, says why others are not, and takes them when they are mended", async () => {
    const path = copyOf("m", "damaged");
    const world = (n: number): string => join(path, `worlds/world-00${n}.safetensors`);
    truncateSync(world(0), 1000);
    rmSync(world(2));
    const engine = await load(path, { watch: true, watchIntervalMs: 20 });
    expect(engine.model()).toMatchObject({
      numWorlds: 3,
      worlds: [1],
      failedWorlds: [
        { world: 0, reason: expect.stringMatching(/^worlds\/world-000\.safetensors: expected \d+ bytes, got 1000/) },
        { world: 2, reason: "worlds/world-002.safetensors is missing" },
      ],
    });
    expect(JSON.stringify(engine.model())).not.toContain(folder);
    expect(events.filter(({ kind }) => kind === "world-failed")).toHaveLength(2);
    const model = await mach.Model.load(at("m"), { worlds: [1] });
    const { results } = await engine.search(ask(queries.slice(0, 20), { explain: true }));
    const expected = model.predict(queries.slice(0, 20), { k: 5 });
    results.forEach((result, i) => {
      expectSame(result, expected[i]);
      expect(result.worlds?.map(({ world: number }) => number)).toEqual([1]);
    });
    cpSync(join(at("m"), "worlds/world-000.safetensors"), world(0));
    await waitUntil(() => engine.model().worlds.length === 2, "world 0 answers");
    cpSync(join(at("m"), "worlds/world-002.safetensors"), world(2));
    await waitUntil(() => engine.model().worlds.length === 3, "world 2 answers");
    for (const n of [0, 1, 2]) rmSync(world(n));
    await expect(engineModule.SearchEngine.load(path)).rejects.toThrow(/none of its worlds/);
    expect(engine.ready).toBe(true);
  });

  it("takes worlds that are added", async () => {
    const path = copyOf("m", "growing");
    const engine = await load(path, { watch: true, watchIntervalMs: 20 });
    const { version } = engine.model();
    await succeed(["train", at("train.tsv"), "--model", path, ...TINY, "--worlds", "3-4", "--resume"]);
    await waitUntil(() => engine.model().worlds.length === 5, "five worlds answer");
    expect(engine.model().version).not.toBe(version);
    const model = await mach.Model.load(path);
    const { results } = await engine.search(ask(queries[3]));
    expectSame(results[0], model.predict([queries[3]], { k: 5 })[0]);
    expect(existsSync(join(path, "worlds/world-004.safetensors"))).toBe(true);
  });

  it("gives back the memory and the threads of models that were replaced", async () => {
    const path = copyOf("m", "memory");
    const engine = await load(path);
    const inside = engine as unknown as { current: { parts: { worlds: Map<number, Map<string, Float32Array>> } } };
    const parameters = (): Float32Array[] => [...inside.current.parts.worlds.values()].flatMap((w) => [...w.values()]);
    const old = parameters().map((array) => new WeakRef(array));
    await engine.reload();
    // The same files: the same memory, not read again.
    expect(parameters().map(({ buffer }) => buffer)).toEqual(old.map((array) => array.deref()?.buffer));
    copyOf("other", "memory");
    await engine.reload();
    const numThreads = (): number => process.getActiveResourcesInfo().filter((name) => name === "MessagePort").length;
    await waitUntil(() => numThreads() <= 2, "only the threads of one model are left");
    // Nothing else is allocated here: V8 alone would see no reason to collect.
    await waitUntil(() => old.every((array) => array.deref() === undefined), "no parameter of the old model is left");
  });
});

describe("a thread that dies", () => {
  it("is replaced, and its queries are answered by another", async () => {
    const engine = await load(at("m"), { numThreads: 2, cacheEntries: 0, maxBatch: 4 });
    // What no API offers: the thread's own handle.
    const inside = engine as unknown as { current: { threads: { threads: Set<{ terminate(): Promise<void> }> } } };
    const threads = (): { terminate(): Promise<void> }[] => [...inside.current.threads.threads];
    const before = threads();
    const asked = Promise.all(queries.map((query) => engine.search(ask(query))));
    await before[0].terminate();
    expect(await asked).toHaveLength(queries.length);
    await waitUntil(() => threads().length === 2 && !threads().includes(before[0]), "there is a new thread");
    expect(events.filter(({ kind }) => kind === "thread-died")).toHaveLength(1);
    await Promise.all(threads().map((thread) => thread.terminate()));
    expect((await engine.search(ask("word20 word21 word22"))).results[0].labels[0].label).toBe("label-4");
    await waitUntil(() => engine.ready, "threads are there again");
  });
});
