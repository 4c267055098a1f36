import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatQueryLink, parseQueryLink } from "../../web/search/query-link.js";

describe("links that reproduce a query", () => {
  it("are read as they were written, whatever the words", () => {
    const words = fc.string({ unit: "grapheme" });
    fc.assert(
      fc.property(words, fc.integer({ min: 1, max: 1000 }), fc.option(words), (query, k, label) => {
        const why = query === "" || label === "" ? null : label;
        expect(parseQueryLink(formatQueryLink({ query, k, why }).replace("./", ""))).toEqual({ query, k, why });
      }),
    );
  });

  it("leave out what is as by default", () => {
    expect(formatQueryLink({ query: "", k: 10, why: null })).toBe("./");
    expect(formatQueryLink({ query: "a b", k: 10, why: null })).toBe("?q=a+b");
    expect(formatQueryLink({ query: "a", k: 20, why: "x:y" })).toBe("?q=a&k=20&why=x%3Ay");
  });

  it("ask for ten labels where they ask for what cannot be", () => {
    for (const k of ["0", "-1", "1.5", "many", "1001", "1e9", ""]) expect(parseQueryLink(`?q=a&k=${k}`).k).toBe(10);
    expect(parseQueryLink("?q=a&k=1000").k).toBe(1000);
  });
});
