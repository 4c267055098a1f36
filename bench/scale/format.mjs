/** @file How do numbers look in docs/scale.md? */
export { markdown, percent } from "../claims/format.mjs";

/** Milliseconds with two or three digits that mean something. */
export const ms = (x) => (x >= 100 ? x.toFixed(0) : x >= 10 ? x.toFixed(1) : x.toFixed(2));
export const count = (x) => Math.round(x).toLocaleString("en");
export const times = (x) => `${x >= 10 ? x.toFixed(0) : x.toFixed(1)} ×`;
/** Decimal units, as the papers use. */
export function bytes(x) {
  if (x >= 1e12) return `${(x / 1e12).toFixed(2)} TB`;
  if (x >= 1e9) return `${(x / 1e9).toFixed(2)} GB`;
  if (x >= 1e6) return `${(x / 1e6).toFixed(x >= 1e8 ? 0 : 1)} MB`;
  return `${(x / 1e3).toFixed(x >= 1e5 ? 0 : 1)} kB`;
}
export const seconds = (x) => `${x >= 100 ? x.toFixed(0) : x.toFixed(1)} s`;
export const hours = (x) => (x >= 100 ? x.toFixed(0) : x.toFixed(1));
