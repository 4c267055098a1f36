/** @file manyworlds serve: a model on the network, with a page to search it, until it is told to stop. */
import type { Command } from "commander";
import { addFlags } from "./flags.js";
import type { CommandContext } from "./program.js";
import { SERVE_FLAGS } from "./serve-flags.js";

export function addServeCommand(program: Command, context: CommandContext): void {
  const command = program
    .command("serve")
    .summary("answer queries over HTTP, with a search page")
    .description(
      "Answers queries over HTTP until it is told to stop: a search page at /, an API at /v1, its description at /docs, " +
        "Prometheus metrics at /metrics. A model that is trained again, or gains worlds, is loaded without a pause.",
    )
    .argument("<model>", "model directory");
  addFlags(command, SERVE_FLAGS);
  command.addHelpText(
    "after",
    `
Example:
  $ manyworlds serve m/                                           http://127.0.0.1:8080/
  $ manyworlds serve m/ --catalogue products.csv --port 3000
  $ manyworlds serve m/ --host 0.0.0.0 --api-keys keys.txt --cors-origin https://shop.example
  $ curl localhost:8080/v1/search -H 'content-type: application/json' -d '{"query": "red shoes", "k": 5}'`,
  );
  command.action(async (path: string, options: Record<string, unknown>) => {
    // Loaded only now: the other commands should not wait for a web framework.
    const { runServer } = await import("./run-server.js");
    await runServer(path, options, context);
  });
}
