/**
 * @file Which keys walk through the page? / goes to the box · ↓ ↑ Home End walk through the results · Escape closes the votes,
 * then goes back to the box, then empties it. Enter is the buttons' own, and in the box asks at once. Other places to
 * write in, such as the form for a key, have all keys to themselves.
 */
import type { SearchSession } from "./search-session.js";

export interface KeyTargets {
  readonly session: SearchSession;
  readonly box: HTMLInputElement | null;
  /** The button of each result, in their order. */
  readonly buttons: readonly HTMLButtonElement[];
}

const WRITABLE = 'input, textarea, select, [contenteditable]:not([contenteditable="false"])';

/** Does what `event` asks for, if it is one of these keys; other events pass. */
export function handleKey(event: KeyboardEvent, { session, box, buttons }: KeyTargets): void {
  if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey || event.isComposing) return;
  const { why, query } = session.state;
  const target = event.target instanceof Element ? event.target : null;
  const inBox = target === box;
  if (!inBox && target?.closest(WRITABLE)) return;
  const row = target?.closest(".result");
  const at = row ? buttons.findIndex((button) => row.contains(button)) : -1;
  const go = (to: HTMLElement | null | undefined): void => {
    event.preventDefault();
    to?.focus({ preventScroll: true });
    (to?.closest(".result-row") ?? to)?.scrollIntoView({ block: "nearest" });
  };
  if (event.key === "/" && !inBox) {
    go(box);
    box?.select();
  } else if (event.key === "ArrowDown" && (inBox || at >= 0))
    go(buttons[inBox ? 0 : Math.min(at + 1, buttons.length - 1)]);
  else if (event.key === "ArrowUp" && at >= 0) go(at === 0 ? box : buttons[at - 1]);
  else if (event.key === "Home" && at >= 0) go(buttons[0]);
  else if (event.key === "End" && at >= 0) go(buttons[buttons.length - 1]);
  else if (event.key === "Enter" && inBox) session.searchNow();
  else if (event.key === "Escape" && why !== null) {
    // The button that opened the votes gets the focus, wherever in them it was.
    if (!inBox) go(buttons.find((button) => button.dataset.label === why) ?? box);
    event.preventDefault();
    session.explain(null);
  } else if (event.key === "Escape" && !inBox) go(box);
  else if (event.key === "Escape" && query !== "") {
    event.preventDefault();
    session.type("");
  }
}
