import { afterEach, describe, expect, it, vi } from "vitest";
import { FetchError, type FileFetcher } from "../../src/portable/index.js";
import { ModelAnswers } from "../../web/browser-model/model-answers.js";
import type { FromWorker, ToWorker, WorkerProgress } from "../../web/browser-model/worker-messages.js";
import { type MessagePeer, WorkerSearchClient } from "../../web/browser-model/worker-search-client.js";
import { SearchFailure } from "../../web/search/search-client.js";
import { temporaryDirectory } from "../checkpoint/temporary-directory.js";
import { exportedModel, folderFiles } from "../portable/exported-model.js";

/** A worker without a thread: messages are cloned, as they are on their way to one. */
class NearWorker implements MessagePeer {
  readonly sent: ToWorker[] = [];
  answers: ModelAnswers | null = null;
  private readonly onMessage: ((event: { readonly data: FromWorker }) => void)[] = [];
  private readonly onError: ((event: { readonly message?: string }) => void)[] = [];

  postMessage(message: ToWorker): void {
    this.sent.push(message);
    void this.answers?.take(structuredClone(message));
  }
  addEventListener(kind: "message" | "error", listener: unknown): void {
    (kind === "message" ? this.onMessage : this.onError).push(listener as () => void);
  }
  emit(data: FromWorker): void {
    for (const listener of this.onMessage) listener({ data: structuredClone(data) });
  }
  die(message?: string): void {
    for (const listener of this.onError) listener(message === undefined ? {} : { message });
  }
}

/** A client whose worker loads from `files`. */
function clientOf(files: FileFetcher): { client: WorkerSearchClient; worker: NearWorker; progress: WorkerProgress[] } {
  const worker = new NearWorker();
  worker.answers = new ModelAnswers(
    (message) => worker.emit(message),
    (base) => {
      expect(base).toBe("https://host.example/model/");
      return files;
    },
  );
  const progress: WorkerProgress[] = [];
  const client = new WorkerSearchClient(worker, "https://host.example/model/", (now) => progress.push(now));
  return { client, worker, progress };
}

afterEach(() => void vi.useRealTimers());

