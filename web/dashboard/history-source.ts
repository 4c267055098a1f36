/**
 * @file Where does the history come from? From a script element of the page itself, or from the server as it happens.
 *
 *   report   <script type="application/json" id="history">[records]</script>
 *   live     EventSource("events"): snapshot → start anew; records → add; bye → it is over
 */
import type { HistoryRecord } from "../../src/train/run-history/records.js";
import { RunHistory } from "../../src/train/run-history/run-history.js";

/** live: records arrive; ended: the server said that the run is over; lost: it does not answer; report: all data is here. */
export type Connection = "connecting" | "live" | "ended" | "lost" | "report";

/** At most so often is the page drawn: charts of sixteen worlds take some milliseconds. */
const DRAW_INTERVAL_MS = 500;

function historyOf(records: readonly HistoryRecord[]): RunHistory {
  const history = new RunHistory();
  for (const record of records) history.add(record);
  return history;
}

/** The history that the page carries; null if it carries none. */
export function embeddedHistory(): RunHistory | null {
  const text = document.getElementById("history")?.textContent ?? "";
  return text.trim() === "" ? null : historyOf(JSON.parse(text) as HistoryRecord[]);
}

/** Follows a run. Calls `onChange` with the same history object, changed, whenever there is something new to draw. */
export class LiveHistory {
  private history: RunHistory;
  private connection: Connection;
  private timer: ReturnType<typeof setTimeout> | null;
  private readonly onChange: (history: RunHistory, connection: Connection) => void;

  constructor(onChange: (history: RunHistory, connection: Connection) => void) {
    this.history = new RunHistory();
    this.connection = "connecting";
    this.timer = null;
    this.onChange = onChange;
  }

  start(): void {
    const source = new EventSource("events");
    const on = (name: string, take: (records: readonly HistoryRecord[]) => void): void =>
      source.addEventListener(name, (event) => take(JSON.parse((event as MessageEvent<string>).data)));
    on("snapshot", (records) => {
      this.history = historyOf(records);
      this.changed("live");
    });
    on("records", (records) => {
      for (const record of records) this.history.add(record);
      this.changed("live");
    });
    on("bye", () => {
      source.close();
      this.changed("ended");
    });
    // The browser tries again by itself, every few seconds.
    source.addEventListener("error", () => {
      if (this.connection !== "ended") this.changed("lost");
    });
    this.onChange(this.history, this.connection);
  }

  private changed(connection: Connection): void {
    const isTurn = connection !== this.connection;
    this.connection = connection;
    if (isTurn && this.timer !== null) {
      clearTimeout(this.timer);
      this.timer = null;
    }
    if (this.timer !== null) return;
    this.timer = setTimeout(
      () => {
        this.timer = null;
        this.onChange(this.history, this.connection);
      },
      isTurn ? 0 : DRAW_INTERVAL_MS,
    );
  }
}
