/** @file How does the page of the API look? One style sheet, light and dark, from a phone's width on; an icon of three worlds. */
export const DOCS_STYLE: string = `
:root { color-scheme: light dark; --ink: #1c1f26; --soft: #565d6b; --paper: #fbfbf9; --line: #dcdcd6; --code: #f0f0eb; --accent: #0b5cad; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e7e6e1; --soft: #a6a9b1; --paper: #16181d; --line: #32363f; --code: #20232a; --accent: #82b8f2; }
}
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 62rem; padding: 1.5rem 1rem 4rem; background: var(--paper); color: var(--ink);
  font: 1rem/1.55 system-ui, sans-serif; }
a { color: var(--accent); }
h1 { font-size: 1.7rem; margin: 0 0 .3rem; }
h1 small { color: var(--soft); font-size: 1rem; font-weight: 400; }
h2 { font-size: 1.1rem; margin: 2.5rem 0 .5rem; color: var(--soft); font-weight: 600; }
h3 { font-size: 1.05rem; margin: 0; overflow-wrap: anywhere; }
h3 b { color: var(--accent); }
h4 { margin: 1rem 0 .4rem; font-size: .95rem; }
article { border-top: 1px solid var(--line); padding: 1.2rem 0; }
code, pre { font: .9rem/1.5 ui-monospace, monospace; }
pre { background: var(--code); padding: .7rem .9rem; border-radius: .4rem; overflow-x: auto; }
details { margin: .5rem 0; }
summary { cursor: pointer; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: .92rem; margin: .4rem 0; }
th, td { text-align: left; vertical-align: top; padding: .3rem .8rem .3rem 0; border-bottom: 1px solid var(--line); }
thead th { color: var(--soft); font-weight: 600; }
tbody th { font-weight: 400; }
td i { color: var(--soft); }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
`;

export const DOCS_ICON: string =
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32" fill="none" stroke="#0b5cad" stroke-width="2.5">' +
  '<circle cx="16" cy="11" r="8"/><circle cx="11" cy="20" r="8"/><circle cx="21" cy="20" r="8"/></svg>';