async function failureOf(promise: Promise<unknown>): Promise<SearchFailure> {
  const error = await promise.then(
    () => null,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(SearchFailure);
  return error as SearchFailure;
}

describe("a client of a model in a worker", () => {
  it("answers questions about model, texts and labels, and says how far loading has come", async () => {
    const { folder, labels } = await exportedModel(temporaryDirectory(), { bits: 4 });
    const { client, progress } = clientOf(folderFiles(folder));
    const { results } = await client.search({ query: "w1 w2", k: 3, explain: true });
    expect(results[0].labels.length).toBe(3);
    expect(await client.model()).toMatchObject({ worlds: [0, 1, 2, 3, 4], kind: "text" });
    expect(await client.label(4)).toMatchObject({ id: 4, label: labels.nameOf(4), count: 12 });
    expect(await client.label(4000)).toBeNull();
    await expect.poll(() => progress.at(-1)?.done).toBe(true);
    const last = progress.at(-1) as WorkerProgress;
    expect([last.worlds, last.numWorlds]).toEqual([5, 5]);
    expect(last.fetchedBytes).toBeGreaterThan(1000);
    expect(progress.map(({ bytes }) => bytes)).toEqual(progress.map(({ bytes }) => bytes).sort((a, b) => a - b));
  });

  it("says what is refused, what cannot be reached, what is broken; and loads again when asked again", async () => {
    const { folder } = await exportedModel(temporaryDirectory(), { bits: 4 });
    const files = folderFiles(folder);
    let trouble: Error | null = new FetchError("index.json: it could not be fetched");
    const { client } = clientOf(async (name, fresh) => {
      if (trouble !== null) throw trouble;
      return files(name, fresh);
    });
    expect(await failureOf(client.search({ query: "w1" }))).toMatchObject({
      kind: "offline",
      message: "index.json: it could not be fetched",
    });
    trouble = new FetchError("index.json: status 404", 404);
    expect(await failureOf(client.model())).toMatchObject({ kind: "broken" });
    trouble = new Error("odd");
    expect(await failureOf(client.model())).toMatchObject({ kind: "broken", message: "odd" });
    trouble = null;
    expect((await client.search({ query: "w1" })).results.length).toBe(1);
    expect(await failureOf(client.search({ query: "w1", k: 0 }))).toMatchObject({ kind: "refused" });
  });

  it("says that it would answer better when worlds have joined since an answer", async () => {
    const { folder } = await exportedModel(temporaryDirectory(), { bits: 4 });
    const files = folderFiles(folder);
    let open: () => void = () => {};
    const gate = new Promise<void>((resolve) => {
      open = resolve;
    });
    const { client } = clientOf(async (name, fresh) => {
      if (/world-00[1-4]/.test(name)) await gate;
      return files(name, fresh);
    });
    const heard: string[] = [];
    const stop = client.onBetter(() => heard.push("better"));
    client.onBetter(() => heard.push("too"));
    const few = await client.search({ query: "w1", k: 1, explain: true });
    expect(few.results[0].labels[0].votes?.length).toBe(1);
    stop();
    open();
    await client.model();
    await expect.poll(() => heard).toEqual(["too"]);
    const all = await client.search({ query: "w1", k: 1, explain: true });
    expect(all.results[0].labels[0].votes?.length).toBe(5);
  });

  it("says so, too, when worlds come that could not be reached at first", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "performance"] });
    const { folder } = await exportedModel(temporaryDirectory(), { bits: 4 });
    const files = folderFiles(folder);
    let isDown = true;
    const { client, progress } = clientOf(async (name, fresh) => {
      if (isDown && name.includes("world-003")) throw new FetchError("no connection");
      return files(name, fresh);
    });
    const heard: string[] = [];
    client.onBetter(() => heard.push("better"));
    /** What `read` gives, when time has gone on a little. */
    const later = (read: () => unknown) => expect.poll(() => vi.advanceTimersByTimeAsync(100).then(read));
    await later(() => progress.at(-1)?.done).toBe(true);
    expect(progress.at(-1)?.worlds).toBe(4);
    expect((await client.model()).failedWorlds).toEqual([{ world: 3, reason: "no connection" }]);
    isDown = false;
    await vi.advanceTimersByTimeAsync(10_000);
    await client.search({ query: "w1" });
    await later(() => heard).toEqual(["better"]);
    expect(progress.at(-1)).toMatchObject({ worlds: 5, done: true });
    expect(await client.model()).toMatchObject({ worlds: [0, 1, 2, 3, 4], failedWorlds: [] });
  });

  it("does not say so where nothing was asked before", async () => {
    const { folder } = await exportedModel(temporaryDirectory(), { bits: 4 });
    const { client, progress } = clientOf(folderFiles(folder));
    const heard: string[] = [];
    client.onBetter(() => heard.push("better"));
    await client.model();
    await expect.poll(() => progress.at(-1)?.done).toBe(true);
    expect(heard).toEqual([]);
  });

  it("an abort rejects at once with its reason, and the worker hears of it", async () => {
    const { folder } = await exportedModel(temporaryDirectory(), { bits: 4 });
    const { client, worker } = clientOf(folderFiles(folder));
    const control = new AbortController();
    const reason = new Error("typed on");
    const search = client.search({ query: "w1" }, control.signal);
    control.abort(reason);
    await expect(search).rejects.toBe(reason);
    expect(worker.sent.at(-1)).toEqual({ id: 1, abort: true });
    await expect(client.search({ query: "w1" }, control.signal)).rejects.toBe(reason);
    expect((await client.search({ query: "w2" })).results[0].query).toBe("w2");
  });

  it("a worker that dies fails what was asked and what will be, with its words", async () => {
    const worker = new NearWorker();
    const client = new WorkerSearchClient(worker, "https://host.example/model/", () => {});
    const search = client.search({ query: "w1" });
    worker.die("out of memory");
    expect(await failureOf(search)).toMatchObject({ kind: "broken", message: expect.stringMatching(/out of memory/) });
    expect(await failureOf(client.model())).toMatchObject({ kind: "broken" });
    const mute = new NearWorker();
    const other = new WorkerSearchClient(mute, "https://host.example/model/", () => {});
    mute.die();
    expect((await failureOf(other.label(1))).message).toMatch(/could not be started/);
  });
});
