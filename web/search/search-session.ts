/**
 * @file What does the page know, and what is under way? The page's state and the requests behind it; no DOM.
 *
 *   typed ──DEBOUNCE_MS──▶ asking ──▶ answered
 *                            │  └───▶ failed: offline, refused, broken   until asked again
 *                            └──────▶ failed: busy ──Retry-After──▶ asking
 *
 * At most one search and one explanation are under way. A new one aborts the one before, and an answer counts only while
 * its request is the latest, so that an answer that comes late is never shown, whether the client honours aborts or not.
 * Results stay while the next are on their way; `current` says whether they are those of the words in the box.
 */
import type { FoundLabel, ModelResponse, SearchResult } from "../../src/mach/search-contract.js";
import { DEFAULT_K, type QueryLink } from "./query-link.js";
import { type SearchClient, SearchFailure } from "./search-client.js";

/** Long enough that one who types fast asks once a word, short enough to feel like none. */
export const DEBOUNCE_MS = 120;
/** Added to Retry-After, at random up to this share of it: those who were turned away together do not come back so. */
const RETRY_JITTER = 0.25;
const NUM_EXAMPLES = 6;

export interface Answer {
  readonly query: string;
  readonly k: number;
  readonly result: SearchResult;
  /** Milliseconds in whoever answered. */
  readonly tookMs: number;
  /** Milliseconds from asking to having the answer. */
  readonly roundTripMs: number;
}

export interface Explanation {
  readonly label: string;
  /** With votes; null if the label cannot be found for the query. */
  readonly found: FoundLabel | null;
  readonly worlds: NonNullable<SearchResult["worlds"]>;
}

export interface Failure {
  readonly kind: SearchFailure["kind"];
  readonly message: string;
  /** When it is asked again, by performance.now(); null: when the reader wants. */
  readonly retryAtMs: number | null;
}

export interface SearchState extends QueryLink {
  readonly model: ModelResponse | null;
  /** Queries to begin with. */
  readonly examples: readonly string[];
  /** True from the first key until the answer. */
  readonly busy: boolean;
  readonly answer: Answer | null;
  /** Why the latest search has no answer. */
  readonly failure: Failure | null;
  /** Votes for `why`; null while they are on their way. */
  readonly explanation: Explanation | null;
  readonly explanationFailure: Failure | null;
}

const NOTHING = { busy: false, answer: null, failure: null, explanation: null, explanationFailure: null } as const;

export class SearchSession {
  state: SearchState;
  private readonly client: SearchClient;
  private readonly onChange: (state: SearchState) => void;
  private searching: AbortController | null;
  private explaining: AbortController | null;
  private readonly closing: AbortController;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private explanationTimer: ReturnType<typeof setTimeout> | undefined;

  /** `onChange` is called with every new state. Call `start` once, `close` at the end. */
  constructor(client: SearchClient, link: QueryLink, onChange: (state: SearchState) => void) {
    this.client = client;
    this.onChange = onChange;
    this.state = { ...link, model: null, examples: [], ...NOTHING };
    this.searching = null;
    this.explaining = null;
    this.closing = new AbortController();
  }

  /** Asks what answers, for queries to begin with, and the query that the page was opened with. */
  start(): void {
    const stop = this.client.onBetter?.(() => this.refresh());
    if (stop !== undefined) this.closing.signal.addEventListener("abort", stop);
    void this.introduce();
    if (this.state.query.trim() !== "") this.search();
    if (this.state.why !== null) this.explain(this.state.why);
  }

  close(): void {
    clearTimeout(this.timer);
    clearTimeout(this.explanationTimer);
    this.searching?.abort();
    this.explaining?.abort();
    this.closing.abort();
  }

  /** The words in the box changed. What is open closes, since it speaks of other words. */
  type(query: string): void {
    if (query === this.state.query) return;
    this.become({ query, k: DEFAULT_K, why: null }, DEBOUNCE_MS);
  }

  /** Shows what a link says, at once. */
  show(link: QueryLink): void {
    const { query, k, why } = this.state;
    if (link.query !== query || link.k !== k) this.become(link, 0);
    else if (link.why !== why) this.explain(link.why);
  }

  /** Asks for the best `k` labels of the same words. */
  showMore(k: number): void {
    this.set({ k });
    this.search();
  }

  /** Asks without waiting for further keys; after a failure, again. */
  searchNow(): void {
    const { answer, query, k, failure } = this.state;
    if (this.searching !== null || query.trim() === "") return;
    if (failure !== null || answer?.query !== query || answer.k !== k) this.search();
  }

  /** Opens the votes for a label by its name, or closes them. */
  explain(label: string | null): void {
    this.explaining?.abort();
    clearTimeout(this.explanationTimer);
    this.set({ why: label, explanation: null, explanationFailure: null });
    if (label !== null) void this.askWhy(label);
  }

