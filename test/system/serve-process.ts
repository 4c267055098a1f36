/** @file A server as an operator starts it: the built package in a process of its own, on a free port of 127.0.0.1. */
import { type Outcome, type RunOptions, startManyworlds } from "./manyworlds-process.js";

export interface Serving {
  readonly url: string;
  /** The process's end. */
  readonly outcome: Promise<Outcome>;
  /** Sends SIGTERM and waits for the end. */
  stop(): Promise<Outcome>;
  /** POST /v1/search. */
  search(body: unknown): Promise<Response>;
}

/** Starts `manyworlds serve` and waits until it listens. @throws with what it printed if it ends before. */
export async function startServing(args: readonly string[], options: RunOptions = {}): Promise<Serving> {
  const { child, outcome } = startManyworlds(["serve", ...args, "--port", "0", "--json"], options);
  const line = new Promise<string>((resolve) => {
    let text = "";
    child.stdout?.on("data", (chunk) => {
      text += chunk;
      if (text.includes("\n")) resolve(text.split("\n")[0]);
    });
  });
  const failed = outcome.then(({ code, stderr }) => {
    throw new Error(`manyworlds serve ${args.join(" ")}: ended with ${code} before it listened\n${stderr}`);
  });
  const { url, pid } = JSON.parse(await Promise.race([line, failed])) as { url: string; pid: number };
  failed.catch(() => {});
  if (pid !== child.pid) throw new Error(`expected the pid ${child.pid}, got ${pid}`);
  return {
    url,
    outcome,
    stop: () => {
      child.kill("SIGTERM");
      return outcome;
    },
    search: (body) =>
      fetch(`${url}/v1/search`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(body),
      }),
  };
}
