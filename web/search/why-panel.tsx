/** @file Why this label? How the worlds voted for it, and why no other label could have had these votes. */
import type { JSX } from "preact";
import { CompanyTable } from "./company-table.js";
import { FailureNote } from "./failure-note.js";
import { count, percent, textOf } from "./label-text.js";
import type { SearchSession, SearchState } from "./search-session.js";
import { describeCompany, describeRanks, voteStatistics } from "./vote-statistics.js";
import { VoteTable } from "./vote-table.js";

export interface WhyPanelProps {
  readonly state: SearchState;
  readonly label: string;
  readonly session: SearchSession;
}

export function WhyPanel({ state, label, session }: WhyPanelProps): JSX.Element {
  const { explanation, explanationFailure, model } = state;
  const name = textOf(explanation?.found ?? { label }).title;
  return (
    <section class="why" aria-label={`How the worlds voted for ${name}`}>
      {explanationFailure !== null && (
        <FailureNote
          failure={explanationFailure}
          onAsk={() => session.explain(label)}
          onKey={(key) => session.unlock(key)}
        />
      )}
      {explanation === null && explanationFailure === null && <p class="waiting-note">Asking the worlds …</p>}
      {explanation?.found === null && <p class="note">The model gives “{label}” no probability for these words.</p>}
      {explanation?.found?.votes !== undefined && (
        <Votes
          name={name}
          probability={explanation.found.probability}
          found={{ ...explanation.found, votes: explanation.found.votes }}
          worlds={explanation.worlds}
          sizes={model}
        />
      )}
    </section>
  );
}

type Found = NonNullable<NonNullable<SearchState["explanation"]>["found"]>;

interface VotesProps {
  readonly name: string;
  readonly probability: number;
  readonly found: Found & { readonly votes: NonNullable<Found["votes"]> };
  readonly worlds: NonNullable<SearchState["explanation"]>["worlds"];
  readonly sizes: SearchState["model"];
}

function Votes({ name, probability, found, worlds, sizes }: VotesProps): JSX.Element {
  const { votes, companions } = found;
  const statistics = voteStatistics(votes, companions);
  return (
    <>
      <p class="verdict">
        {describeRanks(statistics)} {describeCompany(statistics, name)}
      </p>
      <p class="how-to-read">
        How to read it: every world throws {sizes === null ? "all labels" : `all ${count(sizes.numLabels)} labels`} into{" "}
        {sizes === null ? "buckets" : `${count(sizes.numBuckets)} buckets`} at random, each in its own way, and guesses
        a bucket; a row shows its likeliest buckets from the left, the ring is around the one that holds <em>{name}</em>
        , and merged the votes give it {percent(probability)}.
      </p>
      <VoteTable name={name} votes={votes} worlds={worlds} />
      {companions !== undefined && companions.length > 0 && (
        <CompanyTable name={name} worlds={votes.map(({ world }) => world)} companions={companions} />
      )}
    </>
  );
}
