/** @file Which version is this? Read from package.json, the one place that says so. */
import { readFileSync } from "node:fs";

/** The version of the package that this file belongs to, wherever it is installed. */
export function packageVersion(): string {
  for (let folder = new URL(".", import.meta.url); ; folder = new URL("..", folder)) {
    try {
      const text = readFileSync(new URL("package.json", folder), "utf8");
      const json = JSON.parse(text) as { name?: string; version?: string };
      if (json.name === "manyworlds" && json.version !== undefined) return json.version;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    }
    if (folder.pathname === "/") throw new Error("package.json of manyworlds not found; reinstall the package");
  }
}
