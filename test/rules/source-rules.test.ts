/**
 * @file Rules of STYLE that a program can check: who imports whom, how long files are, where Node is needed, whether
 * links in the docs lead somewhere. Each rule lists its offenders, so a failure says what to mend.
 */
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join, normalize, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));
const files = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard"], { cwd: root })
  .toString()
  .split("\n")
  .filter((file) => file !== "" && existsSync(join(root, file)));
const text = (file: string): string => readFileSync(join(root, file), "utf8");
const sources = files.filter((file) => file.startsWith("src/") && file.endsWith(".ts"));
const pages = files.filter((file) => /^web\/.*\.tsx?$/.test(file));

/** Folders of src/ that pages may import; nothing there may need Node. */
const PAGES_MAY_IMPORT = ["core", "plot", "kernels", "nn", "data", "checkpoint", "mach", "train", "portable"];

/** Folders that each folder of src/ may import; itself is always allowed. */
const MAY_IMPORT: Record<string, readonly string[]> = {
  core: [],
  plot: ["core"],
  kernels: ["core"],
  nn: ["core", "kernels"],
  optim: ["core", "kernels", "nn"],
  data: ["core", "kernels"],
  checkpoint: ["core", "kernels"],
  parallel: ["core", "kernels"],
  "sparse-problems": ["core", "kernels", "data", "parallel"],
  mach: ["core", "kernels", "nn", "optim", "data", "checkpoint", "parallel"],
  embeddings: ["core", "plot", "kernels", "nn", "optim", "data", "checkpoint", "parallel"],
  train: ["core", "plot", "kernels", "nn", "optim", "data", "checkpoint", "parallel", "mach", "embeddings"],
  serve: ["core", "plot", "kernels", "nn", "data", "checkpoint", "parallel", "mach", "portable"],
  portable: ["core", "kernels", "nn", "data", "checkpoint", "mach"],
  cli: [
    "core",
    "plot",
    "kernels",
    "nn",
    "optim",
    "data",
    "checkpoint",
    "parallel",
    "mach",
    "embeddings",
    "sparse-problems",
    "train",
    "portable",
    "serve",
  ],
};

