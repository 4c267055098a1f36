/** @file Does the page's state follow the words in the box, whatever comes back, in whatever order? */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { ModelResponse, SearchRequest, SearchResponse } from "../../src/mach/search-contract.js";
import { type SearchClient, SearchFailure } from "../../web/search/search-client.js";
import { DEBOUNCE_MS, SearchSession } from "../../web/search/search-session.js";

const MODEL: ModelResponse = {
  version: "v",
  kind: "text",
  numLabels: 9,
  numFeatures: 9,
  numBuckets: 3,
  numWorlds: 2,
  worlds: [0, 1],
  failedWorlds: [],
  hidden: [],
  merge: "probability",
  metrics: {},
  hasCatalogue: false,
  kernels: "reference",
};

interface Asked {
  readonly request: SearchRequest;
  readonly signal: AbortSignal | undefined;
  readonly answer: () => Promise<void>;
  readonly fail: (error: unknown) => Promise<void>;
}

/** A client whose searches wait until the test answers them; it ignores aborts, as a bad one would. */
function setUp(link = { query: "", k: 10, why: null as string | null }) {
  const asked: Asked[] = [];
  const settle = (): Promise<unknown> => vi.advanceTimersByTimeAsync(0);
  const better = new Set<() => void>();
  const client: SearchClient = {
    onBetter: (listener) => {
      better.add(listener);
      return () => better.delete(listener);
    },
    model: async () => MODEL,
    label: async () => null,
    search: (request, signal) =>
      new Promise<SearchResponse>((resolve, reject) => {
        const query = request.query ?? "";
        const label = request.filter?.only?.[0] ?? `best of ${query}`;
        const result = { query, unknown: false, labels: [{ id: 1, label, probability: 0.5 }], worlds: [] };
        asked.push({
          request,
          signal,
          answer: async () => {
            resolve({ model: "v", tookMs: 1, results: [result] });
            await settle();
          },
          fail: async (error) => {
            reject(error);
            await settle();
          },
        });
      }),
  };
  const session = new SearchSession(client, link, () => {});
  const shown = (): string | undefined => session.state.answer?.result.labels[0].label;
  const becomeBetter = (): void => {
    for (const listener of better) listener();
  };
  return { session, asked, shown, settle, becomeBetter };
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe("a client that would answer better", () => {
  it("is asked again for what is shown, which stays meanwhile; not after the session was closed", async () => {
    const { session, asked, shown, settle, becomeBetter } = setUp({ query: "a", k: 10, why: "x" });
    session.start();
    await settle();
    const requests = (): unknown[] => asked.map(({ request }) => request);
    const before = requests().length;
    for (const { answer } of [...asked]) await answer();
    expect(shown()).toBe("best of a");
    becomeBetter();
    expect(requests().slice(before)).toEqual([
      { query: "a", k: 10 },
      { query: "a", k: 1, explain: true, filter: { only: ["x"] } },
    ]);
    expect(shown()).toBe("best of a");
    expect(session.state.explanation?.label).toBe("x");
    session.close();
    becomeBetter();
    expect(requests().length).toBe(before + 2);
  });

  it("is asked again what answers, if worlds were missing", async () => {
    const worlds = [[0], [0, 1]];
    const better: (() => void)[] = [];
    const client: SearchClient = {
      onBetter: (listener) => {
        better.push(listener);
        return () => {};
      },
      model: async () => ({ ...MODEL, worlds: worlds.shift() ?? [] }),
      label: async () => null,
      search: async () => ({ model: "v", tookMs: 1, results: [{ query: "", unknown: false, labels: [] }] }),
    };
    const session = new SearchSession(client, { query: "", k: 10, why: null }, () => {});
    session.start();
    // The second time all of them are there: it is not asked a third time.
    for (const expected of [[0], [0, 1], [0, 1]]) {
      await vi.advanceTimersByTimeAsync(0);
      expect(session.state.model?.worlds).toEqual(expected);
      better[0]();
    }
    session.close();
  });
});

describe("typing", () => {
  it("asks once the keys have rested", async () => {
    const { session, asked, shown } = setUp();
    for (const query of ["l", "li", "lin"]) {
      session.type(query);
      await vi.advanceTimersByTimeAsync(DEBOUNCE_MS - 1);
    }
    expect(asked).toEqual([]);
    expect(session.state.busy).toBe(true);
    await vi.advanceTimersByTimeAsync(1);
    expect(asked.map(({ request }) => request)).toEqual([{ query: "lin", k: 10 }]);
    await asked[0].answer();
    expect(shown()).toBe("best of lin");
    expect(session.state.busy).toBe(false);
  });

  it("aborts what is under way, and never shows an answer that comes late", async () => {
    const { session, asked, shown } = setUp();
    session.type("a");
    await vi.advanceTimersByTimeAsync(DEBOUNCE_MS);
    session.type("ab");
    expect(asked[0].signal?.aborted).toBe(true);
    await asked[0].answer();
    expect(shown()).toBeUndefined();
    await vi.advanceTimersByTimeAsync(DEBOUNCE_MS);
    session.type("abc");
    await vi.advanceTimersByTimeAsync(DEBOUNCE_MS);
    await asked[2].answer();
    await asked[1].answer();
    expect(shown()).toBe("best of abc");
    await asked[1].fail(new Error("late"));
    expect(session.state.failure).toBeNull();
  });

  it("shows nothing for no words, even if an answer was under way", async () => {
    const { session, asked, shown } = setUp();
    session.type("a");
    await vi.advanceTimersByTimeAsync(DEBOUNCE_MS);
    session.type("  ");
    await asked[0].answer();
    await vi.advanceTimersByTimeAsync(1000);
    expect(shown()).toBeUndefined();
    expect(session.state).toMatchObject({ busy: false, answer: null });
    expect(asked.length).toBe(1);
  });

  it("asks at once on Enter, and only once", async () => {
    const { session, asked } = setUp();
    session.type("a");
    session.searchNow();
    session.searchNow();
    await vi.advanceTimersByTimeAsync(1000);
    expect(asked.length).toBe(1);
    await asked[0].answer();
    session.searchNow();
    expect(asked.length).toBe(1);
  });
});

describe("failures", () => {
  it("of a busy server are asked again after as long as it said, and somewhat longer", async () => {
    const { session, asked, shown } = setUp();
    session.type("a");
    session.searchNow();
    await asked[0].fail(new SearchFailure("busy", "queue full", 3000));
    expect(session.state.failure).toMatchObject({ kind: "busy", message: "queue full" });
    const waitMs = (session.state.failure?.retryAtMs ?? 0) - performance.now();
    expect(waitMs).toBeGreaterThanOrEqual(3000 - 1);
    expect(waitMs).toBeLessThanOrEqual(3750);
    await vi.advanceTimersByTimeAsync(2990);
    expect(asked.length).toBe(1);
    await vi.advanceTimersByTimeAsync(800);
    expect(asked.length).toBe(2);
    await asked[1].answer();
    expect(shown()).toBe("best of a");
    expect(session.state.failure).toBeNull();
  });

  it("are forgotten with the words that they belong to", async () => {
    const { session, asked } = setUp();
    session.type("a");
    session.searchNow();
    await asked[0].fail(new SearchFailure("busy", "queue full", 1000));
    session.type("b");
    expect(session.state.failure).toBeNull();
    await vi.advanceTimersByTimeAsync(5000);
    expect(asked.map(({ request }) => request.query)).toEqual(["a", "b"]);
  });

  it("of a connection wait until it is back", async () => {
    const { session, asked } = setUp();
    session.type("a");
    session.searchNow();
    await asked[0].fail(new SearchFailure("offline", "Failed to fetch"));
    expect(session.state).toMatchObject({ answer: null, failure: { kind: "offline", retryAtMs: null } });
    await vi.advanceTimersByTimeAsync(60_000);
    expect(asked.length).toBe(1);
    session.reconnect();
    expect(asked.length).toBe(2);
  });

  it("of a search for more leave what is there for the same words", async () => {
    const { session, asked, shown } = setUp();
    session.type("a");
    session.searchNow();
    await asked[0].answer();
    session.showMore(20);
    await asked[1].fail(new SearchFailure("refused", "k: at most 10"));
    expect(shown()).toBe("best of a");
    expect(session.state.failure).toMatchObject({ kind: "refused" });
  });

  it("that nobody foresaw are shown too", async () => {
    const { session, asked } = setUp();
    session.type("a");
    session.searchNow();
    await asked[0].fail(new RangeError("a bug"));
    expect(session.state.failure).toMatchObject({ kind: "broken", message: "RangeError: a bug" });
  });
});

describe("why?", () => {
  it("asks for the votes of that label alone, and shows only those that are asked last", async () => {
    const { session, asked, settle } = setUp();
    session.type("a");
    session.searchNow();
    await asked[0].answer();
    session.explain("x");
    expect(asked[1].request).toEqual({ query: "a", k: 1, explain: true, filter: { only: ["x"] } });
    session.explain("y");
    await asked[2].answer();
    await asked[1].answer();
    expect(session.state).toMatchObject({ why: "y", explanation: { label: "y" } });
    session.explain(null);
    await settle();
    expect(session.state).toMatchObject({ why: null, explanation: null });
  });

  it("closes when other words are typed", async () => {
    const { session, asked } = setUp();
    session.type("a");
    session.searchNow();
    session.explain("x");
    session.type("ab");
    await asked[1].answer();
    expect(session.state).toMatchObject({ why: null, explanation: null });
  });

  it("is asked again when the server has time", async () => {
    const { session, asked } = setUp();
    session.type("a");
    session.explain("x");
    await asked[0].fail(new SearchFailure("busy", "queue full", 1000));
    expect(session.state.explanationFailure).toMatchObject({ kind: "busy" });
    await vi.advanceTimersByTimeAsync(1300);
    const again = asked.filter(({ request }) => request.explain);
    expect(again.length).toBe(2);
    await again[1].answer();
    expect(session.state).toMatchObject({ explanation: { label: "x" }, explanationFailure: null });
  });
});

describe("a link", () => {
  it("is shown as it says: words, how many, votes; and frequent labels are asked for as examples", async () => {
    const { session, asked, shown, settle } = setUp({ query: "a b", k: 20, why: "x" });
    session.start();
    await settle();
    const requests = asked.map(({ request }) => request);
    expect(requests).toContainEqual({ query: "a b", k: 20 });
    expect(requests).toContainEqual({ query: "a b", k: 1, explain: true, filter: { only: ["x"] } });
    for (const { answer } of asked) await answer();
    expect(shown()).toBe("best of a b");
    expect(session.state).toMatchObject({ model: MODEL, examples: ["best of "], explanation: { label: "x" } });
    session.close();
  });

  it("back in history changes what is shown, without asking again for what is there", async () => {
    const { session, asked } = setUp();
    session.type("a");
    session.searchNow();
    await asked[0].answer();
    session.explain("x");
    session.show({ query: "a", k: 10, why: null });
    expect(session.state).toMatchObject({ why: null, query: "a" });
    expect(asked.length).toBe(2);
    session.show({ query: "b", k: 10, why: null });
    expect(asked[2].request.query).toBe("b");
  });

  it("closed, nothing changes any more", async () => {
    const { session, asked, shown } = setUp();
    session.type("a");
    session.searchNow();
    session.close();
    await asked[0].answer();
    expect(shown()).toBeUndefined();
    expect(asked[0].signal?.aborted).toBe(true);
  });
});
