/** @file Every program in examples/ runs and prints what its reader would expect. */
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** File → what its output must hold. */
const EXPECTED: Record<string, RegExp[]> = {
  "train-and-ask.mjs": [
    /^root through a kernel race → linux:kernel 0\.\d\d, /m,
    /^forged certificate → openssl:openssl 0\.\d\d, /m,
    /^web server traversal → apache:http_server 0\.\d\d, /m,
  ],
  "vectorize-text.mjs": [/^3 rows, \d+ features, \d+ entries$/m, /^cheese sauce\t0\.\d{3}$/m],
  "word-vectors.mjs": [
    /^14664 words, 2299233 pairs, loss/m,
    /^buffer: overflow 0\.\d\d, /m,
    /^linux: .*kernel 0\.\d\d, /m,
  ],
};

describe("examples", () => {
  it("are all tested, and short", () => {
    const files = readdirSync(`${root}/examples`, { recursive: true, encoding: "utf8" }).filter((file) =>
      file.endsWith(".mjs"),
    );
    // digits.test.ts runs those on digits.
    expect(files.filter((file) => !file.startsWith("digits")).sort()).toEqual(Object.keys(EXPECTED).sort());
    for (const file of files) {
      expect(readFileSync(`${root}/examples/${file}`, "utf8").split("\n").length, file).toBeLessThanOrEqual(61);
    }
  });

  it.each(Object.keys(EXPECTED))("%s", (file) => {
    const output = execFileSync(process.execPath, [`examples/${file}`], { cwd: root, encoding: "utf8" });
    for (const pattern of EXPECTED[file]) expect(output).toMatch(pattern);
  });
});
