/** @file Why is there no answer, and what can one do? Says so in words, counts down where it will ask again by itself. */
import type { JSX, TargetedSubmitEvent } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { Failure } from "./search-session.js";

const HEADINGS: Readonly<Record<Failure["kind"], string>> = {
  offline: "No connection",
  busy: "The server has too much to do",
  locked: "The server asks for a key",
  refused: "This cannot be answered",
  broken: "Something went wrong",
};

export interface FailureNoteProps {
  readonly failure: Failure;
  readonly onAsk: () => void;
  readonly onKey: (key: string) => void;
}

export function FailureNote({ failure, onAsk, onKey }: FailureNoteProps): JSX.Element {
  const { kind, message, retryAtMs } = failure;
  return (
    <section class="note failure" aria-label="No answer">
      <h2>{HEADINGS[kind]}</h2>
      <p>
        {kind === "locked"
          ? "Whoever runs it can give you one. It is kept for this tab, and shown to this server only."
          : message}
      </p>
      {kind === "locked" && <KeyForm onKey={onKey} />}
      {kind !== "refused" && kind !== "locked" && (
        <p class="retry">
          {retryAtMs !== null && <Countdown untilMs={retryAtMs} />}
          <button type="button" class="quiet-button" onClick={onAsk}>
            Ask again now
          </button>
        </p>
      )}
    </section>
  );
}

function KeyForm({ onKey }: { readonly onKey: (key: string) => void }): JSX.Element {
  const submit = (event: TargetedSubmitEvent<HTMLFormElement>): void => {
    event.preventDefault();
    const key = String(new FormData(event.currentTarget).get("key") ?? "").trim();
    if (key !== "") onKey(key);
  };
  return (
    <form class="retry" onSubmit={submit}>
      <label for="server-key">Key</label>
      <input id="server-key" class="key-input" name="key" type="password" autocomplete="off" required />
      <button type="submit" class="quiet-button">
        Use it in this tab
      </button>
    </form>
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
