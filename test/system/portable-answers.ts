/** @file The portable entry as browsers get it, and what its answers are compared with. */
import { join } from "node:path";
import { build } from "vite";
import { expect } from "vitest";
import type { SearchResponse } from "../../src/mach/search-contract.js";
import { ROOT, succeed } from "./manyworlds-process.js";

/** The answers of `manyworlds predict`. */
export async function predicted(
  model: string,
  texts: readonly string[],
): Promise<{ label: string; score: number }[][]> {
  const { stdout } = await succeed(["predict", model, ...texts, "--json", "-k", "5"]);
  const lines = stdout.trim().split("\n");
  return lines.map((line) => (JSON.parse(line) as { labels: { label: string; score: number }[] }).labels);
}

/** The same labels in the same order, scores within 1e-4. */
export function expectSame(answer: SearchResponse, expected: { label: string; score: number }[][]): void {
  expect(answer.results.length).toBe(expected.length);
  answer.results.forEach(({ labels }, q) => {
    expect(labels.map(({ label }) => label)).toEqual(expected[q].map(({ label }) => label));
    labels.forEach(({ probability }, j) => {
      expect(Math.abs(probability - expected[q][j].score)).toBeLessThan(1e-4);
    });
  });
}

/** The portable entry as one script for browsers, whose exports come to stand in `portable`. */
export async function bundlePortable(): Promise<string> {
  const result = await build({
    configFile: false,
    root: ROOT,
    logLevel: "warn",
    publicDir: false,
    build: {
      write: false,
      minify: false,
      lib: { entry: join(ROOT, "dist/src/portable/index.js"), formats: ["iife"], name: "portable" },
    },
  });
  const [{ output }] = [result].flat() as { output: { code: string }[] }[];
  expect(output.length).toBe(1);
  return output[0].code;
}
