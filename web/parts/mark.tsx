/** @file The mark: three worlds, each with its own circle of labels, and the one label that all of them hold. */
import type { JSX } from "preact";

export function Mark(): JSX.Element {
  return (
    <svg class="mark" viewBox="0 0 28 28" aria-hidden="true">
      <g fill="none" stroke="currentColor" stroke-width="1.5">
        <circle cx="14" cy="9.6" r="7" />
        <circle cx="9.6" cy="17.2" r="7" />
        <circle cx="18.4" cy="17.2" r="7" />
      </g>
      <circle class="mark-answer" cx="14" cy="14.7" r="2.3" />
    </svg>
  );
}