  /** Asks again whatever failed and was not refused: the connection is back, or a key is there. */
  reconnect(): void {
    const { model, query, failure, explanationFailure, why } = this.state;
    if (model === null) void this.introduce();
    if (failure !== null && failure.kind !== "refused") {
      if (query.trim() === "") this.set({ failure: null });
      else this.search();
    }
    if (explanationFailure !== null && explanationFailure.kind !== "refused") this.explain(why);
  }

  /** Asks again for what is shown, which stays until the answer comes. */
  private refresh(): void {
    const { query, why, model } = this.state;
    if (model !== null && model.worlds.length < model.numWorlds) void this.introduce();
    if (query.trim() !== "") this.search();
    this.explaining?.abort();
    if (why !== null) void this.askWhy(why);
  }

  /** Shows a key of the server, and asks again. */
  unlock(key: string): void {
    this.client.useKey?.(key);
    this.reconnect();
  }

  private become(link: QueryLink, delayMs: number): void {
    clearTimeout(this.timer);
    clearTimeout(this.explanationTimer);
    this.searching?.abort();
    this.searching = null;
    this.explaining?.abort();
    const empty = link.query.trim() === "";
    const { answer } = this.state;
    this.set({ ...link, ...NOTHING, answer: empty ? null : answer, busy: !empty });
    if (empty) return;
    if (delayMs > 0) this.timer = setTimeout(() => this.search(), delayMs);
    else this.search();
    if (link.why !== null) void this.askWhy(link.why);
  }

  private async introduce(): Promise<void> {
    const { signal } = this.closing;
    try {
      const model = await this.client.model(signal);
      this.set({ model });
      if (model.kind !== "text") return;
      // A query without words is answered with the most frequent labels; their names are queries that have an answer.
      const { results } = await this.client.search({ query: "", k: NUM_EXAMPLES }, signal);
      this.set({ examples: results[0].labels.map(({ label }) => label) });
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof SearchFailure)) throw error;
      // Else the line about the model, or the examples, stay away: searching says itself what is wrong.
      if (error.kind === "locked") this.set({ failure: failureOf(error) });
    }
  }

  private search(): void {
    clearTimeout(this.timer);
    this.searching?.abort();
    const control = new AbortController();
    this.searching = control;
    this.set({ busy: true, failure: null });
    void this.ask(control);
  }

  private async ask(control: AbortController): Promise<void> {
    const { query, k } = this.state;
    const startMs = performance.now();
    try {
      const { tookMs, results } = await this.client.search({ query, k }, control.signal);
      if (this.searching !== control) return;
      this.searching = null;
      const answer = { query, k, result: results[0], tookMs, roundTripMs: performance.now() - startMs };
      this.set({ busy: false, answer });
    } catch (error) {
      if (this.searching !== control) return;
      this.searching = null;
      const failure = failureOf(error);
      // What is there for the same words, fewer of them, is still right.
      const answer = this.state.answer?.query === query ? this.state.answer : null;
      this.set({ busy: false, failure, answer });
      if (failure.retryAtMs !== null)
        this.timer = setTimeout(() => this.search(), failure.retryAtMs - performance.now());
    }
  }

  private async askWhy(label: string): Promise<void> {
    const control = new AbortController();
    this.explaining = control;
    try {
      const { query } = this.state;
      const request = { query, k: 1, explain: true, filter: { only: [label] } };
      const { results } = await this.client.search(request, control.signal);
      if (this.explaining !== control || control.signal.aborted) return;
      const { labels, worlds = [] } = results[0];
      this.set({ explanation: { label, found: labels[0] ?? null, worlds } });
    } catch (error) {
      if (this.explaining !== control || control.signal.aborted) return;
      const explanationFailure = failureOf(error);
      this.set({ explanationFailure });
      const { retryAtMs } = explanationFailure;
      if (retryAtMs !== null)
        this.explanationTimer = setTimeout(() => this.explain(label), retryAtMs - performance.now());
    }
  }

  private set(change: Partial<SearchState>): void {
    if (this.closing.signal.aborted) return;
    this.state = { ...this.state, ...change };
    this.onChange(this.state);
  }
}

function failureOf(error: unknown): Failure {
  if (!(error instanceof SearchFailure)) return { kind: "broken", message: String(error), retryAtMs: null };
  const { kind, message, retryAfterMs } = error;
  const waitMs = retryAfterMs === undefined ? null : retryAfterMs * (1 + RETRY_JITTER * Math.random());
  return { kind, message, retryAtMs: waitMs === null ? null : performance.now() + waitMs };
}
