/** @file Is this the same data, and the same run? SHA-256 of what was read, and of all that a world's bytes depend on. */
import { createHash } from "node:crypto";
import { createReadStream, statSync } from "node:fs";

/** The fingerprint that `loadDataset` reports, of files that it refuses; null if they cannot be read a second time. */
export async function fingerprintFiles(paths: readonly string[]): Promise<string | null> {
  const hash = createHash("sha256");
  for (const path of paths) {
    if (!statSync(path, { throwIfNoEntry: false })?.isFile()) return null;
    for await (const chunk of createReadStream(path)) hash.update(chunk as Uint8Array);
  }
  return hash.digest("hex");
}

/** Equal for runs whose worlds have equal bytes: a checkpoint of another run is not continued. */
export function runFingerprint(dataFingerprint: string, run: object): string {
  return createHash("sha256")
    .update(JSON.stringify([dataFingerprint, run]))
    .digest("hex");
}
