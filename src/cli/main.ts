#!/usr/bin/env node
/**
 * @file The command line: one command a file, one place that exits.
 *
 *   0  done      2  bad input or usage      1  a fault of ours      130  interrupted (SIGINT, SIGTERM)
 */
import { CommanderError } from "commander";
import { explainStorage } from "../checkpoint/storage-error.js";
import { ManyworldsError } from "../core/errors.js";
import { createProgram } from "./program.js";

/**
 * Milliseconds within which a second signal is the first again: under npx a terminal's Ctrl-C comes to the whole group of
 * processes, and npm passes on its own.
 */
const ECHO_MS = 1000;

const abort = new AbortController();
let interruptedAt: number | null = null;
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.on(signal, () => {
    if (interruptedAt !== null) {
      if (performance.now() - interruptedAt > ECHO_MS) process.exit(130);
      return;
    }
    interruptedAt = performance.now();
    process.stderr.write("\nstopping when what is under way is done; press Ctrl-C again to stop at once\n");
    abort.abort();
  });
}
// A reader that goes away (`| head`) is no fault; a full disk is not ours.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  process.exit(error.code === "EPIPE" ? 0 : report(explainStorage("standard output", "could not be written", error)));
});
// Progress that nobody can read any more is no reason to stop a training.
process.stderr.on("error", () => {});

try {
  const { stdout, stderr, argv } = process;
  const program = await createProgram({ signal: abort.signal, stdout, stderr }, argv.slice(2));
  await program.parseAsync();
} catch (error) {
  process.exitCode = report(error);
}

/** Says what went wrong, on stderr. @returns the exit code. */
function report(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  if (error instanceof ManyworldsError) {
    process.stderr.write(`manyworlds: ${error.message}\n`);
    if (error.exitCode === 1 && typeof error.cause === "string") process.stderr.write(`${error.cause}\n`);
    return error.exitCode;
  }
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  process.stderr.write(`manyworlds: this is a fault of ours, please report it with the lines below\n${text}\n`);
  return 1;
}
