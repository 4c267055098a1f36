/**
 * @file The examples on digits learn as much as they should: from the bundled digits, and from MNIST's first 10,000 where
 * they are (below the folder that MANYWORLDS_BENCH_DATA names, else ../shared/data).
 *
 * Bounds leave room for three standard errors of the test digits and for what other roundings make of a training.
 */
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ROOT } from "./manyworlds-process.js";

const bundled = join(ROOT, "data/digits");
const mnist10k = join(process.env.MANYWORLDS_BENCH_DATA ?? join(ROOT, "../shared/data"), "mnist10k");

function run(example: string, ...args: string[]): string {
  return execFileSync(process.execPath, [`examples/${example}.mjs`, ...args], { cwd: ROOT, encoding: "utf8" });
}

/** The number that stands behind `name` in what an example printed. */
function numberOf(output: string, name: string): number {
  const match = new RegExp(`^${name} +([0-9.]+)`, "m").exec(output);
  if (match === null) throw new Error(`expected a line of "${name}", got:\n${output}`);
  return Number(match[1]);
}

const secondsOf = (output: string): number => Number(/after ([0-9.]+) s$/m.exec(output)?.[1] ?? Number.NaN);

/** Error of the autoencoder over that of as many principal components. */
function errorRatio(output: string): number {
  const [mean, components, autoencoder] = ["mean digit", "principal components", "autoencoder"].map((name) =>
    numberOf(output, name),
  );
  expect(components).toBeLessThan(mean / 2);
  return autoencoder / components;
}

it("every example on digits is tested here", () => {
  const files = readdirSync(join(ROOT, "examples")).filter((file) => file.startsWith("digits-"));
  const examples = ["autoencoder", "convolution", "perceptron", "strategies"];
  expect(files.sort()).toEqual(examples.map((example) => `digits-${example}.mjs`));
});

describe("on the bundled digits", () => {
  it("a perceptron names nine of ten", () => {
    const output = run("digits-perceptron", bundled);
    expect(output).toContain("2000 training and 1000 test digits of ");
    // Measured: 91.3 %.
    expect(numberOf(output, "accuracy")).toBeGreaterThan(88.6);
  });

  it("every strategy trains the same perceptron, those that promise it to the same loss", () => {
    const output = run("digits-strategies", bundled);
    const figures = [...output.matchAll(/^([a-z-]+) +\d workers +accuracy ([0-9.]+) % +loss ([0-9.]+)/gm)];
    const loss = new Map(figures.map(([, strategy, , value]) => [strategy, Number(value)]));
    expect([...loss.keys()]).toEqual([
      "sequential",
      "data-parallel",
      "model-parallel",
      "hybrid",
      "hogwild",
      "locked",
      "round-robin",
      "averaging",
    ]);
    // Measured: 87.8 to 89.0 %.
    for (const [, , accuracy] of figures) expect(Number(accuracy)).toBeGreaterThan(85);
    const alone = loss.get("sequential") ?? Number.NaN;
    expect(loss.get("model-parallel")).toBe(alone);
    for (const name of ["data-parallel", "hybrid"]) expect((loss.get(name) ?? 0) / alone).toBeCloseTo(1, 2);
  });

  it("a convolutional network names more of them", () => {
    // Measured: 94.5 %.
    expect(numberOf(run("digits-convolution", bundled), "accuracy")).toBeGreaterThan(92.3);
  });

  it("an autoencoder keeps more than principal components do, and draws it", () => {
    const folder = mkdtempSync(join(tmpdir(), "manyworlds-digits-"));
    try {
      const picture = join(folder, "digits.svg");
      // Measured: 0.0209 of 0.0278.
      expect(errorRatio(run("digits-autoencoder", bundled, "--picture", picture))).toBeLessThan(0.82);
      const svg = readFileSync(picture, "utf8");
      expect(svg).toMatch(/^<svg [^>]*viewBox="0 0 380 60"/);
      expect(svg.match(/h1v1h-1z/g)?.length).toBeGreaterThan(2000);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe.skipIf(!existsSync(mnist10k))("on MNIST's first 10,000 training digits", () => {
  it("a perceptron is right 96 times of 100", () => {
    // Measured: 96.8 %.
    expect(numberOf(run("digits-perceptron", mnist10k), "accuracy")).toBeGreaterThan(96.2);
  });

  it("a convolutional network is right 97.5 times of 100 in under two minutes", () => {
    const output = run("digits-convolution", mnist10k);
    // Measured: 98.4 %.
    expect(numberOf(output, "accuracy")).toBeGreaterThanOrEqual(97.5);
    expect(secondsOf(output)).toBeLessThan(120);
  });

  it("an autoencoder's error is little more than half that of principal components", () => {
    const output = run("digits-autoencoder", mnist10k);
    // Measured: 0.0150 of 0.0270.
    expect(errorRatio(output)).toBeLessThan(0.62);
    expect(secondsOf(output)).toBeLessThan(120);
  });
});
