/**
 * @file Does every name that a user can import say what it is? An editor shows the comment right above a declaration;
 * a file's header explains the file and is not shown.
 */
import { readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));

interface Exported {
  readonly file: string;
  readonly name: string;
}

/** What package.json lets others import, as source files. */
function entryPoints(): string[] {
  const { exports } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
    exports: Readonly<Record<string, { readonly types: string } | string>>;
  };
  return Object.values(exports).flatMap((entry) =>
    typeof entry === "string" ? [] : [join(root, entry.types.replace("./dist/", "").replace(/\.d\.ts$/, ".ts"))],
  );
}

/** Declarations that `file` exports, its own and those that it passes on. */
function exportsOf(file: string): Exported[] {
  const text = readFileSync(file, "utf8");
  const sourceOf = (from: string) => join(dirname(file), from.replace(/\.js$/, ".ts"));
  const own = [...text.matchAll(DECLARATION)].map(([, name]) => ({ file, name: name as string }));
  const passedOn = [...text.matchAll(/^export (?:type )?\{([^}]*)\} from "([^"]+)"/gm)].flatMap(([, names, from]) => {
    const wanted = new Set((names as string).split(",").map(originalName));
    return exportsOf(sourceOf(from as string)).filter(({ name }) => wanted.has(name));
  });
  const all = [...text.matchAll(/^export (?:type )?\* from "([^"]+)"/gm)].flatMap(([, from]) =>
    exportsOf(sourceOf(from as string)),
  );
  return [...own, ...passedOn, ...all];
}

const DECLARATION = /^export (?:declare )?(?:abstract )?(?:async )?(?:class|interface|type|const|function\*?) (\w+)/gm;
const originalName = (specifier: string) =>
  specifier
    .trim()
    .replace(/^type /, "")
    .split(" as ")[0] as string;

/** Is there a comment for the declaration itself right above it? Overloads may share the first one's. */
function hasDocstring({ file, name }: Exported): boolean {
  const text = readFileSync(file, "utf8");
  return [...text.matchAll(DECLARATION)].some(({ 1: declared, index }) => {
    if (declared !== name) return false;
    const above = text.slice(0, index);
    const comment = above.slice(above.lastIndexOf("/**"));
    return /^\/\*\*(?:(?!\*\/)[\s\S])+\*\/\n$/.test(comment) && !comment.includes("@file");
  });
}

describe("docstrings", () => {
  const exported = [
    ...new Map(
      entryPoints()
        .flatMap(exportsOf)
        .map((one) => [`${one.file} ${one.name}`, one]),
    ).values(),
  ];

  it("finds what the package exports", () => {
    expect(exported.map(({ name }) => name)).toEqual(expect.arrayContaining(["trainModel", "Module", "Kernels"]));
  });

  it("stand above every public export", () => {
    const missing = exported.filter((one) => !hasDocstring(one));
    expect(missing.map(({ file, name }) => `${relative(root, file)}: ${name}`).sort()).toEqual([]);
  });
});
