import { describe, expect, it } from "vitest";
import { counted, milliseconds, percent, readableLabel, safeAddress, textOf } from "../../web/search/label-text.js";

describe("a label's name, made readable", () => {
  it.each([
    ["linux:linux_kernel", "linux kernel", "linux"],
    ["phpnuke:php-nuke", "php-nuke", "phpnuke"],
    ["hp:hp-ux", "hp-ux", "hp"],
    ["tecnick:tcexam", "tcexam", "tecnick"],
    ["joomla:joomla\\!", "joomla!", "joomla"],
    ["wordpress:wordpress", "wordpress", null],
    ["Running shoes: red", "Running shoes: red", null],
    ["B00X4WHP5E", "B00X4WHP5E", null],
    ["vendor:", "vendor:", null],
    ["_", "_", null],
  ])("%s", (label, title, group) => expect(readableLabel(label)).toEqual({ title, group }));

  it("gives way to the catalogue's title, unless that is blank", () => {
    expect(textOf({ label: "a:b", item: { title: "A fine B" } })).toEqual({ title: "A fine B", group: null });
    expect(textOf({ label: "a:b", item: { title: " " } }).title).toBe("b");
    expect(textOf({ label: "a:b", item: { price: "3 €" } }).title).toBe("b");
  });
});

describe("addresses of a catalogue", () => {
  const base = "https://shop.example/search/?q=x";
  it("lead to pages only: http, https, or relative to this one", () => {
    expect(safeAddress("https://other.example/a", base)).toBe("https://other.example/a");
    expect(safeAddress("/items/7", base)).toBe("https://shop.example/items/7");
    for (const bad of [
      undefined,
      "",
      " ",
      "javascript:alert(1)",
      "JaVaScRiPt:alert(1)",
      "data:text/html,x",
      "file:///etc/passwd",
      "http://[",
    ])
      expect(safeAddress(bad, base)).toBeNull();
  });
});

describe("numbers", () => {
  it("of probability keep about three digits", () => {
    const plain = (probability: number): string => percent(probability).replaceAll("\u202f", " ");
    expect([1, 0.9996, 0.978, 0.0512, 0.0098, 0.00041, 0.00001, 0.000001, 0].map(plain)).toEqual([
      "100 %",
      "100 %",
      "97.8 %",
      "5.1 %",
      "0.98 %",
      "0.041 %",
      "0.001 %",
      "< 0.001 %",
      "0 %",
    ]);
  });

  it("of time have a unit that fits", () => {
    const plain = (value: number): string => milliseconds(value).replaceAll("\u202f", " ");
    expect([0.42, 9.94, 9.96, 12.7, 999.4, 2500].map(plain)).toEqual([
      "0.4 ms",
      "9.9 ms",
      "10 ms",
      "13 ms",
      "999 ms",
      "2.5 s",
    ]);
  });

  it("of things agree with their noun", () => {
    expect([counted(1, "label"), counted(0, "label"), counted(51044, "label")]).toEqual([
      "1 label",
      "0 labels",
      "51,044 labels",
    ]);
  });
});
