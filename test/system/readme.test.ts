/** @file Does the network that the README trains learn what it says? The program is taken from the text as it stands. */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { ROOT } from "./manyworlds-process.js";

it("the README's network learns exclusive or", () => {
  const blocks = [...readFileSync(join(ROOT, "README.md"), "utf8").matchAll(/```ts\n(.*?)```/gs)].map(
    ([, code]) => code,
  );
  const [program] = blocks.filter((code) => code.includes("new Trainer"));
  const report = `
    const { data } = model.forward(inputs);
    console.log(JSON.stringify([history.ended, [0, 1, 2, 3].map((i) => Number(data[2 * i + 1] > data[2 * i]))]));`;
  // In the package's own folder its name leads to its build.
  const run = spawnSync(process.execPath, ["--input-type=module", "--eval", program + report], {
    cwd: ROOT,
    encoding: "utf8",
  });
  expect(run.stderr).toBe("");
  expect(JSON.parse(run.stdout)).toEqual(["finished", [0, 1, 1, 0]]);
});
