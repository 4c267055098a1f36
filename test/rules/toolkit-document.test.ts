/** @file Does docs/toolkit.md list what there is, and nothing else? */
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import * as core from "../../src/core/index.js";
import * as nn from "../../src/nn/index.js";
import * as optim from "../../src/optim/index.js";
import * as train from "../../src/train/index.js";
import { concreteClasses } from "./exported-classes.js";

const text = readFileSync(new URL("../../docs/toolkit.md", import.meta.url), "utf8");
const named = new Set([...text.matchAll(/`([A-Za-z]\w*)/g)].map(([, name]) => name));

it("the toolkit's document names every module, criterion and optimiser", () => {
  const classes = concreteClasses(nn, [nn.Module, nn.Criterion], "src/nn");
  expect(classes.filter((name) => !named.has(name))).toEqual([]);
  // The others go by their names for createOptimizer.
  expect([...optim.OPTIMIZER_NAMES, "LBFGS", "ConjugateGradient"].filter((name) => !named.has(name))).toEqual([]);
});

it("the classes that it names exist", () => {
  const all = new Set([core, nn, optim, train].flatMap((index) => Object.keys(index)));
  expect([...named].filter((name) => /^[A-Z]/.test(name) && !all.has(name))).toEqual([]);
});
