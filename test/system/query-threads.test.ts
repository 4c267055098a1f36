/** @file What if a job kills the thread that has it? Another thread does it again, once; the dead are replaced. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { EngineClosedError, PredictionThreadError } from "../../src/serve/engine/engine-errors.js";
import { QueryThreads } from "../../src/serve/engine/query-threads.js";
import { createDirectory, ROOT, removeDirectory } from "./manyworlds-process.js";

interface Job {
  readonly act: "warm" | "double" | "throw" | "die" | "die once" | "sleep";
  readonly value?: number;
}

let folder = "";
let script: URL;
const PATIENCE = { timeout: 20_000 };

beforeAll(() => {
  folder = createDirectory();
  const built = JSON.stringify(pathToFileURL(join(ROOT, "dist/src/parallel/index.js")).href);
  const worker = `
    import { serveJobs } from ${built};
    serveJobs(async (shared, { act, value }) => {
      // shared[0]: starts that shall fail; shared[1]: warm-ups; shared[2]: deaths.
      if (act === "warm") {
        Atomics.add(shared, 1, 1);
        if (Atomics.sub(shared, 0, 1) > 0) throw new Error("no memory to start");
        return "warm";
      }
      if (act === "throw") throw new Error("a bug in a job");
      if (act === "die" || (act === "die once" && Atomics.add(shared, 2, 1) === 0)) process.exit(3);
      if (act === "sleep") await new Promise((resolve) => setTimeout(resolve, value));
      return 2 * value;
    });`;
  writeFileSync(join(folder, "worker.mjs"), worker);
  script = pathToFileURL(join(folder, "worker.mjs"));
});
afterAll(() => removeDirectory(folder));

interface Started {
  readonly threads: QueryThreads<Job, number | string>;
  readonly said: number | string;
  readonly deaths: string[];
  readonly shared: Int32Array;
}

async function start(numThreads: number, numFailing = 0): Promise<Started> {
  const shared = new Int32Array(new SharedArrayBuffer(12));
  shared[0] = numFailing;
  const deaths: string[] = [];
  const onDeath = (error: Error): number => deaths.push(error.message);
  const started = await QueryThreads.start<Job, number | string>({
    ...{ script, numThreads, shared, onDeath, warmUp: { act: "warm" } },
  });
  return { ...started, deaths, shared };
}

async function waitUntil(condition: () => boolean): Promise<void> {
  for (let i = 0; i < 500 && !condition(); i++) await new Promise((resolve) => setTimeout(resolve, 10));
  expect(condition()).toBe(true);
}

describe("query threads", () => {
  it("do jobs, more than there are threads, once each is warm", PATIENCE, async () => {
    const { threads, said, shared, deaths } = await start(2);
    expect([said, shared[1], threads.numAlive]).toEqual(["warm", 2, 2]);
    const jobs = Array.from({ length: 9 }, (_, value) => threads.run({ act: "double", value }));
    expect(await Promise.all(jobs)).toEqual([0, 2, 4, 6, 8, 10, 12, 14, 16]);
    await expect(threads.run({ act: "throw" })).rejects.toThrow("a bug in a job");
    expect([threads.numAlive, deaths]).toEqual([2, []]);
    await threads.close();
    expect(deaths).toEqual([]);
    await expect(threads.run({ act: "double", value: 1 })).rejects.toBeInstanceOf(EngineClosedError);
  });

  it("do a job again whose thread died, and replace the thread", PATIENCE, async () => {
    const { threads, deaths, shared } = await start(1);
    const waiting = [threads.run({ act: "die once", value: 4 }), threads.run({ act: "double", value: 5 })];
    expect(await Promise.all(waiting)).toEqual([8, 10]);
    expect(deaths).toEqual([expect.stringMatching(/exited with code 3/)]);
    expect([threads.numAlive, shared[1]]).toEqual([1, 2]);
    await threads.close();
  });

  it("give a job up that kills two, and nothing else with it", PATIENCE, async () => {
    const { threads, deaths } = await start(2);
    const fatal = threads.run({ act: "die" });
    await expect(fatal).rejects.toBeInstanceOf(PredictionThreadError);
    await expect(fatal).rejects.toThrow(/two prediction threads died of it, .*code 3/);
    expect(await threads.run({ act: "double", value: 3 })).toBe(6);
    await waitUntil(() => threads.numAlive === 2);
    expect(deaths).toHaveLength(2);
    await threads.close();
  });

  it("try again to start a thread that does not start, after a while", PATIENCE, async () => {
    const { threads, deaths, shared } = await start(1);
    shared[0] = 2;
    await expect(threads.run({ act: "die once", value: 7 })).resolves.toBe(14);
    expect(deaths).toEqual([expect.stringMatching(/code 3/), "no memory to start", "no memory to start"]);
    await threads.close();
  });

  it("do not start at all if one of them cannot", PATIENCE, async () => {
    await expect(start(2, 1)).rejects.toThrow("no memory to start");
  });

  it("end with their jobs when they are closed", PATIENCE, async () => {
    const { threads } = await start(1);
    const running = expect(threads.run({ act: "sleep", value: 60_000 })).rejects.toBeInstanceOf(EngineClosedError);
    const waiting = expect(threads.run({ act: "double", value: 1 })).rejects.toBeInstanceOf(EngineClosedError);
    await threads.close();
    await Promise.all([running, waiting]);
  });
});
