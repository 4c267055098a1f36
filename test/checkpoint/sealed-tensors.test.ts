/** @file State that is kept in the middle: replaced as a whole, and refused when any byte of it changed. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { loadSealed, saveSealed } from "../../src/checkpoint/sealed-tensors.node.js";
import { temporaryDirectory } from "./temporary-directory.js";

const REMEDY = "delete this file";
const tensors = [
  { name: "parameters", shape: [3], data: Float32Array.of(1, 2, 3) },
  { name: "adam.m", shape: [3], data: Float32Array.of(4, 5, 6) },
];

describe("sealed tensors", () => {
  it("are saved in folders that are made, replaced and loaded", () => {
    const path = join(temporaryDirectory(), "worlds", "run.safetensors");
    expect(loadSealed(path, REMEDY)).toBeNull();
    saveSealed(path, tensors, { epoch: "1" });
    saveSealed(path, tensors, { epoch: "2", step: "40" });
    const loaded = loadSealed(path, REMEDY);
    expect(loaded?.metadata).toEqual({ epoch: "2", step: "40" });
    expect([...(loaded?.tensors.values() ?? [])]).toEqual(tensors);
  });

  it("are refused when any of their bytes changed", () => {
    const path = join(temporaryDirectory(), "run.safetensors");
    saveSealed(path, tensors, {});
    const raw = readFileSync(path);
    for (let at = raw.length - 24; at < raw.length; at++) {
      const changed = Uint8Array.from(raw);
      changed[at] ^= 16;
      writeFileSync(path, changed);
      expect(() => loadSealed(path, REMEDY)).toThrow(/run\.safetensors: .*delete this file$/);
    }
    writeFileSync(path, raw.subarray(0, 30));
    expect(() => loadSealed(path, REMEDY)).toThrow(/delete this file$/);
  });
});
