/** @file Does an exported model answer where nothing but the web's own functions is, and does `export` keep its promises? */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createContext, runInContext } from "node:vm";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { SearchResponse } from "../../src/mach/search-contract.js";
import { createExportedSite, type ExportedSite } from "./exported-site.js";
import { manyworlds, ROOT, refusal, succeed } from "./manyworlds-process.js";
import { bundlePortable, expectSame, predicted } from "./portable-answers.js";

let site: ExportedSite;
const at = (name: string): string => site.at(name);

beforeAll(async () => {
  site = await createExportedSite();
});
afterAll(() => site?.close());

/** What browsers, Deno, Bun and workers at the edge have besides the language. */
const { WebAssembly } = globalThis as unknown as { WebAssembly: object };
const WEB = { WebAssembly, TextEncoder, TextDecoder, DecompressionStream, Response, performance, fetch, atob, btoa };

describe("the portable entry", () => {
  it("is bundled for browsers and answers in a context without anything of Node, as predict does", async () => {
    const code = await bundlePortable();
    expect(/["']node:[a-z]|__vite-browser-external|\brequire\(/.exec(code)).toBeNull();
    const { texts, server } = site;
    const context = createContext({ ...WEB, ask: { base: `${server.url}model/`, texts } });
    // Arrays of this context's kind are made here; those of the functions above are of another, as in no browser.
    for (const name of ["Uint8Array", "Uint32Array", "Float32Array", "ArrayBuffer", "DataView", "Error", "TypeError"]) {
      (context as Record<string, unknown>)[name] = (globalThis as unknown as Record<string, unknown>)[name];
    }
    const ofNode = ["process", "Buffer", "require", "global", "setImmediate"].map((name) => `typeof ${name}`);
    expect(new Set(runInContext(`[${ofNode}]`, context) as string[])).toEqual(new Set(["undefined"]));
    const run = `${code}
      portable.PortableModel.load({ files: ask.base })
        .then((model) => model.complete.then(() => model.search({ queries: ask.texts, k: 5 })))`;
    const answer = (await runInContext(run, context)) as SearchResponse;
    expectSame(answer, await predicted(at("m"), texts));
  });

  it("answers in Node over files, with native kernels too", async () => {
    const { PortableModel } = await import(join(ROOT, "dist/src/portable/index.js"));
    const { createKernels } = await import(join(ROOT, "dist/src/kernels/index.js"));
    const files = async (name: string): Promise<Uint8Array> => readFileSync(join(at("site"), "model", name));
    for (const options of [{}, { kernels: createKernels({ backend: "native" }) }]) {
      const model = await PortableModel.load({ files, ...options });
      await model.complete;
      const { texts } = site;
      expectSame(await model.search({ queries: texts, k: 5 }), await predicted(at("m"), texts));
    }
  });

  it("says what is missing where a host has not got all files", async () => {
    const { PortableModel, FetchError } = await import(join(ROOT, "dist/src/portable/index.js"));
    const { server } = site;
    server.hidden.add("model/index.json");
    const failing = PortableModel.load({ files: `${server.url}model` });
    await expect(failing).rejects.toThrow(FetchError);
    await expect(failing).rejects.toThrow(/index.json: expected a file of the model, got status 404/);
    server.hidden.clear();
    const nobody = PortableModel.load({ files: "http://127.0.0.1:1/" });
    await expect(nobody).rejects.toThrow(/could not be fetched .* is there a connection/);
  });
});

/** Path → digest of every file of a folder. */
function digests(root: string): Record<string, string> {
  const files = readdirSync(root, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const digest = (path: string): string => createHash("sha256").update(readFileSync(path)).digest("hex");
  return Object.fromEntries(
    files.map(({ parentPath, name }) => [join(parentPath, name).slice(root.length), digest(join(parentPath, name))]),
  );
}

describe("manyworlds export", () => {
  it("writes a page and a model, and prints their sizes", async () => {
    const { stdout } = await succeed(["export", at("m"), "--web", at("json"), "--json"]);
    const report = JSON.parse(stdout);
    expect(report).toMatchObject({ folder: at("json"), bits: 4, worlds: [0, 1, 2], missingWorlds: [] });
    const sizes = Object.keys(digests(at("json"))).map((name) => readFileSync(at("json") + name).length);
    expect(report.numFiles).toBe(sizes.length);
    expect(report.pageBytes + report.bytes.total).toBe(sizes.reduce((sum, size) => sum + size, 0));
    expect(readFileSync(at("json/index.html"), "utf8")).toMatch(/Content-Security-Policy/);
    const shown = await succeed(["export", at("m"), "--web", at("shown"), "--bits", "8", "--worlds", "2"]);
    expect(shown.stdout).toMatch(/weights +2 worlds, 8 bits/);
    expect(readdirSync(site.folder).filter((name) => name.startsWith("."))).toEqual([]);
  });

  it("replaces an export only if told to, and nothing else ever", async () => {
    await succeed(["export", at("m"), "--web", at("again"), "--worlds", "1"]);
    const before = digests(at("again"));
    expect(await refusal(["export", at("m"), "--web", at("again")])).toMatch(
      /found an export; --overwrite replaces it/,
    );
    expect(digests(at("again"))).toEqual(before);
    await succeed(["export", at("m"), "--web", at("again"), "--overwrite"]);
    expect(Object.keys(digests(at("again"))).some((name) => name.endsWith("world-002.bin"))).toBe(true);
    // The files of the earlier version are gone with it.
    expect(
      Object.keys(digests(at("again"))).filter((name) => name in before && !/assets|index.html/.test(name)),
    ).toEqual(["/model/index.json"]);
    mkdirSync(at("mine"));
    writeFileSync(at("mine/letter.txt"), "dear");
    expect(await refusal(["export", at("m"), "--web", at("mine"), "--overwrite"])).toMatch(/found one with letter.txt/);
    expect(await refusal(["export", at("m"), "--web", at("mine/letter.txt")])).toMatch(/found a file/);
    expect(digests(at("mine"))).toEqual({ "/letter.txt": expect.any(String) });
    mkdirSync(at("empty"));
    await succeed(["export", at("m"), "--web", at("empty")]);
  });

  it("refuses what cannot be exported, and leaves nothing behind", async () => {
    expect(await refusal(["export", at("xc"), "--web", at("no")])).toMatch(/expected a model of words/);
    expect(await refusal(["export", at("m")])).toMatch(/expected --web <folder>/);
    expect(await refusal(["export", at("m"), "--web", at("no"), "--bits", "5"])).toMatch(/Expected 4, 8 or 32/);
    expect(await refusal(["export", at("m"), "--web", at("no"), "--worlds", "7-9"])).toMatch(/found none of them/);
    expect(await refusal(["export", at("nowhere"), "--web", at("no")])).toMatch(/nowhere/);
    expect(existsSync(at("no"))).toBe(false);
    expect(readdirSync(site.folder).filter((name) => name.startsWith("."))).toEqual([]);
    const { stdout, code } = await manyworlds(["export", "--help"]);
    expect([code, stdout]).toEqual([0, expect.stringContaining("$ manyworlds export m/ --web site/")]);
  });
});
