/** @file train --dashboard: a page on this machine that follows the run. Without the flag nothing of it is loaded. */
import { HistoryFeed } from "../train/run-history/history-feed.js";
import { readDashboardPage } from "../train/run-history/report.node.js";
import type { TrainEvent } from "../train/train-request.js";

export const DASHBOARD_PORT = 7007;

export interface TrainDashboard {
  /** To be given to `trainModel`. */
  readonly feed: HistoryFeed;
  /** Takes in what no history holds: how far the reading is. */
  observe(event: TrainEvent): void;
  close(): Promise<void>;
}

/**
 * Starts the page's server as `flag` says: undefined: none, true: on the usual port, a number: on that one.
 * @throws {ConfigError} for a port that is taken, or a build without pages.
 */
export async function openDashboard(flag: unknown, say: (line: string) => void): Promise<TrainDashboard | null> {
  if (flag === undefined) return null;
  const port = typeof flag === "number" ? flag : DASHBOARD_PORT;
  const { startDashboard } = await import("../serve/dashboard/dashboard-server.node.js");
  const feed = new HistoryFeed();
  const server = await startDashboard({ feed, page: readDashboardPage(), port });
  say(`dashboard: ${server.url}`);
  return {
    feed,
    observe: (event) => {
      if (event.kind !== "reading") return;
      feed.add({ type: "reading", rows: event.rows, fraction: event.bytesRead / Math.max(1, event.bytesTotal) });
    },
    close: () => server.close(),
  };
}
