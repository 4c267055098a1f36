/**
 * @file The search page: a box, results as one types, and how the worlds voted for one of them.
 *
 * All of it is made of ordinary buttons and links, so that Tab and screen readers need nothing else; result-keys.ts adds
 * keys that are quicker. Its state and requests are in search-session.ts.
 */
import { type JSX, render } from "preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { PageHeader } from "../parts/page-header.js";
import { Announcer } from "./announcer.js";
import { FailureNote } from "./failure-note.js";
import { ModelLine } from "./model-line.js";
import { formatQueryLink, parseQueryLink } from "./query-link.js";
import { handleKey } from "./result-keys.js";
import { ResultList } from "./result-list.js";
import type { SearchClient } from "./search-client.js";
import { SearchSession, type SearchState } from "./search-session.js";
import { StatusLine } from "./status-line.js";
import { Welcome } from "./welcome.js";
import { Worlds } from "./worlds.js";

/** Shows the page in `root`, answered by `client`. */
export function showSearchPage(root: HTMLElement, client: SearchClient): void {
  render(<SearchPage client={client} />, root);
}

function SearchPage({ client }: { readonly client: SearchClient }): JSX.Element {
  const [state, setState] = useState<SearchState | null>(null);
  const session = useMemo(() => new SearchSession(client, parseQueryLink(location.search), setState), [client]);
  const { query, k, why, model, answer, failure, busy } = state ?? session.state;
  const box = useRef<HTMLInputElement>(null);
  const list = useRef<HTMLOListElement>(null);

  useEffect(() => {
    const back = (): void => session.show(parseQueryLink(location.search));
    const online = (): void => session.reconnect();
    addEventListener("popstate", back);
    addEventListener("online", online);
    session.start();
    return () => {
      removeEventListener("popstate", back);
      removeEventListener("online", online);
      session.close();
    };
  }, [session]);

  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      const buttons = [...(list.current?.querySelectorAll<HTMLButtonElement>(".ask-why") ?? [])];
      handleKey(event, { session, box: box.current, buttons });
    };
    addEventListener("keydown", onKey);
    // Not where the keyboard would then cover the page.
    if (matchMedia("(hover: hover)").matches) box.current?.focus();
    return () => removeEventListener("keydown", onKey);
  }, [session]);

  // Typing replaces the address, so that Back leaves the page as it should; opening votes is a step that Back undoes.
  const lastWhy = useRef(why);
  useEffect(() => {
    const link = formatQueryLink({ query, k, why });
    const isThere = link === formatQueryLink(parseQueryLink(location.search));
    if (!isThere) history[why !== null && why !== lastWhy.current ? "pushState" : "replaceState"](null, "", link);
    lastWhy.current = why;
    document.title = query.trim() === "" ? "manyworlds search" : `${query.trim()} – manyworlds search`;
  }, [query, k, why]);

  const numeric = model?.kind === "numeric";
  return (
    <div class="search-page">
      <Worlds />
      <PageHeader />
      <main class="column">
        <h1>
          {model === null ? "Which label fits?" : `Which of ${model.numLabels.toLocaleString("en-US")} labels fits?`}
        </h1>
        <search class="search-box">
          <label class="unseen" for="words">
            Words to find labels for
          </label>
          <input
            id="words"
            ref={box}
            type="search"
            value={query}
            placeholder="Type a few words"
            autocomplete="off"
            autocapitalize="off"
            spellcheck={false}
            disabled={numeric}
            aria-describedby="keys"
            aria-controls="results"
            onInput={(event) => session.type(event.currentTarget.value)}
          />
          <span class="key" aria-hidden="true">
            /
          </span>
        </search>
        <StatusLine answer={answer} busy={busy} failure={failure} query={query} />
        <p id="keys" class="unseen">
          Results come as you type. Arrow down goes to them, Enter opens how the worlds voted for one, Escape closes it.
        </p>
        <div id="results">
          {numeric && (
            <p class="note">
              This model was trained on feature numbers, which cannot be typed. It answers rows of them on the command
              line: <code>manyworlds predict</code>.
            </p>
          )}
          {failure !== null && (
            <FailureNote failure={failure} onAsk={() => session.reconnect()} onKey={(key) => session.unlock(key)} />
          )}
          {answer !== null && <ResultList state={state ?? session.state} session={session} list={list} />}
          {query.trim() === "" && !numeric && (
            <Welcome state={state ?? session.state} onPick={(text) => session.show({ query: text, k, why: null })} />
          )}
        </div>
      </main>
      <footer class="column">{model !== null && <ModelLine model={model} />}</footer>
      <Announcer state={state ?? session.state} />
    </div>
  );
}
