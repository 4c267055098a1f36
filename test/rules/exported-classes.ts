/** @file Which classes can a user build? Those that an index exports and whose source does not say `abstract`. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** Texts of the files below `folder` whose names end so. */
export function textsIn(folder: string, ending: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(ending))
    .map((file) => readFileSync(join(root, folder, file), "utf8"));
}

/** Names of the concrete classes among `exported`, an index of `folder`, that extend one of `bases`. */
export function concreteClasses(
  exported: Readonly<Record<string, unknown>>,
  bases: readonly { readonly prototype: object }[],
  folder: string,
): string[] {
  const text = textsIn(folder, ".ts").join("\n");
  const isAbstract = new Set([...text.matchAll(/^export abstract class (\w+)/gm)].map(([, name]) => name));
  const isOfBase = (value: unknown): boolean =>
    typeof value === "function" &&
    bases.some(({ prototype }) => Object.prototype.isPrototypeOf.call(prototype, value.prototype as object));
  return Object.entries(exported)
    .filter(([name, value]) => isOfBase(value) && !isAbstract.has(name))
    .map(([name]) => name);
}
