import { lstatSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { InterruptedError } from "../../src/core/errors.js";
import { exportPortableModel } from "../../src/portable/export-model.node.js";
import { swapFolder } from "../../src/portable/folder-swap.node.js";
import { temporaryDirectory } from "../checkpoint/temporary-directory.js";
import { exportedModel } from "./exported-model.js";

const mark = { file: "mark.txt", text: "ours" };
const names = ["mark.txt", "assets"];
const fill = (text: string) => async (folder: string) => {
  writeFileSync(join(folder, "mark.txt"), `ours: ${text}`);
  return text;
};

it("a folder is the whole of what was written, or what it was before", async () => {
  const root = temporaryDirectory();
  const path = join(root, "deep/site");
  const content = (): string => readFileSync(join(path, "mark.txt"), "utf8");
  expect(await swapFolder(path, { overwrite: false, mark, names }, fill("one"))).toBe("one");
  await expect(swapFolder(path, { overwrite: false, mark, names }, fill("two"))).rejects.toThrow(/--overwrite/);
  expect(content()).toBe("ours: one");
  const failing = swapFolder(path, { overwrite: true, mark, names }, async (folder) => {
    await fill("three")(folder);
    throw new Error("the disk burns");
  });
  await expect(failing).rejects.toThrow("the disk burns");
  expect(content()).toBe("ours: one");
  await swapFolder(path, { overwrite: true, mark, names }, fill("four"));
  expect(content()).toBe("ours: four");
  expect(readdirSync(join(root, "deep"))).toEqual(["site"]);
});

it("what is not ours is never replaced", async () => {
  const root = temporaryDirectory();
  mkdirSync(join(root, "site"));
  writeFileSync(join(root, "site/mark.txt"), "theirs");
  await expect(swapFolder(join(root, "site"), { overwrite: true, mark, names }, fill("x"))).rejects.toThrow(/mark.txt/);
  expect(readFileSync(join(root, "site/mark.txt"), "utf8")).toBe("theirs");
});

it("nor is one of ours in which something else lies", async () => {
  const path = join(temporaryDirectory(), "site");
  await swapFolder(path, { overwrite: false, mark, names }, fill("one"));
  mkdirSync(join(path, "assets"));
  mkdirSync(join(path, ".git"));
  for (const overwrite of [false, true]) {
    await expect(swapFolder(path, { overwrite, mark, names }, fill("two"))).rejects.toThrow(
      /expected nothing but an export, found \.git/,
    );
  }
  expect(readdirSync(path).sort()).toEqual([".git", "assets", "mark.txt"]);
});

it("what comes while the folder is written stays", async () => {
  const root = temporaryDirectory();
  const path = join(root, "site");
  const swap = (overwrite: boolean, meanwhile: () => void): Promise<string> =>
    swapFolder(path, { overwrite, mark, names }, async (folder) => {
      meanwhile();
      return fill("new")(folder);
    });
  mkdirSync(path);
  const note = (): void => writeFileSync(join(path, "notes.txt"), "years of work");
  for (const overwrite of [false, true]) {
    await expect(swap(overwrite, note)).rejects.toThrow(/expected no folder.*notes.txt/);
    expect(readdirSync(path)).toEqual(["notes.txt"]);
  }
  expect(readdirSync(root)).toEqual(["site"]);
});

it("of a link the folder is replaced that it leads to", async () => {
  const root = temporaryDirectory();
  const link = join(root, "current");
  mkdirSync(join(root, "far"));
  symlinkSync(join("far", "site"), link);
  mkdirSync(join(root, "far/site"));
  for (const text of ["one", "two"]) {
    await swapFolder(link, { overwrite: text === "two", mark, names }, fill(text));
    expect(lstatSync(link).isSymbolicLink()).toBe(true);
    expect(readFileSync(join(root, "far/site/mark.txt"), "utf8")).toBe(`ours: ${text}`);
  }
  expect([readdirSync(root).sort(), readdirSync(join(root, "far"))]).toEqual([["current", "far"], ["site"]]);
});

it("an export that is interrupted stops with that", async () => {
  const { path } = await exportedModel(temporaryDirectory(), { bits: 4 });
  const options = { writtenBy: "test", signal: AbortSignal.abort() };
  await expect(exportPortableModel(path, temporaryDirectory(), options)).rejects.toThrow(InterruptedError);
});
