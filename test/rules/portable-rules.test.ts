/**
 * @file Does the portable entry need nothing but the language and the web's own functions? Everything that it imports,
 * however far down, is looked at; test/system/portable.test.ts runs it where there is nothing else.
 */
import { existsSync, readFileSync } from "node:fs";
import { dirname, join, normalize, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** All files that `entry` imports at run time, itself included, and the names of everything else. */
function importGraph(entry: string): { readonly files: string[]; readonly others: string[] } {
  const files = [entry];
  const others = new Set<string>();
  for (const file of files) {
    const text = readFileSync(join(root, file), "utf8");
    const imports = text.matchAll(
      /(?:^|\n)\s*(?:import|export)\b(?! type)[^;"']*?from\s+"([^"]+)"|(?:^|\n)import\s+"([^"]+)"|import\("([^"]+)"\)/g,
    );
    for (const [, from, bare, dynamic] of imports) {
      const specifier = from ?? bare ?? dynamic;
      if (!specifier.startsWith(".")) {
        others.add(`${file} imports ${specifier}`);
        continue;
      }
      const target = normalize(join(dirname(file), specifier.replace(/\.js$/, ".ts")));
      if (!existsSync(join(root, target))) others.add(`${file} imports ${specifier}, which is not there`);
      else if (!files.includes(target)) files.push(relative(root, join(root, target)));
    }
  }
  return { files, others: [...others] };
}

describe("the portable entry", () => {
  const { files, others } = importGraph("src/portable/index.ts");

  it("imports no package, and nothing of Node", () => {
    expect(others).toEqual([]);
    expect(files.filter((file) => file.endsWith(".node.ts"))).toEqual([]);
  });

  it("names no global of Node either", () => {
    const ofNode = /(?<![\w.])(?:process|Buffer|require|setImmediate|__dirname)\s*[.([]/;
    const code = (file: string): string =>
      readFileSync(join(root, file), "utf8").replace(/\/\*[\s\S]*?\*\/|\/\/.*|`[^`]*`|"[^"\n]*"/g, "");
    expect(files.filter((file) => ofNode.test(code(file)))).toEqual([]);
    // The search itself finds what is to be found.
    expect(ofNode.test(code("src/portable/export-model.node.ts"))).toBe(true);
  });

  it("is looked at as a whole: vectorizer, ranking and kernels are in it", () => {
    expect(files).toEqual(
      expect.arrayContaining([
        "src/portable/portable-model.ts",
        "src/data/text-vectorizer.ts",
        "src/mach/label-ranker.ts",
        "src/kernels/wasm/wasm-kernels.ts",
      ]),
    );
  });
});
