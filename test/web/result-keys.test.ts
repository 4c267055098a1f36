import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { handleKey } from "../../web/search/result-keys.js";
import type { SearchSession } from "../../web/search/search-session.js";

/** An element of these ancestors, itself first, as selectors name them. */
class FakeElement {
  readonly focus = vi.fn();
  readonly select = vi.fn();
  readonly scrollIntoView = vi.fn();
  private readonly names: readonly string[];
  constructor(...names: string[]) {
    this.names = names;
  }
  closest(selectors: string): FakeElement | null {
    return selectors.split(", ").some((selector) => this.names.includes(selector)) ? this : null;
  }
}

beforeEach(() => void vi.stubGlobal("Element", FakeElement));
afterEach(() => void vi.unstubAllGlobals());

/** Presses `key` in `target`. @returns whether the page took it. */
function press(key: string, target: FakeElement, box: FakeElement): boolean {
  const preventDefault = vi.fn();
  const session = { state: { why: null, query: "words" }, type: vi.fn() } as unknown as SearchSession;
  const event = { key, target, preventDefault } as unknown as KeyboardEvent;
  handleKey(event, { session, box: box as unknown as HTMLInputElement, buttons: [] });
  return preventDefault.mock.calls.length > 0;
}

describe("the slash", () => {
  it("goes to the box from anywhere on the page", () => {
    const box = new FakeElement("input");
    for (const place of [new FakeElement("body"), new FakeElement("button", ".result")]) {
      expect(press("/", place, box)).toBe(true);
    }
    expect(box.focus).toHaveBeenCalledTimes(2);
    expect(box.select).toHaveBeenCalledTimes(2);
  });

  it("is a letter wherever one writes, the box and the form for a key among them", () => {
    const box = new FakeElement("input");
    const places = ["input", "textarea", '[contenteditable]:not([contenteditable="false"])'];
    for (const place of [box, ...places.map((name) => new FakeElement(name, "form"))]) {
      expect(press("/", place, box)).toBe(false);
    }
    expect(box.focus).not.toHaveBeenCalled();
    expect(press("Escape", box, box)).toBe(true);
  });
});
