/**
 * @file May a page follow this address? Catalogues come from anywhere, and what stands in them ends up in `href` and
 * `src`: an address that could run a program there (`javascript:`, `data:`) or change the meaning of a relative one
 * never gets into the store.
 *
 *   https://shop.example/p/1    yes: http or https, and a URL by the WHATWG's rules
 *   /p/1                        yes: within the site that serves the page
 *   //shop.example/p/1          no: another site, by whatever scheme; so is /\shop.example for browsers
 *   p/1, javascript:…, data:…   no
 *
 * Browsers drop tabs and line ends from addresses before they look at the scheme: any control character is refused.
 */

/** Browsers and servers take addresses of some 8,000 characters; more is a mistake. */
const MAX_CHARACTERS = 8000;

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
const FORBIDDEN = /[\u0000-\u0020\u007f-\u009f\\]/;
const ABSOLUTE = /^https?:\/\//i;

/** True for http(s) addresses and for paths from the site's root. */
export function isWebAddress(text: string): boolean {
  if (text.length > MAX_CHARACTERS || FORBIDDEN.test(text)) return false;
  if (text.startsWith("/")) return !text.startsWith("//");
  return ABSOLUTE.test(text) && URL.canParse(text);
}
