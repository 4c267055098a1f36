/** @file What stands at the top of every page: the mark, the page's own links, the switch between light and dark. */
import type { ComponentChildren, JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { Mark } from "./mark.js";
import { currentTheme, onTheme, type Theme, toggleTheme } from "./theme.js";

export interface PageHeaderProps {
  /** Where the mark leads. Default this page with no query. */
  readonly home?: string;
  /** Stands between mark and switch. */
  readonly children?: ComponentChildren;
}

export function PageHeader({ home = "./", children }: PageHeaderProps): JSX.Element {
  return (
    <header class="page-header column">
      <a class="wordmark" href={home}>
        <Mark />
        manyworlds
      </a>
      <span class="spacer" />
      {children}
      <ThemeButton />
    </header>
  );
}

function ThemeButton(): JSX.Element {
  const [theme, setTheme] = useState<Theme>(currentTheme());
  useEffect(() => onTheme(setTheme), []);
  const other = theme === "dark" ? "light" : "dark";
  return (
    <button
      type="button"
      class="theme-button"
      aria-label={`Show in ${other} colours`}
      title={`Show in ${other} colours`}
      onClick={toggleTheme}
    >
      <svg width="20" height="20" viewBox="0 0 20 20" aria-hidden="true">
        {theme === "dark" ? (
          <g fill="none" stroke="currentColor" stroke-width="1.6" stroke-linecap="round">
            <circle cx="10" cy="10" r="3.6" />
            <path d="M10 2v1.6M10 16.4V18M2 10h1.6M16.4 10H18M4.3 4.3l1.2 1.2M14.5 14.5l1.2 1.2M4.3 15.7l1.2-1.2M14.5 5.5l1.2-1.2" />
          </g>
        ) : (
          <path
            d="M16.6 12.1A7 7 0 0 1 7.9 3.4a7 7 0 1 0 8.7 8.7Z"
            fill="none"
            stroke="currentColor"
            stroke-width="1.6"
            stroke-linejoin="round"
          />
        )}
      </svg>
    </button>
  );
}
