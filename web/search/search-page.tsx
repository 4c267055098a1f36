/** @file The search page: a box, and results as one types. */
import { type JSX, render } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { SearchResponse } from "../../src/mach/search-contract.js";
import { PageHeader } from "../parts/page-header.js";
import type { SearchClient } from "./search-client.js";

/** Shows the page in `root`, answered by `client`. */
export function showSearchPage(root: HTMLElement, client: SearchClient): void {
  render(<SearchPage client={client} />, root);
}

function SearchPage({ client }: { readonly client: SearchClient }): JSX.Element {
  const [query, setQuery] = useState("");
  const [answer, setAnswer] = useState<SearchResponse | null>(null);
  useEffect(() => {
    if (query.trim() === "") return setAnswer(null);
    const control = new AbortController();
    client.search({ query }, control.signal).then(setAnswer, () => !control.signal.aborted && setAnswer(null));
    return () => control.abort();
  }, [query]);
  return (
    <>
      <PageHeader />
      <main class="column">
        <h1>Search</h1>
        <label>
          Words <input type="search" value={query} onInput={(event) => setQuery(event.currentTarget.value)} />
        </label>
        <ol>
          {answer?.results[0]?.labels.map(({ id, label, probability }) => (
            <li key={id}>
              {label} {probability.toFixed(3)}
            </li>
          ))}
        </ol>
      </main>
    </>
  );
}
