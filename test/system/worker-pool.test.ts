/** @file What if a worker thread fails? The run rejects with the reason and every thread ends; nothing waits for the dead. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { InterruptedError } from "../../src/core/errors.js";
import { WorkerError } from "../../src/parallel/job-thread.node.js";
import { runJobs } from "../../src/parallel/worker-pool.node.js";
import { createDirectory, ROOT, removeDirectory } from "./manyworlds-process.js";

/** What a worker is told to do. */
interface Job {
  readonly act: string;
  readonly value?: number;
}

let folder = "";
let script: URL;
/** A run that has not ended after this time hangs. */
const PATIENCE = { timeout: 20_000 };

beforeAll(() => {
  folder = createDirectory();
  const built = (path: string): string => JSON.stringify(pathToFileURL(join(ROOT, "dist/src", path)).href);
  const worker = `
    import { FormatError } from ${built("core/index.js")};
    import { serveJobs } from ${built("parallel/index.js")};
    serveJobs(async (shared, { act, value }, context) => {
      if (act === "double") { context.postProgress(value); return 2 * value + shared[0]; }
      if (act === "throw") throw new Error("a bug in the worker");
      if (act === "refuse") throw new FormatError({ file: "rows.tsv", line: 7 }, "expected sense, got nonsense");
      if (act === "exit") process.exit(3);
      if (act === "exit later") { setTimeout(() => process.exit(4), 20); return value; }
      if (act === "throw later") { setTimeout(() => { throw new Error("a bug behind the back"); }, 20); return value; }
      if (act === "forget") Promise.reject(new Error("nobody awaited this"));
      if (act === "uncloneable") return () => {};
      while (!context.shouldStop()) await new Promise((resolve) => setTimeout(resolve, 1));
      return value;
    });`;
  writeFileSync(join(folder, "worker.mjs"), worker);
  script = pathToFileURL(join(folder, "worker.mjs"));
});
afterAll(() => removeDirectory(folder));

/** Runs `jobs` on `numThreads` threads. @returns the results by job; waits a little after each, so workers may die. */
async function run(jobs: Job[], numThreads = 1, pauseMs = 0): Promise<Map<Job, unknown>> {
  const results = new Map<Job, unknown>();
  const shared = new Float32Array(new SharedArrayBuffer(4)).fill(0.5);
  await runJobs<Job, number, unknown>(jobs, { script, numThreads, shared }, async (job, result) => {
    results.set(job, result);
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  });
  return results;
}

describe("a pool of workers", () => {
  it("does every job once, on shared memory, and reports progress under its job", PATIENCE, async () => {
    const jobs = Array.from({ length: 9 }, (_, value) => ({ act: "double", value }));
    const results = new Map<Job, number>();
    const progress: [Job, number][] = [];
    const shared = new Float32Array(new SharedArrayBuffer(4)).fill(0.5);
    const onProgress = (job: Job, value: number): number => progress.push([job, value]);
    await runJobs<Job, number, number>(jobs, { script, numThreads: 3, shared, onProgress }, (job, result) => {
      results.set(job, result);
    });
    expect([...results].every(([{ value }, result]) => result === 2 * (value ?? 0) + 0.5)).toBe(true);
    expect(results.size).toBe(9);
    expect(progress.map(([job, value]) => job.value === value)).toEqual(Array(9).fill(true));
  });

  it("rejects with the error that a job throws, its kind and exit code kept", PATIENCE, async () => {
    const refused = run([{ act: "double", value: 1 }, { act: "refuse" }, { act: "double", value: 2 }]);
    await expect(refused).rejects.toThrow("rows.tsv:7: expected sense, got nonsense");
    await expect(refused).rejects.toMatchObject({ exitCode: 2, originalName: "FormatError" });
    const bug = run([{ act: "throw" }]);
    await expect(bug).rejects.toBeInstanceOf(WorkerError);
    await expect(bug).rejects.toMatchObject({ exitCode: 1, message: "a bug in the worker" });
  });

  it.each([
    ["exits in a job", "exit", /exited with code 3 before its time/],
    ["leaves a rejection unhandled in a job", "forget", /nobody awaited this/],
    ["returns what cannot be cloned", "uncloneable", /could not be cloned/],
  ])("rejects when a worker %s", PATIENCE, async (_, act, message) => {
    await expect(run([{ act }, { act: "double", value: 1 }])).rejects.toThrow(message);
  });

  it.each([
    ["exits", "exit later", /exited with code 4 before its time/],
    ["throws", "throw later", /a bug behind the back/],
  ])("rejects when a worker %s between two jobs", PATIENCE, async (_, act, message) => {
    await expect(
      run(
        [
          { act, value: 1 },
          { act: "double", value: 1 },
        ],
        1,
        300,
      ),
    ).rejects.toThrow(message);
  });

  it("stops the other threads when one fails, and starts nothing more", PATIENCE, async () => {
    const jobs = [{ act: "wait for the end" }, { act: "exit" }, { act: "double", value: 1 }];
    await expect(run(jobs, 2)).rejects.toThrow(/exited with code 3/);
  });

  it("rejects when the worker's program is not there", PATIENCE, async () => {
    const absent = new URL("absent.mjs", script);
    const started = runJobs([{}], { script: absent, numThreads: 1, shared: null }, () => {});
    await expect(started).rejects.toThrow(/absent\.mjs/);
  });

  it("rejects with what the caller's own functions throw", PATIENCE, async () => {
    const jobs = [{ act: "double", value: 1 }];
    const options = { script, numThreads: 1, shared: [0] };
    const fail = (message: string) => (): never => {
      throw new Error(message);
    };
    await expect(runJobs(jobs, options, fail("from onResult"))).rejects.toThrow("from onResult");
    const onProgress = fail("from onProgress");
    await expect(runJobs(jobs, { ...options, onProgress }, () => {})).rejects.toThrow("from onProgress");
  });

  it("stops when it is told to", PATIENCE, async () => {
    const abort = new AbortController();
    const options = { script, numThreads: 2, shared: null, signal: abort.signal };
    const jobs = [{ act: "wait for the end" }, { act: "wait for the end" }, { act: "wait for the end" }];
    let numStarted = 0;
    const onStart = (): void => {
      numStarted++;
      if (numStarted === 2) setTimeout(() => abort.abort(), 50);
    };
    await expect(runJobs(jobs, { ...options, onStart }, () => {})).rejects.toBeInstanceOf(InterruptedError);
    expect(numStarted).toBe(2);
  });
});
