/**
 * @file Reading `vectorizer.json` from a model directory. Writing it is checkpoint/'s job (temporary name, fsync, rename).
 */
import { readFile } from "node:fs/promises";
import { FormatError } from "../core/errors.js";
import { fileSize } from "./byte-source.node.js";
import type { Vectorizer } from "./vectorizer.js";
import { parseVectorizer } from "./vectorizer-json.js";

/** The vectorizer saved at `path`. @throws {FormatError} when the file is absent, no JSON or not a vectorizer. */
export async function loadVectorizer(path: string): Promise<Vectorizer> {
  await fileSize(path);
  const text = await readFile(path, "utf8");
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    const problem = "expected JSON, got something else; restore the file or train again";
    throw new FormatError({ file: path }, problem, { cause: error });
  }
  return parseVectorizer(json, path);
}