const importsOf = (file: string): string[] =>
  [...text(file).matchAll(/(?:^|\n)\s*(?:import|export)\b[^;"']*?from\s+"([^"]+)"|import\("([^"]+)"\)/g)].map(
    (match) => match[1] ?? match[2],
  );

describe("imports point one way", () => {
  it("every folder of src/ has a place in the order", () => {
    const folders = new Set(sources.map((file) => file.split("/")[1]).filter((part) => !part.endsWith(".ts")));
    expect([...folders].filter((folder) => !(folder in MAY_IMPORT))).toEqual([]);
  });

  it("no folder imports one that stands later", () => {
    const offenders: string[] = [];
    for (const file of sources) {
      const folder = file.split("/")[1];
      if (folder.endsWith(".ts")) continue;
      for (const specifier of importsOf(file)) {
        if (!specifier.startsWith(".")) continue;
        const target = normalize(join(dirname(file), specifier)).split("/")[1];
        if (target !== folder && !MAY_IMPORT[folder].includes(target)) offenders.push(`${file} imports ${specifier}`);
      }
    }
    expect(offenders).toEqual([]);
  });
});

describe("pages", () => {
  /** The file that a relative import of TypeScript means. */
  const fileOf = (from: string, specifier: string): string => {
    const path = normalize(join(dirname(from), specifier));
    return (
      [path.replace(/\.js$/, ".ts"), path.replace(/\.js$/, ".tsx"), path].find((file) => files.includes(file)) ?? path
    );
  };

  it("import shared parts and their own app, and of src/ what runs in a browser", () => {
    const offenders: string[] = [];
    for (const file of pages) {
      const app = file.split("/")[1];
      for (const specifier of importsOf(file).filter((name) => name.startsWith("."))) {
        const [top, folder] = fileOf(file, specifier).split("/");
        const fine =
          top === "src" ? PAGES_MAY_IMPORT.includes(folder) : top === "web" && (app !== "parts" || folder === app);
        if (!fine) offenders.push(`${file} imports ${specifier}`);
      }
    }
    expect(offenders).toEqual([]);
  });

  it("reach no module that needs Node, however far down", () => {
    const seen = new Set<string>(pages);
    for (const file of seen) {
      if (!/\.tsx?$/.test(file)) continue;
      for (const [, clause, specifier] of text(file).matchAll(
        /(?:^|\n)\s*(import|export)\b(?! type)[^;"']*?from\s+"([^"]+)"/g,
      )) {
        if (specifier.startsWith(".")) seen.add(fileOf(file, specifier));
        else if (specifier.startsWith("node:")) seen.add(`${file} ${clause}s ${specifier}`);
      }
    }
    expect([...seen].filter((file) => / |\.node\.ts$/.test(file))).toEqual([]);
  });
});

describe("files", () => {
  it("stay below 500 lines", () => {
    const long = files
      .filter((file) => /\.(tsx?|mjs|css|c|h)$/.test(file))
      .map((file) => ({ file, lines: text(file).split("\n").length }))
      .filter(({ lines }) => lines > 500);
    expect(long).toEqual([]);
  });

  it("are named after a noun, in kebab-case", () => {
    const bad = [...sources, ...pages].filter((file) => {
      const name = file.split("/").at(-1) ?? "";
      return !/^[a-z0-9-]+(\.node)?\.tsx?$/.test(name) || /(^|\/)(utils|helpers|common|misc)(\/|\.)/.test(file);
    });
    expect(bad).toEqual([]);
  });

  it("of src/ and web/ start with a header that says what question they answer", () => {
    expect([...sources, ...pages].filter((file) => !/^(#!.*\n)?\/\*\*\s*(\n \* )?@file /.test(text(file)))).toEqual([]);
  });
});

describe("Node is needed only where the name says so", () => {
  it("node: imports stand in *.node.ts, cli/, kernels/native/, serve/ but for its schemas", () => {
    const mayUseNode = (file: string): boolean =>
      file.endsWith(".node.ts") ||
      (/^src\/(cli|kernels\/native|serve)\//.test(file) && file !== "src/serve/schemas.ts");
    const offenders = sources.filter((file) => !mayUseNode(file) && importsOf(file).some((s) => s.startsWith("node:")));
    expect(offenders).toEqual([]);
  });
});

describe("exports", () => {
  it("are named, never default, and no enum exists", () => {
    expect(
      [...sources, ...pages].filter((file) => /^export default|^(export )?(const )?enum /m.test(text(file))),
    ).toEqual([]);
  });
});

describe("documents", () => {
  const documents = files.filter((file) => file.endsWith(".md"));

  it("link to files that exist", () => {
    const broken: string[] = [];
    for (const file of documents) {
      for (const [, target] of text(file).matchAll(/\]\(([^)\s]+)\)/g)) {
        if (/^[a-z]+:/.test(target) || target.startsWith("#")) continue;
        const path = normalize(join(root, dirname(file), target.split("#")[0]));
        if (relative(root, path).startsWith("..") || !existsSync(path)) broken.push(`${file} → ${target}`);
      }
    }
    expect(broken).toEqual([]);
  });

  it("link to headings that exist", () => {
    const slug = (heading: string): string =>
      heading
        .toLowerCase()
        .replace(/[^\p{L}\p{N} _-]/gu, "")
        .replaceAll(" ", "-");
    const broken: string[] = [];
    for (const file of documents) {
      for (const [, target] of text(file).matchAll(/\]\(([^)\s]*#[^)\s]+)\)/g)) {
        if (/^[a-z]+:/.test(target)) continue;
        const [path, anchor] = target.split("#");
        const document = path === "" ? file : normalize(join(dirname(file), path));
        const headings = existsSync(join(root, document)) ? [...text(document).matchAll(/^#+ (.+)$/gm)] : [];
        if (!headings.some(([, heading]) => slug(heading) === anchor)) broken.push(`${file} → ${target}`);
      }
    }
    expect(broken).toEqual([]);
  });
});

describe("npm scripts named in the documents", () => {
  it("exist", () => {
    const scripts = Object.keys(JSON.parse(text("package.json")).scripts);
    const missing: string[] = [];
    for (const file of files.filter((name) => name.endsWith(".md"))) {
      for (const [, name] of text(file).matchAll(/npm run ([a-z][a-z:-]*)/g)) {
        if (!scripts.includes(name)) missing.push(`${file}: npm run ${name}`);
      }
    }
    expect(missing).toEqual([]);
  });
});
