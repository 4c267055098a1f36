/** @file The labels that fit, best first: what each is, how probable, and a button that asks why. */
import type { JSX, RefObject } from "preact";
import { useState } from "preact/hooks";
import type { FoundLabel } from "../../src/mach/search-contract.js";
import { percent, safeAddress, textOf } from "./label-text.js";
import type { SearchSession, SearchState } from "./search-session.js";
import { WhyPanel } from "./why-panel.js";

export interface ResultListProps {
  readonly state: SearchState;
  readonly session: SearchSession;
  readonly list: RefObject<HTMLOListElement | null>;
}

/** Labels that one can ask for by asking for more: as many as servers give out where nothing else is set. */
const MOST_SHOWN = 100;

export function ResultList({ state, session, list }: ResultListProps): JSX.Element {
  const { answer, busy, why, k } = state;
  const { labels = [], unknown = false } = answer?.result ?? {};
  const isListed = labels.some(({ label }) => label === why);
  const more = Math.min(MOST_SHOWN, k * 2);
  return (
    <div class={busy ? "results waiting" : "results"} aria-busy={busy}>
      {unknown && (
        <p class="note">
          The model knows none of these words. These are the labels that it has seen most, whatever is asked.
        </p>
      )}
      {labels.length === 0 && <p class="note">No label fits.</p>}
      {why !== null && !isListed && !busy && (
        <section class="sheet asked-label" aria-label="The label that the link asks about">
          <WhyPanel state={state} label={why} session={session} />
        </section>
      )}
      {labels.length > 0 && (
        <ol class="sheet" ref={list} aria-label="Labels, best first">
          {labels.map((found, i) => (
            <Result key={found.id} found={found} place={i + 1} state={state} session={session} />
          ))}
        </ol>
      )}
      {labels.length >= k && more > k && (
        <p class="more">
          <button type="button" class="quiet-button" onClick={() => session.showMore(more)}>
            Show {more} labels
          </button>
        </p>
      )}
    </div>
  );
}

interface ResultProps {
  readonly found: FoundLabel;
  /** 1 is the best. */
  readonly place: number;
  readonly state: SearchState;
  readonly session: SearchSession;
}

function Result({ found, place, state, session }: ResultProps): JSX.Element {
  const { label, item, probability } = found;
  const { title } = textOf(found);
  const address = safeAddress(item?.url, document.baseURI);
  const isOpen = state.why === label;
  const panel = `why-${found.id}`;
  const shown = percent(probability);
  return (
    <li class={isOpen ? "result open" : "result"}>
      <div class="result-row">
        <span class="place numbers" aria-hidden="true">
          {place}
        </span>
        <Picture address={safeAddress(item?.image, document.baseURI)} />
        <div class="result-text">
          <p class="title" id={`title-${found.id}`}>
            {address === null ? title : <a href={address}>{title}</a>}
          </p>
          <p class="details">
            {item?.price !== undefined && <span class="price">{item.price}</span>}
            {label !== title && <code>{label}</code>}
          </p>
        </div>
        <div class="likelihood">
          <Bar probability={probability} />
          <span class="percent numbers">
            <span class="unseen">probability </span>
            {shown}
          </span>
        </div>
        <button
          type="button"
          class="ask-why"
          data-label={label}
          aria-expanded={isOpen}
          aria-controls={isOpen ? panel : undefined}
          aria-label={`why? ${title}, ${shown}`}
          onClick={() => session.explain(isOpen ? null : label)}
        >
          why?
        </button>
      </div>
      {isOpen && (
        <div id={panel}>
          <WhyPanel state={state} label={label} session={session} />
        </div>
      )}
    </li>
  );
}

function Bar({ probability }: { readonly probability: number }): JSX.Element {
  return (
    <svg class="bar" viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true">
      <rect class="bar-track" width="100" height="6" />
      <rect class="bar-fill" width={Math.min(100, 100 * probability)} height="6" />
    </svg>
  );
}

/** The catalogue's picture; nothing if there is none, or it cannot be loaded. */
function Picture({ address }: { readonly address: string | null }): JSX.Element | null {
  const [failed, setFailed] = useState<string | null>(null);
  if (address === null || failed === address) return null;
  return (
    <img
      class="picture"
      src={address}
      alt=""
      width="44"
      height="44"
      loading="lazy"
      decoding="async"
      referrerpolicy="no-referrer"
      onError={() => setFailed(address)}
    />
  );
}
