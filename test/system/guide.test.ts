/**
 * @file Does docs/guide/ keep its word? Its commands are taken from the text as they stand and run one after the other in
 * a folder of their own; what the text says of them is checked. Only the port is another: it must be free.
 */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ROOT } from "./manyworlds-process.js";
import { eventually, freePort, makeSmallClone } from "./small-clone.js";

const PORT = 8080;
const guide = readFileSync(join(ROOT, "docs/guide/README.md"), "utf8");
const hasCurl = spawnSync("curl", ["--version"]).status === 0;
if (!hasCurl) console.warn("guide.test: no curl on this machine, its two requests are not run");

/** Section number → its fenced blocks, in order. */
const sections = new Map(
  guide
    .split(/^## (?=\d)/m)
    .slice(1)
    .map((text) => {
      const blocks = [...text.matchAll(/^```([^\n]*)\n(.*?)^```$/gms)].map(([, kind, code]) => ({ kind, code }));
      return [Number.parseInt(text, 10), blocks] as const;
    }),
);
const blockOf = (section: number, kind: string): string => {
  const found = sections.get(section)?.filter((block) => block.kind === kind) ?? [];
  expect(found, `blocks of ${kind} in section ${section}`).toHaveLength(1);
  return found[0].code;
};

let folder = "";
let port = 0;
let server: ChildProcess | undefined;
let printed = "";

beforeAll(async () => {
  folder = makeSmallClone("guide");
  port = await freePort();
});
afterAll(() => {
  if (server?.pid !== undefined && server.exitCode === null && server.signalCode === null)
    process.kill(-server.pid, "SIGKILL");
  rmSync(folder, { recursive: true, force: true });
});

const withPort = (code: string): string => code.replaceAll(`${PORT}`, `${port}`);
const address = (path: string): string => `http://127.0.0.1:${port}${path}`;

/** What a section's commands print. */
function run(section: number): string {
  const { status, stdout, stderr } = spawnSync(
    "bash",
    ["-e", "-o", "pipefail", "-c", withPort(blockOf(section, "sh"))],
    {
      cwd: folder,
      encoding: "utf8",
      maxBuffer: 1 << 26,
    },
  );
  expect(status, stderr).toBe(0);
  return stdout;
}

/** Fails unless `found` has all that `wanted` has; of a list, what it begins with. */
function expectPart(found: unknown, wanted: unknown): void {
  if (wanted === null || typeof wanted !== "object") expect(found).toBe(wanted);
  else for (const [key, value] of Object.entries(wanted)) expectPart((found as Record<string, unknown>)[key], value);
}

describe("docs/guide", () => {
  it("has every command in a block that is run here, but for the build", () => {
    const kinds = [...guide.matchAll(/^```([^\n]*)\n(.*?)^```$/gms)].map(([, kind, code]) => `${kind}: ${code.trim()}`);
    expect(kinds.filter((block) => !/^(sh|sh serve|csv|json):/.test(block))).toEqual([": npm ci && npm run build"]);
    expect([...sections].flatMap(([n, blocks]) => blocks.map(({ kind }) => `${n} ${kind}`))).toEqual([
      "1 sh",
      "1 csv",
      "2 sh",
      "3 sh",
      "4 sh serve",
      "5 sh",
      "5 json",
      "6 sh",
    ]);
  });

  it("1: makes two files", () => {
    expect(run(1)).toContain(blockOf(1, "csv"));
    const numRows = (file: string): string =>
      (
        readFileSync(join(folder, "models/guide", file), "utf8")
          .trimEnd()
          .split("\n").length - 1
      ).toLocaleString("en");
    expect(guide).toContain(`There are ${numRows("reports.csv")} rows in \`reports.csv\``);
    expect(guide).toContain(`${numRows("held-out.csv")} in \`held-out.csv\`, and ${numRows("products.csv")} products.`);
  });

  it("2: trains eight worlds", () => {
    expect(run(2)).toMatch(/^worlds +8 trained$/m);
    expect(existsSync(join(folder, "models/guide/model/report.html"))).toBe(true);
    const manifest = JSON.parse(readFileSync(join(folder, "models/guide/model/manifest.json"), "utf8"));
    expect([manifest.hash.numLabels, manifest.hash.numBuckets]).toEqual([51_044, 1000]);
  });

  it("3: is right most of the time", () => {
    const output = run(3);
    const [, precision] = /^P@k +([\d.]+)/m.exec(output) ?? [];
    expect(Number(precision)).toBeGreaterThan(60);
    expect(output.trimEnd().split("\n").at(-1)).toMatch(/^adobe:acrobat_reader:/);
  });

  it("4: serves a page", async () => {
    server = spawn("bash", ["-c", `exec ${withPort(blockOf(4, "sh serve"))}`], {
      cwd: folder,
      // A group of its own, which Ctrl-C on a terminal would reach as a whole.
      detached: true,
      stdio: ["ignore", "pipe", "pipe"],
    });
    for (const stream of [server.stdout, server.stderr]) {
      stream?.on("data", (chunk: Buffer) => {
        printed += chunk;
      });
    }
    const isReady = async (): Promise<true | undefined> => {
      if (server?.exitCode !== null) throw new Error(`the server ended: ${printed}`);
      return (await fetch(address("/readyz")).catch(() => null))?.ok || undefined;
    };
    await eventually("the server", isReady);
    expect(printed).toContain(address("/"));
    const page = await fetch(address("/"));
    expect(page.status).toBe(200);
    expect(page.headers.get("content-type")).toMatch(/^text\/html/);
    expect((await fetch(address("/docs"), { redirect: "follow" })).status).toBe(200);
    expect(existsSync(join(folder, "models/guide/products.csv.manyworlds"))).toBe(true);
  });

  it.skipIf(!hasCurl)("5: answers programs", () => {
    expectPart(JSON.parse(run(5)), JSON.parse(blockOf(5, "json")));
  });

  it("5: explains, and filters", async () => {
    const ask = async (body: object): Promise<{ results: { labels: { label: string; votes: unknown[] }[] }[] }> => {
      const headers = { "content-type": "application/json" };
      const answer = await fetch(address("/v1/search"), { method: "POST", headers, body: JSON.stringify(body) });
      expect(answer.status).toBe(200);
      return (await answer.json()) as never;
    };
    const query = "use after free in v8";
    const explained = await ask({ query, k: 1, explain: true });
    expect(explained.results[0].labels[0].votes).toHaveLength(8);
    const filtered = await ask({ query, filter: { only: ["apple:safari", "mozilla:firefox"] } });
    expect(filtered.results[0].labels.map(({ label }) => label).sort()).toEqual(["apple:safari", "mozilla:firefox"]);
  });

  it.skipIf(!hasCurl)("6: gains worlds while it answers", async () => {
    const { version } = (await (await fetch(address("/v1/model"))).json()) as { version: string };
    run(6);
    const grown = await eventually("ten worlds", async () => {
      const model = (await (await fetch(address("/v1/model"))).json()) as { version: string; numWorlds: number };
      return model.numWorlds === 10 ? model : undefined;
    });
    expect(grown.version).not.toBe(version);
  });

  it("7: stops", async () => {
    const ended = new Promise((resolve) => server?.once("exit", resolve));
    process.kill(-(server?.pid as number), "SIGINT");
    await ended;
    await eventually("silence", async () =>
      (await fetch(address("/readyz")).catch(() => null)) === null ? true : undefined,
    );
    expect(printed).not.toMatch(/error/i);
  });
});
