/**
 * @file Light or dark? As the reader's system has it, until they choose; the choice is kept in localStorage for all pages
 * of a host. The choice stands as <html data-theme>, which theme.css reads; canvases ask `currentTheme` and listen.
 */
export type Theme = "light" | "dark";

const KEY = "manyworlds-theme";
const listeners = new Set<(theme: Theme) => void>();

const prefersDark = (): MediaQueryList => matchMedia("(prefers-color-scheme: dark)");

function storedTheme(): Theme | null {
  try {
    const value = localStorage.getItem(KEY);
    return value === "light" || value === "dark" ? value : null;
  } catch {
    return null; // Storage may be forbidden; the system's choice then stands.
  }
}

/** The theme that is shown now. */
export function currentTheme(): Theme {
  return storedTheme() ?? (prefersDark().matches ? "dark" : "light");
}

function show(): void {
  const stored = storedTheme();
  if (stored) document.documentElement.dataset.theme = stored;
  else delete document.documentElement.dataset.theme;
  for (const listener of listeners) listener(currentTheme());
}

/** Shows the theme that was chosen before. Call it once, before the first paint. */
export function startTheme(): void {
  show();
  prefersDark().addEventListener("change", show);
  // Another tab of this host chose.
  addEventListener("storage", (event) => event.key === KEY && show());
}

/** Changes to the other theme. What equals the system's choice is forgotten, so that it follows the system again. */
export function toggleTheme(): void {
  const next: Theme = currentTheme() === "dark" ? "light" : "dark";
  try {
    if ((next === "dark") === prefersDark().matches) localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, next);
    show();
  } catch {
    document.documentElement.dataset.theme = next; // Without storage it holds for this page only.
    for (const listener of listeners) listener(next);
  }
}

/** Calls `listener` at every change, until the function that is returned is called. */
export function onTheme(listener: (theme: Theme) => void): () => void {
  listeners.add(listener);
  return () => void listeners.delete(listener);
}
