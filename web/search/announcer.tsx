/** @file What does a screen reader say, and when? One polite sentence once the page has come to rest. */
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { counted, percent, textOf } from "./label-text.js";
import type { SearchState } from "./search-session.js";

/** Speech that is interrupted at every key is worse than speech that waits. */
const REST_MS = 500;

export function Announcer({ state }: { readonly state: SearchState }): JSX.Element {
  const [spoken, setSpoken] = useState("");
  const sentence = sentenceOf(state);
  useEffect(() => {
    const timer = setTimeout(() => setSpoken(sentence), REST_MS);
    return () => clearTimeout(timer);
  }, [sentence]);
  return (
    <div class="unseen" role="status">
      {spoken}
    </div>
  );
}

function sentenceOf({ query, busy, answer, failure, explanation }: SearchState): string {
  if (query.trim() === "" || busy) return "";
  if (failure !== null) return `No answer. ${failure.message}`;
  if (explanation !== null)
    return `Votes for ${textOf(explanation.found ?? { label: explanation.label }).title} are open.`;
  if (answer === null) return "";
  const { labels, unknown } = answer.result;
  if (labels.length === 0) return "No label fits.";
  const best = `${counted(labels.length, "label")}, the best ${textOf(labels[0]).title}, ${percent(labels[0].probability)}.`;
  return unknown ? `The model knows none of these words. Most frequent labels: ${best}` : best;
}
