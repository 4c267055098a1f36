/** @file How many labels came, and how long did it take? The line under the box. */
import type { JSX } from "preact";
import { counted, milliseconds } from "./label-text.js";
import type { Answer, Failure } from "./search-session.js";

export interface StatusLineProps {
  readonly query: string;
  readonly answer: Answer | null;
  readonly failure: Failure | null;
  readonly busy: boolean;
}

/** Keeps its height whatever it says, so that results do not jump. */
export function StatusLine({ query, answer, failure, busy }: StatusLineProps): JSX.Element {
  const isCurrent = !busy && failure === null && answer !== null && query !== "";
  return (
    <p class="status-line numbers" aria-hidden={!isCurrent}>
      {isCurrent && (
        <>
          <span>{counted(answer.result.labels.length, "label")}</span>
          <span>
            <span class="unseen">answered </span>in {milliseconds(answer.tookMs)}
          </span>
          <span class="round-trip">round trip {milliseconds(answer.roundTripMs)}</span>
        </>
      )}
      {busy && <span class="asking">asking …</span>}
    </p>
  );
}
