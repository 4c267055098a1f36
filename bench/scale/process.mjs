/** @file How is something measured without what was measured before it? In a process of its own, one at a time. */
import { spawn } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const folder = fileURLToPath(new URL(".", import.meta.url));

/**
 * Runs bench/scale/`script` with `settings` as its argument. @returns the JSON of the last line that it prints.
 * @throws when it fails; its standard error is ours.
 */
export function runProcess(script, settings) {
  return new Promise((resolve, reject) => {
    const args = ["--expose-gc", "--max-old-space-size=8192", join(folder, script), JSON.stringify(settings)];
    const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
    const chunks = [];
    child.stdout.on("data", (chunk) => chunks.push(chunk));
    child.on("error", reject);
    child.on("close", (code, signal) => {
      if (code !== 0) return reject(new Error(`${script}: expected it to finish, it ended with ${code ?? signal}`));
      const lines = Buffer.concat(chunks).toString().trim().split("\n");
      resolve(JSON.parse(lines.at(-1)));
    });
  });
}
