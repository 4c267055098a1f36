/**
 * @file Is there a module, criterion or optimiser that nobody checks? Every class that is exported must be built in a
 * test that compares it with differences, or with its rule, on every backend.
 *
 * The sources of the tests are read. They are cut where a declaration, a test or a loop of tests begins, two columns from
 * the left at most; a piece counts with the helpers that it names, and must call a check.
 */
import { describe, expect, it } from "vitest";
import * as nn from "../../src/nn/index.js";
import * as optim from "../../src/optim/index.js";
import { concreteClasses, textsIn } from "../rules/exported-classes.js";

/** Tests on every backend as texts, each with the helpers of its file that it names, directly or through others. */
function testsOnBackends(folder: string): string[] {
  const tests: string[] = [];
  for (const text of textsIn(folder, ".test.ts")) {
    if (!/^describeBackends\(/m.test(text)) continue;
    const pieces = text.split(/\n(?= {0,2}(?:it|for|function|const|describe|describeBackends)\b)/);
    const helpers = new Map<string, string>();
    for (const piece of pieces) {
      const [, name] = /^ *(?:function|const) (\w+)/.exec(piece) ?? [];
      if (name !== undefined) helpers.set(name, piece);
    }
    for (const piece of pieces.filter((part) => /^ *(?:it|for)\b/.test(part))) {
      const parts = new Set([piece]);
      for (const part of parts) {
        for (const [name] of part.matchAll(/\w+/g)) {
          const helper = helpers.get(name);
          if (helper !== undefined) parts.add(helper);
        }
      }
      tests.push([...parts].join("\n"));
    }
  }
  return tests;
}

/** Those of `names` that no test which matches `check` builds. */
function unchecked(names: readonly string[], folder: string, check: RegExp): string[] {
  const tests = testsOnBackends(folder).filter((text) => check.test(text));
  return names.filter((name) => !tests.some((text) => new RegExp(`\\bnew ${name}[(<]`).test(text)));
}

describe("every class that is exported", () => {
  const DIFFERENCES = /\b(?:check|checkModule|checkCriterion|checkOutput|checkJacobian)\(/;

  it("as a module is compared with finite differences on every backend", () => {
    const names = concreteClasses(nn, [nn.Module], "src/nn");
    expect(names.length).toBeGreaterThanOrEqual(39);
    expect(unchecked(names, "test/gradients", DIFFERENCES)).toEqual([]);
  });

  it("as a criterion is compared with finite differences on every backend", () => {
    const names = concreteClasses(nn, [nn.Criterion], "src/nn");
    expect(names.length).toBeGreaterThanOrEqual(18);
    expect(unchecked(names, "test/gradients", DIFFERENCES)).toEqual([]);
  });

  it("as an optimiser is compared with its rule or minimises known functions on every backend", () => {
    const names = concreteClasses(optim, [optim.Optimizer, optim.BatchOptimizer], "src/optim");
    expect(names.length).toBeGreaterThanOrEqual(8);
    expect(unchecked(names, "test/optim", /\bCASES\b|\bMAKES\b/)).toEqual([]);
  });

  it("is found by this test, and so is one that is not checked", () => {
    const names = concreteClasses(nn, [nn.Module], "src/nn");
    expect(names).toContain("Linear");
    expect(names).not.toContain("Container");
    expect(unchecked(["Linear", "Nowhere"], "test/gradients", DIFFERENCES)).toEqual(["Nowhere"]);
    // Built in tests/gradients, but in none that compares anything.
    expect(unchecked(["Float64Array"], "test/gradients", /\bnothing that matches\b/)).toEqual(["Float64Array"]);
  });
});
