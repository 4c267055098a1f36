/** @file Which queries may be ranked together, and which labels does a filter leave? */
import { describe, expect, it } from "vitest";
import { ConfigError } from "../../../src/core/index.js";
import { LabelTable } from "../../../src/data/index.js";
import { BadQueryError } from "../../../src/serve/engine/engine-errors.js";
import { defaultNumThreads, fillEngineOptions } from "../../../src/serve/engine/engine-options.js";
import { chooseLabels } from "../../../src/serve/engine/label-choice.js";
import { groupQueries, type SingleQuery } from "../../../src/serve/engine/served-model.js";

const labels = LabelTable.named(["zero", "one", "two", "three"]);

describe("chooseLabels", () => {
  it("turns names into ascending ids, `except` taken from `only`", () => {
    const ids = (filter: Parameters<typeof chooseLabels>[1]) => {
      const choice = chooseLabels(labels, filter);
      return choice && [choice.kind, ...choice.ids];
    };
    expect(ids(undefined)).toBe(null);
    expect(ids({})).toBe(null);
    expect(ids({ except: [] })).toBe(null);
    expect(ids({ only: ["three", "one", "three"] })).toEqual(["only", 1, 3]);
    expect(ids({ only: [] })).toEqual(["only"]);
    expect(ids({ except: ["two", "zero"] })).toEqual(["except", 0, 2]);
    expect(ids({ only: ["one", "two"], except: ["two", "zero"] })).toEqual(["only", 1]);
  });

  it("gives equal choices equal keys, and others others", () => {
    const key = (filter: Parameters<typeof chooseLabels>[1]) => chooseLabels(labels, filter)?.key;
    expect(key({ only: ["one", "two"] })).toBe(key({ only: ["two", "one", "one"] }));
    expect(key({ only: ["one", "two"] })).toBe(key({ only: ["two", "one", "zero"], except: ["zero"] }));
    expect(key({ only: ["one"] })).not.toBe(key({ except: ["one"] }));
    expect(key({ only: ["one"] })).not.toBe(key({ only: ["two"] }));
  });

  it("refuses names that the model does not know, naming some of them", () => {
    const refuse = () => chooseLabels(labels, { only: ["one", "a", "b", "c", "d", "e"] });
    expect(refuse).toThrow(BadQueryError);
    expect(refuse).toThrow(/filter\.only: .*"a", "b", "c" and 2 more/);
    expect(() => chooseLabels(labels, { except: ["One"] })).toThrow(/filter\.except: .*"One";/);
  });
});

describe("groupQueries", () => {
  it("puts queries of one filter together, ranked for the largest k", () => {
    const one = chooseLabels(labels, { only: ["one"] });
    const make = (query: string, over: Partial<SingleQuery> = {}): SingleQuery => ({
      ...{ query, k: 10, choice: null, minProbability: 0, explain: false },
      ...over,
    });
    const queries = [
      make("a"),
      make("b", { choice: one, k: 2 }),
      make("c", { k: 50 }),
      make("d", { choice: chooseLabels(labels, { only: ["one", "one"] }), explain: true, k: 3 }),
    ];
    expect(groupQueries(queries)).toEqual({
      order: [0, 2, 1, 3],
      groups: [
        { first: 0, count: 2, k: 50, choice: null, explained: null },
        { first: 2, count: 2, k: 3, choice: one, explained: [0, 3] },
      ],
    });
  });
});

describe("engine options", () => {
  it("leave the event loop a core where there are more than two", () => {
    expect([1, 2, 3, 16].map((cores) => defaultNumThreads(cores))).toEqual([1, 1, 2, 15]);
  });

  it("are checked, and filled in where they are not given", () => {
    expect(fillEngineOptions({ maxBatch: undefined, cacheEntries: 0 })).toMatchObject({
      maxBatch: 64,
      cacheEntries: 0,
    });
    const wrong = [{ numThreads: 0 }, { maxBatch: 1.5 }, { batchWindowMs: -1 }, { maxQueued: 0 }, { cacheBytes: NaN }];
    for (const options of wrong) expect(() => fillEngineOptions(options)).toThrow(ConfigError);
    expect(() => fillEngineOptions({ batchWindowMs: -1 })).toThrow(/batchWindowMs: .*got -1/);
  });
});
