/**
 * @file Could another label have had these votes? The label and those that share most buckets with it, world by world: a
 * row that is full is a label that all worlds can mean.
 */
import type { JSX, RefObject } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import type { Companion } from "../../src/mach/search-contract.js";
import { readableLabel } from "./label-text.js";

export interface CompanyTableProps {
  readonly name: string;
  readonly worlds: readonly number[];
  readonly companions: readonly Companion[];
}

export function CompanyTable({ name, worlds, companions }: CompanyTableProps): JSX.Element {
  const rows = [
    { label: name, text: name, worlds },
    ...companions.map((x) => ({ ...x, text: readableLabel(x.label).title })),
  ];
  const region = useRef<HTMLElement>(null);
  const scrolls = useScrolling(region);
  return (
    <section
      ref={region}
      class="company"
      aria-label={`Who shares most buckets with ${name}`}
      // What scrolls must be reached with keys.
      tabIndex={scrolls ? 0 : undefined}
    >
      <table>
        <caption>Who else is in the ringed buckets: those that share most</caption>
        <thead>
          <tr>
            <th scope="col">label</th>
            {worlds.map((world) => (
              <th key={world} scope="col" class="numbers">
                <span class="unseen">world </span>
                {world}
              </th>
            ))}
            <th scope="col" class="number">
              shared
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row, i) => (
            <tr key={row.label} class={i === 0 ? "itself" : undefined}>
              <th scope="row" title={row.label}>
                {row.text}
              </th>
              {worlds.map((world) => (
                <td key={world}>
                  <Dot isIn={row.worlds.includes(world)} />
                </td>
              ))}
              <td class="number numbers">
                {row.worlds.length}
                <span class="of-all"> of {worlds.length}</span>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

/** Whether the element is wider inside than out, as many worlds are on a phone. */
function useScrolling(region: RefObject<HTMLElement | null>): boolean {
  const [scrolls, setScrolls] = useState(false);
  useLayoutEffect(() => {
    const element = region.current;
    if (element === null) return;
    const observer = new ResizeObserver(() => setScrolls(element.scrollWidth > element.clientWidth));
    observer.observe(element);
    return () => observer.disconnect();
  }, [region]);
  return scrolls;
}

function Dot({ isIn }: { readonly isIn: boolean }): JSX.Element {
  return (
    <>
      <svg class={isIn ? "dot in" : "dot"} viewBox="0 0 12 12" aria-hidden="true">
        <circle cx="6" cy="6" r={isIn ? 4.5 : 1.5} />
      </svg>
      <span class="unseen">{isIn ? "yes" : "no"}</span>
    </>
  );
}
