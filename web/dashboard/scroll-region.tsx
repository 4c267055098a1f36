/** @file What is wider than the page scrolls by itself, by keyboard too: a named region that takes the focus. */
import type { ComponentChildren, JSX } from "preact";

export function ScrollRegion(props: { readonly label: string; readonly children: ComponentChildren }): JSX.Element {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: who has no pointer scrolls it with the arrow keys (WCAG 2.1.1)
    <section class="scroll" tabIndex={0} aria-label={props.label}>
      {props.children}
    </section>
  );
}
