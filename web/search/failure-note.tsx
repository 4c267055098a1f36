/** @file Why is there no answer, and what can one do? Says so in words, counts down where it will ask again by itself. */
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { Failure } from "./search-session.js";

const HEADINGS: Readonly<Record<Failure["kind"], string>> = {
  offline: "The server cannot be reached",
  busy: "The server has too much to do",
  refused: "The server does not answer this",
  broken: "Something went wrong in the server",
};

export interface FailureNoteProps {
  readonly failure: Failure;
  readonly onAsk: () => void;
}

export function FailureNote({ failure, onAsk }: FailureNoteProps): JSX.Element {
  const { kind, message, retryAtMs } = failure;
  return (
    <section class="note failure" aria-label="No answer">
      <h2>{HEADINGS[kind]}</h2>
      <p>{message}</p>
      <p class="retry">
        {retryAtMs !== null && <Countdown untilMs={retryAtMs} />}
        {kind !== "refused" && (
          <button type="button" class="quiet-button" onClick={onAsk}>
            Ask again now
          </button>
        )}
      </p>
    </section>
  );
}

function Countdown({ untilMs }: { readonly untilMs: number }): JSX.Element {
  const secondsLeft = (): number => Math.max(0, Math.ceil((untilMs - performance.now()) / 1000));
  const [seconds, setSeconds] = useState(secondsLeft());
  useEffect(() => {
    setSeconds(secondsLeft());
    const timer = setInterval(() => setSeconds(secondsLeft()), 250);
    return () => clearInterval(timer);
  }, [untilMs]);
  return <span class="numbers">Asking again in {seconds}&#8239;s. </span>;
}
