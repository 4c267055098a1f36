/**
 * @file The command line as a user's shell runs it: the built package in a process of its own, with what it printed.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const ROOT: string = fileURLToPath(new URL("../..", import.meta.url));
const MAIN = join(ROOT, "dist/src/cli/main.js");
/** A process that is still there after this time hangs: it is killed, and the test fails. */
const DEADLINE_MS = 120_000;

/** A JSON line of progress. */
export interface ProgressLine {
  readonly event: "progress" | "finished" | "note";
  readonly job?: string;
  readonly fraction?: number;
  readonly message?: string;
}

export interface Outcome {
  /** null when a signal ended the process. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  /** The JSON lines of stderr. */
  readonly progress: readonly ProgressLine[];
}

export interface RunOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Another program than this repository's build. */
  readonly main?: string;
}

export interface RunningProcess {
  readonly child: ChildProcess;
  readonly outcome: Promise<Outcome>;
}

const running = new Map<ChildProcess, Promise<Outcome>>();

/** Starts the program. It does not outlive `removeDirectory`. */
export function startManyworlds(args: readonly string[], options: RunOptions = {}): RunningProcess {
  if (!existsSync(MAIN)) throw new Error(`${MAIN} is not there; run npm run build first`);
  const child = spawn(process.execPath, [options.main ?? MAIN, ...args], {
    cwd: options.cwd ?? ROOT,
    env: { ...process.env, ...options.env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => out.push(chunk));
  child.stderr.on("data", (chunk: Buffer) => err.push(chunk));
  const deadline = setTimeout(() => child.kill("SIGKILL"), DEADLINE_MS);
  const outcome = new Promise<Outcome>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code, signal) => {
      clearTimeout(deadline);
      running.delete(child);
      const stderr = Buffer.concat(err).toString();
      resolve({ code, signal, stdout: Buffer.concat(out).toString(), stderr, progress: parseProgress(stderr) });
    });
  });
  running.set(child, outcome);
  return { child, outcome };
}

/** Runs the program to its end. */
export function manyworlds(args: readonly string[], options: RunOptions = {}): Promise<Outcome> {
  return startManyworlds(args, options).outcome;
}

/** Runs the program and expects exit code 0. @throws with what it printed. */
export async function succeed(args: readonly string[], options: RunOptions = {}): Promise<Outcome> {
  const outcome = await manyworlds(args, options);
  if (outcome.code === 0) return outcome;
  throw new Error(`manyworlds ${args.join(" ")}: ended with ${outcome.code ?? outcome.signal}\n${outcome.stderr}`);
}

/**
 * Runs the program and expects it to refuse: exit code 2, nothing on stdout, one line of complaint, no stack trace.
 * @returns the complaint. @throws with what it printed instead.
 */
export async function refusal(args: readonly string[], options: RunOptions = {}): Promise<string> {
  const { code, stdout, stderr } = await manyworlds(args, options);
  const lines = stderr.split("\n").filter((line) => line.startsWith("manyworlds: "));
  const isClean = !/^\s+at |fault of ours|node:internal/m.test(stderr);
  if (code === 2 && stdout === "" && lines.length === 1 && isClean) return lines[0];
  throw new Error(`manyworlds ${args.join(" ")}: expected a refusal, got ${code}\n${stdout}\n${stderr}`);
}

/** A directory for a file of tests: give it to `removeDirectory` in afterAll. */
export function createDirectory(): string {
  return mkdtempSync(join(tmpdir(), "manyworlds-system-"));
}

/** Ends what a failed test has left running, then removes the directory. */
export async function removeDirectory(path: string): Promise<void> {
  for (const [child, outcome] of running) {
    child.kill("SIGKILL");
    await outcome;
  }
  rmSync(path, { recursive: true, force: true });
}

/** File name → SHA-256 of every finished world of a model. */
export function worldDigests(model: string): Record<string, string> {
  const folder = join(model, "worlds");
  const names = readdirSync(folder).filter((name) => /^world-\d+\.safetensors$/.test(name));
  return Object.fromEntries(
    names.sort().map((name) => [
      name,
      createHash("sha256")
        .update(readFileSync(join(folder, name)))
        .digest("hex"),
    ]),
  );
}

function parseProgress(stderr: string): ProgressLine[] {
  const lines = stderr.split("\n").filter((line) => line.startsWith("{"));
  return lines.map((line) => JSON.parse(line) as ProgressLine);
}
