/** @file The picture behind the page: the mark, so large that only its arcs are seen. */
import type { JSX } from "preact";

export function Worlds(): JSX.Element {
  return (
    <svg class="worlds" viewBox="0 0 600 600" aria-hidden="true">
      <circle cx="300" cy="206" r="180" />
      <circle cx="186" cy="394" r="180" />
      <circle cx="414" cy="394" r="180" />
    </svg>
  );
}
