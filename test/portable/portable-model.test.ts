import { readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { ConfigError, FormatError } from "../../src/core/errors.js";
import { NumericVectorizer } from "../../src/data/numeric-vectorizer.js";
import type { TextVectorizerOptions } from "../../src/data/text-vectorizer.js";
import { labelFilter } from "../../src/mach/label-filter.js";
import type { MergeKind } from "../../src/mach/merge.js";
import type { SearchResult } from "../../src/mach/search-contract.js";
import type { WorldOptions } from "../../src/mach/world.js";
import { FetchError, type FileFetcher, PortableModel } from "../../src/portable/index.js";
import type { WeightBits } from "../../src/portable/quantize.js";
import { temporaryDirectory } from "../checkpoint/temporary-directory.js";
import {
  type ExportedModel,
  type ExportedOptions,
  exportedModel,
  folderFiles,
  NUM_LABELS,
  randomTexts,
} from "./exported-model.js";

const BITS: readonly WeightBits[] = [4, 8, 32];
const QUERIES = [...randomTexts(20, 9), "", "unknown words only", `w3 ${"w1 w2 ".repeat(40)}w5`];

async function loadWhole(files: FileFetcher): Promise<PortableModel> {
  const model = await PortableModel.load({ files });
  await model.complete;
  expect(model.worldNumbers.length).toBeGreaterThan(0);
  return model;
}

/** The library's answers as those of a search. */
function expectLibraryAnswers(
  results: readonly SearchResult[],
  { ensemble, vectorizer, labels }: ExportedModel,
  queries: readonly string[],
  options: { readonly k: number; readonly allowed?: Uint8Array },
): void {
  const { k } = options;
  const expected = ensemble.predict(vectorizer.transformAll(queries), options);
  queries.forEach((query, q) => {
    const result = results[q];
    expect(result.query).toBe(query);
    expect(result.labels.length).toBe(expected.counts[q]);
    result.labels.forEach(({ id, label, probability }, j) => {
      expect(Math.abs(probability - expected.scores[q * k + j])).toBeLessThan(1e-5);
      // Labels whose scores differ by less than rounding may swap.
      const score = (place: number): number => expected.scores[q * k + place];
      const isTied = [j - 1, j + 1].some((i) => i >= 0 && i < k && Math.abs(score(i) - score(j)) < 1e-6);
      if (!isTied && j + 1 < k) expect(id).toBe(expected.labels[q * k + j]);
      expect(label).toBe(labels.nameOf(id));
    });
  });
}

describe("answers are the library's on the weights that the codes stand for", () => {
  const cases: {
    readonly name: string;
    readonly network?: Partial<WorldOptions>;
    readonly merge?: MergeKind;
    readonly text?: Partial<TextVectorizerOptions>;
  }[] = [
    { name: "a linear bottleneck, log-scores" },
    { name: "two ReLU layers, sigmoid", network: { hidden: [5, 33], activation: "relu", loss: "sigmoid" } },
    { name: "linear worlds, probabilities", network: { hidden: [] }, merge: "probability" },
    { name: "minimum", merge: "min", network: { hidden: [17] } },
    { name: "hashed features, most of them unused", text: { hashBits: 9 } },
    { name: "pieces of words", text: { wordNgrams: 0, charNgrams: [1, 3] } },
  ];
  for (const { name, ...model } of cases) {
    for (const bits of BITS) {
      it(`${name}, ${bits} bits`, async () => {
        const exported = await exportedModel(temporaryDirectory(), { bits, ...model });
        const portable = await loadWhole(folderFiles(exported.folder));
        const { results } = await portable.search({ queries: QUERIES, k: 7 });
        expectLibraryAnswers(results, exported, QUERIES, { k: 7 });
        const one = await portable.search({ query: QUERIES[0], k: 7 });
        expectLibraryAnswers(one.results, exported, QUERIES.slice(0, 1), { k: 7 });
      });
    }
  }

  it("with a text of more words than one call multiplies", async () => {
    const network = { hidden: [6000] };
    const exported = await exportedModel(temporaryDirectory(), { bits: 8, network, text: { minDocumentFrequency: 1 } });
    const portable = await loadWhole(folderFiles(exported.folder));
    const query = Array.from({ length: 60 }, (_, i) => `w${i}`).join(" ");
    const { results } = await portable.search({ query });
    expectLibraryAnswers(results, exported, [query], { k: 10 });
  });
});

describe("a search", () => {
  it("keeps to filters, to the least probability, and says which words are unknown", async () => {
    const exported = await exportedModel(temporaryDirectory(), { bits: 8 });
    const model = await loadWhole(folderFiles(exported.folder));
    const { labels } = exported;
    const only = [5, 9, 30].map((id) => labels.nameOf(id));
    const some = await model.search({ queries: QUERIES, k: 5, filter: { only } });
    expectLibraryAnswers(some.results, exported, QUERIES, { k: 5, allowed: labelFilter(NUM_LABELS, [5, 9, 30]) });
    const rest = await model.search({ query: QUERIES[0], k: 40, filter: { only, except: [only[1]] } });
    expect(rest.results[0].labels.map(({ id }) => id).sort((a, b) => a - b)).toEqual([5, 30]);
    const all = await model.search({ query: QUERIES[0], k: 40 });
    const least = all.results[0].labels[3].probability;
    const likely = await model.search({ query: QUERIES[0], k: 40, minProbability: least });
    expect(likely.results[0].labels).toEqual(all.results[0].labels.slice(0, 4));
    const { results } = await model.search({ queries: ["w1", "never seen", ""] });
    expect(results.map(({ unknown }) => unknown)).toEqual([false, true, true]);
  });

  it("explains: votes of each world whose mean is the answer, its best buckets, companions", async () => {
    const exported = await exportedModel(temporaryDirectory(), { bits: 32, merge: "probability" });
    const model = await loadWhole(folderFiles(exported.folder));
    const { results } = await model.search({ queries: ["w1 w4", "w2"], k: 3, explain: true });
    const plain = await model.search({ queries: ["w1 w4", "w2"], k: 3 });
    const bias = (id: number): number => {
      const { prior } = exported.ensemble;
      return prior === null ? 0 : prior.bias[prior.codes[id]];
    };
    results.forEach(({ labels, worlds }, q) => {
      expect(labels.map(({ id }) => id)).toEqual(plain.results[q].labels.map(({ id }) => id));
      expect(worlds?.map(({ world }) => world)).toEqual([0, 1, 2, 3, 4]);
      for (const { id, votes = [], probability, companions = [] } of labels) {
        const mean = votes.reduce((sum, vote) => sum + vote.probability, 0) / votes.length;
        expect(mean + bias(id)).toBeCloseTo(probability, 5);
        for (const { world, bucket, rank, probability: said } of votes) {
          expect(bucket).toBe(exported.ensemble.hash.bucket(id, world));
          const best = worlds?.[world].buckets ?? [];
          expect(best[rank - 1]).toEqual({ bucket, probability: said });
        }
        expect(companions.length).toBe(5);
      }
    });
  });

  it("refuses what cannot be answered, naming the field", async () => {
    const { folder } = await exportedModel(temporaryDirectory(), { bits: 4 });
    const model = await loadWhole(folderFiles(folder));
    const bad = [
      [{}, /query/],
      [{ query: "a", queries: ["b"] }, /query/],
      [{ queries: [] }, /queries/],
      [{ query: 3 }, /queries/],
      [{ query: "a", k: 0 }, /k: expected 1 to 1000, got 0/],
      [{ query: "a", k: 21, explain: true }, /k: expected at most 20/],
      [{ query: "a", minProbability: 2 }, /minProbability/],
      [{ query: "a", explain: 1 }, /explain/],
      [{ query: "a", filter: { only: "b" } }, /filter/],
      [{ query: "a", filter: { only: ["no such label"] } }, /knows no label "no such label"/],
    ] as const;
    for (const [request, message] of bad) {
      const answer = model.search(request as never);
      await expect(answer).rejects.toThrow(ConfigError);
      await expect(answer).rejects.toThrow(message);
    }
    const reason = new Error("typed on");
    await expect(model.search({ query: "w1" }, AbortSignal.abort(reason))).rejects.toBe(reason);
  });

  it("fetches only the shards of its words, once, and lets go of those that nobody asked for lately", async () => {
    const network = { hidden: [2048] };
    const { folder, report } = await exportedModel(temporaryDirectory(), { bits: 32, network });
    expect(report.numShards).toBeGreaterThan(20);
    const fetched: string[] = [];
    const model = await PortableModel.load({ files: folderFiles(folder, fetched), maxShardBytes: 1, prefetchBytes: 0 });
    await model.complete;
    const shards = (): string[] => fetched.filter((name) => name.includes("/input/"));
    expect(shards()).toEqual([]);
    await Promise.all([model.search({ query: "w1 w1" }), model.search({ query: "w1" })]);
    expect(shards().length).toBe(1);
    expect(model.shardBytes).toBe(0);
    await model.search({ query: "w1 w40" });
    expect(new Set(shards()).size).toBe(2);
    const roomy = await PortableModel.load({ files: folderFiles(folder, fetched), prefetchBytes: 2 ** 30 });
    await roomy.prefetched;
    const before = shards().length;
    await roomy.search({ queries: QUERIES });
    expect(shards().length).toBe(before);
  });
});

describe("loading", () => {
  it("answers with the worlds that have arrived, and with more as they come", async () => {
    const exported = await exportedModel(temporaryDirectory(), { bits: 8, merge: "probability" });
    const files = folderFiles(exported.folder);
    const gates = new Map<string, () => void>();
    const progress: number[] = [];
    const model = await PortableModel.load({
      files: async (name, fresh) => {
        const [world] = /world-00[1-9]/.exec(name) ?? [];
        if (world !== undefined) await new Promise<void>((open) => gates.set(world, open));
        return files(name, fresh);
      },
      onProgress: ({ worlds }) => progress.push(worlds),
    });
    expect(model.model().worlds).toEqual([0]);
    expect(model.label(3)?.buckets.length).toBe(1);
    const few = await model.search({ query: "w1 w2", k: 3, explain: true });
    expect(few.results[0].labels[0].votes?.length).toBe(1);
    for (const world of [1, 2, 3, 4]) {
      await expect.poll(() => gates.has(`world-00${world}`)).toBe(true);
      gates.get(`world-00${world}`)?.();
    }
    await model.complete;
    expect(model.model()).toMatchObject({ worlds: [0, 1, 2, 3, 4], failedWorlds: [], numWorlds: 5, kind: "text" });
    await model.prefetched;
    expect(progress.slice(0, 6)).toEqual([1, 2, 2, 4, 4, 5]);
    expect(progress.slice(6).filter((worlds) => worlds !== 5)).toEqual([]);
    const { results } = await model.search({ queries: QUERIES, k: 4 });
    expectLibraryAnswers(results, exported, QUERIES, { k: 4 });
  });

  it("answers without worlds that do not come; some of the model's worlds are a model", async () => {
    const exported = await exportedModel(temporaryDirectory(), { bits: 8, worlds: [1, 3] });
    const { folder, report } = exported;
    expect(report.worlds).toEqual([1, 3]);
    const whole = await loadWhole(folderFiles(folder));
    expectLibraryAnswers((await whole.search({ queries: QUERIES, k: 4 })).results, exported, QUERIES, { k: 4 });
    rmSync(join(folder, report.version, "world-001.bin"));
    const model = await loadWhole(folderFiles(folder));
    expect(model.model()).toMatchObject({ worlds: [3], numWorlds: 2 });
    expect(model.model().failedWorlds).toEqual([{ world: 1, reason: expect.stringContaining("world-001.bin") }]);
    rmSync(join(folder, report.version, "world-003.bin"));
    await expect(loadWhole(folderFiles(folder))).rejects.toThrow(FetchError);
  });

  it("tells every damaged file, and fetches it again past the caches first", async () => {
    const { folder, report } = await exportedModel(temporaryDirectory(), { bits: 8 });
    const files = folderFiles(folder);
    const damage = (name: string, always: boolean): FileFetcher => {
      return async (asked, fresh) => {
        const bytes = Uint8Array.from(await files(asked, fresh));
        if (asked.endsWith(name) && (always || !fresh)) bytes[bytes.length >> 1] ^= 1;
        return bytes;
      };
    };
    for (const name of ["kernels.bin", "vocabulary.bin", "labels.bin"]) {
      const failing = loadWhole(damage(name, true));
      await expect(failing).rejects.toThrow(FormatError);
      await expect(failing).rejects.toThrow(`${report.version}/${name}: it is not the file that index.json names`);
      expect((await loadWhole(damage(name, false))).worldNumbers.length).toBe(5);
    }
    const lessOne = await loadWhole(damage("world-002.bin", true));
    expect(lessOne.worldNumbers).toEqual([0, 1, 3, 4]);
    const noRows = await loadWhole(damage("input/0000.bin", true));
    await expect(noRows.search({ query: "w1" })).rejects.toThrow(/input\/0000.bin: it is not the file/);
    expect((await noRows.search({ query: "" })).results[0].labels.length).toBeGreaterThan(0);
  });

  it("tells an index that is none, is newer, or lacks parts", async () => {
    const { folder } = await exportedModel(temporaryDirectory(), { bits: 8 });
    const text = readFileSync(join(folder, "index.json"), "utf8");
    const index = JSON.parse(text);
    const bad: [string, RegExp][] = [
      [text.slice(0, -9), /index.json: expected JSON/],
      ["[]", /is this an export/],
      [JSON.stringify({ ...index, formatVersion: 2 }), /expected format version 1, got 2/],
      [JSON.stringify({ ...index, bits: 5 }), /bits/],
      [JSON.stringify({ ...index, worlds: [3, 1] }), /ascending/],
      [JSON.stringify({ ...index, network: null }), /network/],
      [JSON.stringify({ ...index, files: { ...index.files, "labels.bin": {} } }), /labels.bin/],
      [JSON.stringify({ ...index, input: { ...index.input, digests: "AAAA" } }), /digests/],
      [JSON.stringify({ ...index, version: "../x" }), /version/],
    ];
    for (const [wrong, message] of bad) {
      const files: FileFetcher = async (name, fresh) =>
        name === "index.json" ? new TextEncoder().encode(wrong) : folderFiles(folder)(name, fresh);
      const failing = PortableModel.load({ files });
      await expect(failing).rejects.toThrow(FormatError);
      await expect(failing).rejects.toThrow(message);
    }
  });

  it("takes the kernels of the program that loads it, compiled or not, and refuses other bytes", async () => {
    const { folder, report } = await exportedModel(temporaryDirectory(), { bits: 8 });
    const wasm = gunzipSync(readFileSync(join(folder, report.version, "kernels.bin")));
    const fetched: string[] = [];
    const model = await PortableModel.load({ files: folderFiles(folder, fetched), wasm });
    expect((await model.search({ query: "w1" })).results.length).toBe(1);
    expect(fetched.some((name) => name.includes("kernels"))).toBe(false);
    const other = PortableModel.load({ files: folderFiles(folder), wasm: Uint8Array.of(0, 97, 115, 109) });
    await expect(other).rejects.toThrow(/kernels.bin: expected the kernels of this version/);
  });
});

describe("an export", () => {
  it("states the sizes of what it wrote, and the same model gives the same bytes", async () => {
    const [a, b] = [temporaryDirectory(), temporaryDirectory()];
    const { folder, report } = await exportedModel(a, { bits: 4 });
    const again = await exportedModel(b, { bits: 4 });
    expect(again.report).toEqual(report);
    const sizes = (root: string): [string, number][] =>
      readdirSync(root, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => [entry.name, readFileSync(join(entry.parentPath, entry.name)).length]);
    expect(report.bytes.total).toBe(sizes(folder).reduce((sum, [, size]) => sum + size, 0));
    expect(readFileSync(join(again.folder, "index.json"))).toEqual(readFileSync(join(folder, "index.json")));
  });

  it("refuses feature numbers, worlds that are not there, and weights that are not finite", async () => {
    const refused = async (options: Partial<ExportedOptions>, message: RegExp): Promise<void> => {
      const exporting = exportedModel(temporaryDirectory(), { bits: 4, ...options });
      await expect(exporting).rejects.toThrow(ConfigError);
      await expect(exporting).rejects.toThrow(message);
    };
    await refused({ worlds: [9] }, /expected worlds 9, found none/);
    await refused({ vectorizerJson: new NumericVectorizer(9, "header").toJSON() }, /expected a model of words/);
    await refused({ badWeight: Number.NaN }, /did the training diverge/);
  });
});
