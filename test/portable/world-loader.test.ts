/** @file Worlds that do not come: which are asked for again, when, and what answers meanwhile. */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { FetchError, type FileFetcher, httpFiles, PortableModel } from "../../src/portable/index.js";
import { RETRY_INTERVAL_MS } from "../../src/portable/world-loader.js";
import { temporaryDirectory } from "../checkpoint/temporary-directory.js";
import { exportedModel, folderFiles } from "./exported-model.js";

beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "performance"] }));
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

interface TroubledFiles {
  readonly files: FileFetcher;
  /** What a world's file meets now, by its number. */
  readonly trouble: Map<number, Error>;
  /** How often each world was asked for. */
  readonly asked: number[];
}

async function troubledFiles(): Promise<TroubledFiles> {
  const { folder } = await exportedModel(temporaryDirectory(), { bits: 4 });
  const files = folderFiles(folder);
  const trouble = new Map<number, Error>();
  const asked = [0, 0, 0, 0, 0];
  return {
    trouble,
    asked,
    files: async (name, fresh) => {
      const [, digits] = /world-(\d+)/.exec(name) ?? [];
      const error = digits === undefined ? undefined : trouble.get(Number(digits));
      if (digits !== undefined) asked[Number(digits)]++;
      if (error !== undefined) throw error;
      return files(name, fresh);
    },
  };
}

/** What `promise` resolves to, while time goes on. */
async function inTime<T>(promise: Promise<T>): Promise<T> {
  let isOver = false;
  const result = promise.finally(() => {
    isOver = true;
  });
  await expect.poll(() => vi.advanceTimersByTimeAsync(100).then(() => isOver)).toBe(true);
  return result;
}

async function loadWhole(files: FileFetcher, progress: number[] = []): Promise<PortableModel> {
  const model = await inTime(PortableModel.load({ files, onProgress: ({ worlds }) => progress.push(worlds) }));
  await inTime(model.prefetched);
  return model;
}

describe("a world that does not come", () => {
  it.each([null, 429, 503])("by chance, as with status %j, is asked for again a moment later", async (status) => {
    const { files, trouble, asked } = await troubledFiles();
    trouble.set(2, new FetchError("busy", status));
    const model = await loadWhole(async (name, fresh) => {
      if (asked[2] === 2) trouble.clear();
      return files(name, fresh);
    });
    expect(model.model()).toMatchObject({ worlds: [0, 1, 2, 3, 4], failedWorlds: [] });
    expect(asked).toEqual([1, 1, 3, 1, 1]);
  });

  it("for long is tried again by later searches, not by each, and then answers with the others", async () => {
    const { files, trouble, asked } = await troubledFiles();
    trouble.set(1, new FetchError("no connection"));
    trouble.set(3, new FetchError("status 500", 500));
    const progress: number[] = [];
    const model = await loadWhole(files, progress);
    expect(progress.at(-1)).toBe(3);
    expect(model.model().failedWorlds).toEqual([
      { world: 1, reason: "no connection" },
      { world: 3, reason: "status 500" },
    ]);
    const first = [...asked];
    expect(first).toEqual([1, 3, 1, 3, 1]);

    const votes = async (): Promise<number | undefined> => {
      const { results } = await model.search({ query: "w1", k: 1, explain: true });
      return results[0].labels[0].votes?.length;
    };
    await vi.advanceTimersByTimeAsync(RETRY_INTERVAL_MS);
    trouble.delete(1);
    expect(await votes()).toBe(3);
    // A second search while the first has them tried again.
    expect(await votes()).toBe(3);
    await expect.poll(() => vi.advanceTimersByTimeAsync(100).then(() => progress.at(-1))).toBe(4);
    expect(model.model()).toMatchObject({
      worlds: [0, 1, 2, 4],
      failedWorlds: [{ world: 3, reason: "status 500" }],
    });
    const second = [...asked];
    expect(second).toEqual([1, 4, 1, 6, 1]);

    trouble.clear();
    expect(await votes()).toBe(4);
    await vi.advanceTimersByTimeAsync(100);
    expect(asked).toEqual(second);
    await vi.advanceTimersByTimeAsync(RETRY_INTERVAL_MS);
    await votes();
    await expect.poll(() => progress.at(-1)).toBe(5);
    expect(await votes()).toBe(5);
    expect(model.model()).toMatchObject({ worlds: [0, 1, 2, 3, 4], failedWorlds: [] });
    expect(model.label(3)?.buckets.length).toBe(5);
  });

  it("because the host has none is not asked for again", async () => {
    const { files, trouble, asked } = await troubledFiles();
    trouble.set(4, new FetchError("status 404", 404));
    const model = await loadWhole(files);
    await vi.advanceTimersByTimeAsync(RETRY_INTERVAL_MS);
    await model.search({ query: "w1" });
    await vi.advanceTimersByTimeAsync(RETRY_INTERVAL_MS);
    expect(asked).toEqual([1, 1, 1, 1, 1]);
    expect(model.model().failedWorlds).toEqual([{ world: 4, reason: "status 404" }]);
  });
});

it("the index is asked for anew, a wrong copy of another file past the caches", async () => {
  const asked: [string, RequestInit][] = [];
  vi.stubGlobal("fetch", async (url: string, init: RequestInit) => {
    asked.push([url, init]);
    return new Response("x");
  });
  const fetchFile = httpFiles("https://host.example/model");
  await fetchFile("index.json", true);
  await fetchFile("v/world-000.bin", false);
  await fetchFile("v/world-000.bin", true);
  expect(asked).toEqual([
    ["https://host.example/model/index.json", { cache: "no-cache" }],
    ["https://host.example/model/v/world-000.bin", {}],
    ["https://host.example/model/v/world-000.bin", { cache: "reload" }],
  ]);
});
