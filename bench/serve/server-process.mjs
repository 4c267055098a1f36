/** @file The server in a process of its own: started, asked for its metrics, its memory read, told to stop. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync, readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { cli } from "../datasets.mjs";

export class ServerProcess {
  /** Starts `manyworlds serve model`, and waits until it answers. Warnings go to the file `log`. */
  static async start(model, log) {
    const args = [cli, "serve", model, "--port", "0", "--json", "--log-level", "warn"];
    // All load comes from one address: the queue's own limit is to be met, not a client's share of it.
    args.push("--max-client-queries", "1000000");
    const stderr = openSync(log, "w");
    const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", stderr] });
    closeSync(stderr);
    const ended = once(child, "exit").then(([code]) => {
      throw new Error(`the server ended with ${code}: ${readFileSync(log, "utf8").slice(-2000)}`);
    });
    // It is awaited, if at all, together with something else.
    ended.catch(() => {});
    const [line] = await Promise.race([once(createInterface(child.stdout), "line"), ended]);
    return new ServerProcess(child, JSON.parse(line).url);
  }

  constructor(child, url) {
    this.child = child;
    this.url = url;
  }

  get isAlive() {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  async search(request) {
    const body = JSON.stringify(request);
    const response = await fetch(`${this.url}/v1/search`, {
      ...{ method: "POST", headers: { "content-type": "application/json" }, body },
    });
    if (!response.ok) throw new Error(`search: ${response.status} ${await response.text()}`);
    return response.json();
  }

  async modelVersion() {
    return (await (await fetch(`${this.url}/v1/model`)).json()).version;
  }

  /** Values of all metrics without labels, by name. */
  async metrics() {
    const text = await (await fetch(`${this.url}/metrics`)).text();
    const lines = text.split("\n").map((line) => /^(\w+) (\S+)$/.exec(line));
    return Object.fromEntries(lines.filter((match) => match !== null).map(([, name, value]) => [name, Number(value)]));
  }

  /** Resident memory in MiB, shared parameters included. */
  get residentMiB() {
    const [, kib] = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${this.child.pid}/status`, "utf8"));
    return Number(kib) / 1024;
  }

  /** Processor seconds so far. */
  get cpuSeconds() {
    const fields = readFileSync(`/proc/${this.child.pid}/stat`, "utf8").split(") ")[1].split(" ");
    // User and system time, in hundredths.
    return (Number(fields[11]) + Number(fields[12])) / 100;
  }

  async stop() {
    if (!this.isAlive) return this.child.exitCode;
    this.child.kill("SIGTERM");
    const [code] = await once(this.child, "exit");
    return code;
  }
}
