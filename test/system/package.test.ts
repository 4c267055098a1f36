/** @file Does the package work where it is installed? Packed, installed elsewhere, imported, type-checked, run. */
import { execFileSync } from "node:child_process";
import { cpSync, existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createDirectory, ROOT, removeDirectory, succeed } from "./manyworlds-process.js";
import { writeTextRows } from "./sample-rows.js";

const packageJson = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
const subpaths = Object.keys(packageJson.exports).filter((path) => path !== "./package.json");
let folder = "";
let packed: readonly string[] = [];
const at = (name: string): string => join(folder, name);

function npm(args: string[], cwd: string): string {
  // Through node, since npm is a script of its own on some systems.
  return execFileSync("npm", args, { cwd, stdio: ["ignore", "pipe", "pipe"] }).toString();
}

/** Packs the package and returns the tarball's path and the files in it. */
function pack(): { readonly tarball: string; readonly files: string[] } {
  const [{ filename, files }] = JSON.parse(
    npm(["pack", "--ignore-scripts", "--json", "--pack-destination", folder], ROOT),
  );
  return { tarball: at(filename), files: (files as { path: string }[]).map(({ path }) => path) };
}

/** Of a lock file: a package, by its path. */
interface LockEntry {
  readonly dev?: boolean;
  readonly integrity?: string;
  readonly bin?: object;
}

/** Of the package at `path`; null if it is not there. */
function installedVersion(path: string): string | null {
  const file = join(ROOT, path, "package.json");
  return existsSync(file) ? JSON.parse(readFileSync(file, "utf8")).version : null;
}

/**
 * A project that needs the tarball and has the dependencies that are installed here: no registry is asked, and nothing
 * is expected in npm's cache. Its lock file says of them only what npm sees in the folders, so that it leaves them alone.
 * @throws if another version than package-lock.json's is installed here, or none.
 */
function writeConsumer(tarball: string): void {
  const { packages } = JSON.parse(readFileSync(join(ROOT, "package-lock.json"), "utf8"));
  const { "": own, ...others } = packages as Record<string, LockEntry & typeof packageJson>;
  const tree: Record<string, object> = {};
  for (const [path, { integrity: _integrity, bin: _bin, ...entry }] of Object.entries(others)) {
    if (entry.dev) continue;
    tree[path] = entry;
    const installed = installedVersion(path);
    if (installed !== entry.version) {
      const got = installed ?? "none";
      throw new Error(`${path}: expected version ${entry.version} of package-lock.json, got ${got}; run npm ci`);
    }
    cpSync(join(ROOT, path), at(`consumer/${path}`), { recursive: true });
  }
  const { version, dependencies, bin, engines } = own;
  tree["node_modules/manyworlds"] = { version, resolved: `file:${tarball}`, dependencies, bin, engines };
  const needs = { manyworlds: `file:${tarball}` };
  tree[""] = { name: "consumer", dependencies: needs };
  const { overrides } = packageJson;
  const consumer = { name: "consumer", private: true, type: "module", dependencies: needs, overrides };
  writeFileSync(at("consumer/package.json"), JSON.stringify(consumer));
  const lock = { lockfileVersion: 3, requires: true, packages: tree };
  writeFileSync(at("consumer/package-lock.json"), JSON.stringify(lock));
}

beforeAll(() => {
  folder = createDirectory();
  writeTextRows(at("rows.tsv"), { numRows: 600, numLabels: 20, seed: 1 });
  const { tarball, files } = pack();
  packed = files;
  writeConsumer(tarball);
  const quiet = ["--ignore-scripts", "--no-audit", "--no-fund"];
  npm(["install", "--offline", "--cache", at("cache"), ...quiet], at("consumer"));
});
afterAll(() => removeDirectory(folder));

describe("the package", () => {
  it("holds the program, the kernels, declarations and documents, and nothing of the workshop", () => {
    const wanted = ["README.md", "LICENSE", "CHANGELOG.md", "dist/src/cli/main.js", "dist/src/index.d.ts"];
    const kernels = ["dist/kernels/manyworlds.wasm"];
    const pages = ["dist/web/search/index.html"];
    expect(packed).toEqual(expect.arrayContaining([...wanted, ...kernels, ...pages]));
    expect(
      packed.filter((path) => !/^(dist\/(src|kernels|web)\/|[A-Z]+\.md$|LICENSE$|package\.json$)/.test(path)),
    ).toEqual([]);
  });

  it("holds no file of an earlier build: neither kernels half made nor modules whose source is gone", () => {
    expect(packed.filter((path) => path.startsWith("dist/kernels/") && !/\.(node|wasm)$/.test(path))).toEqual([]);
    const modules = packed.filter((path) => path.startsWith("dist/src/"));
    const sourceOf = (path: string): string => path.slice("dist/".length).replace(/(\.js\.map|\.d\.ts|\.js)$/, ".ts");
    expect(modules.filter((path) => !existsSync(join(ROOT, sourceOf(path))))).toEqual([]);
  });

  it("holds the sources that its source maps speak of", () => {
    const maps = packed.filter((path) => path.endsWith(".map"));
    expect(maps.length).toBeGreaterThan(50);
    for (const path of maps) {
      const map = JSON.parse(readFileSync(join(at("consumer/node_modules/manyworlds"), path), "utf8"));
      const source = readFileSync(join(ROOT, path.slice("dist/".length).replace(/\.js\.map$/, ".ts")), "utf8");
      expect(map.sourcesContent, path).toEqual([source]);
    }
  });

  it("needs no install script", () => {
    expect(Object.keys(packageJson.scripts).filter((name) => /^(pre|post)?install$|^prepare$/.test(name))).toEqual([]);
  });
});

