/**
 * @file Who may watch a run? Anybody who subscribes: they get what was, thinned, and then each record as it comes.
 *
 * One feed a run. The trainer adds to it, a page's server listens; neither knows the other.
 */
import type { HistoryRecord } from "./records.js";
import { RunHistory } from "./run-history.js";

/** A run's records as they come, for any number of listeners, with the history that they add up to. */
export class HistoryFeed {
  /** All that was added so far. */
  readonly history: RunHistory;
  private readonly listeners: Set<(record: HistoryRecord) => void>;

  constructor() {
    this.history = new RunHistory();
    this.listeners = new Set();
  }

  /** Takes a record in and hands it to all listeners. @returns whether the history keeps it (RunHistory.add). */
  add(record: HistoryRecord): boolean {
    const isKept = this.history.add(record);
    for (const listener of this.listeners) listener(record);
    return isKept;
  }

  /** Records that add up to all that was so far. */
  snapshot(): HistoryRecord[] {
    return this.history.records();
  }

  /** Calls `listener` with each record from now on. @returns what ends it. */
  subscribe(listener: (record: HistoryRecord) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }
}
