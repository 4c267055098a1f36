/** @file What can one do here? Shown while the box is empty: a sentence, queries to click, the keys. */
import type { JSX } from "preact";
import { readableLabel } from "./label-text.js";
import type { SearchState } from "./search-session.js";

export interface WelcomeProps {
  readonly state: SearchState;
  readonly onPick: (query: string) => void;
}

export function Welcome({ state: { model, examples }, onPick }: WelcomeProps): JSX.Element {
  return (
    <section class="welcome" aria-label="How to begin">
      {model !== null && (
        <p class="welcome-text">
          {model.worlds.length} small worlds each sort the labels into buckets in a way of their own, and each guesses a
          bucket. Only the label that fits sits in a good bucket of every world. Ask “why?” beside a result to see the
          votes.
        </p>
      )}
      {examples.length > 0 && (
        <>
          <h2 id="examples">Begin with a frequent one</h2>
          <ul class="examples" aria-labelledby="examples">
            {[...new Set(examples.map(queryOf))].map((query) => (
              <li key={query}>
                <button type="button" class="quiet-button" onClick={() => onPick(query)}>
                  {query}
                </button>
              </li>
            ))}
          </ul>
        </>
      )}
      <ul class="key-list" aria-label="Keys">
        <li>
          <kbd>/</kbd> the box
        </li>
        <li>
          <kbd>↓</kbd> <kbd>↑</kbd> results
        </li>
        <li>
          <kbd>Enter</kbd> why?
        </li>
        <li>
          <kbd>Esc</kbd> back
        </li>
      </ul>
    </section>
  );
}

/** The words of a label's name: those of what stands before the colon too, unless the name begins with them. */
function queryOf(label: string): string {
  const { title, group } = readableLabel(label);
  return group === null || title.toLowerCase().startsWith(group.toLowerCase()) ? title : `${group} ${title}`;
}