describe("a program that uses it", () => {
  it("imports every subpath", () => {
    const program = `
      for (const path of ${JSON.stringify(subpaths)}) {
        const names = Object.keys(await import("manyworlds" + path.slice(1)));
        console.log(path, names.length);
      }`;
    writeFileSync(at("consumer/imports.js"), program);
    const printed = execFileSync(process.execPath, ["imports.js"], { cwd: at("consumer") }).toString();
    const counts = new Map(
      printed
        .trimEnd()
        .split("\n")
        .map((line) => line.split(" ") as [string, string]),
    );
    expect([...counts.keys()]).toEqual(subpaths);
    for (const [path, count] of counts) expect(Number(count), path).toBeGreaterThan(0);
  });

  it("type-checks strictly against the declarations, and trains and asks a model", () => {
    const names = subpaths.slice(1).map((path) => path.slice(2));
    const namespaces = names.map((name) => name.replaceAll(/-(.)/g, (_, letter: string) => letter.toUpperCase()));
    const program = `
      import { Model, type RankedLabel, type TrainEvent, trainModel } from "manyworlds";
      ${names.map((name, i) => `import * as ${namespaces[i]} from "manyworlds/${name}";`).join("\n")}
      export const namespaces: object[] = [${namespaces.join(", ")}];
      const [rows, modelPath] = process.argv.slice(2);
      const kinds = new Set<TrainEvent["kind"]>();
      const report = await trainModel({
        inputs: [rows], modelPath, numThreads: 2, writtenBy: "consumer", options: { numWorlds: 2, epochs: 4 },
        onEvent: (event) => kinds.add(event.kind),
      });
      const model = await Model.load(modelPath);
      const answers: RankedLabel[][] = model.predict(["word20 word21"], { k: 2 });
      // @ts-expect-error: declarations say what an answer is
      const wrong: number = answers[0][0].label;
      console.log(JSON.stringify({ best: answers[0][0].label, worlds: report.trainedWorlds, kinds: [...kinds], wrong }));
    `;
    writeFileSync(at("consumer/program.ts"), program);
    const compilerOptions = {
      target: "ES2022",
      module: "NodeNext",
      moduleResolution: "NodeNext",
      strict: true,
      exactOptionalPropertyTypes: true,
      skipLibCheck: false,
      typeRoots: [join(ROOT, "node_modules/@types")],
      types: ["node"],
      rootDir: ".",
      outDir: "out",
    };
    writeFileSync(at("consumer/tsconfig.json"), JSON.stringify({ compilerOptions, include: ["program.ts"] }));
    const require = createRequire(import.meta.url);
    const tsc = join(dirname(require.resolve("typescript/package.json")), "bin/tsc");
    const run = (args: string[]): string =>
      execFileSync(process.execPath, args, { cwd: at("consumer"), encoding: "utf8" });
    expect(run([tsc, "-p", "."])).toBe("");
    const printed = JSON.parse(run(["out/program.js", at("rows.tsv"), at("by-program")]));
    expect(printed).toMatchObject({ best: "label-4", worlds: [0, 1] });
    expect(printed.kinds).toEqual(expect.arrayContaining(["reading", "prepared", "progress", "world"]));
  });
});

describe("its command", () => {
  const main = (): string => at("consumer/node_modules/manyworlds/dist/src/cli/main.js");

  it("is installed as manyworlds, and trains and answers there", async () => {
    const bin = at("consumer/node_modules/.bin/manyworlds");
    expect(execFileSync(bin, ["--version"], { encoding: "utf8" })).toBe(`${packageJson.version}\n`);
    const small = ["--worlds", "2", "--epochs", "4", "--quiet"];
    await succeed(["train", at("rows.tsv"), "--model", at("by-command"), ...small], { main: main() });
    const { stdout } = await succeed(["predict", at("by-command"), "word20 word21", "-k", "1"], { main: main() });
    expect(stdout).toMatch(/^label-4:/);
  });

  it("computes with WebAssembly where there are no binaries for the machine", async () => {
    const addon = `manyworlds-${process.platform}-${process.arch}.node`;
    rmSync(at(`consumer/node_modules/manyworlds/dist/kernels/${addon}`), { force: true });
    const info = await succeed(["info", at("by-command"), "--json"], { main: main() });
    expect(JSON.parse(info.stdout).kernels.backend).toBe("wasm");
    const { stdout } = await succeed(["predict", at("by-command"), "word20 word21", "-k", "1"], { main: main() });
    expect(stdout).toMatch(/^label-4:/);
  });
});
