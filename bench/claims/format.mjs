/** @file How do numbers and tables look in docs/claims.md? */

export const percent = (x) => (100 * x).toFixed(2);
export const millions = (x) => (x / 1e6).toFixed(1);
export const megabytes = (x) => (x / 1e6).toFixed(0);
export const shortTime = (seconds) =>
  seconds === null ? "–" : seconds < 100 ? seconds.toFixed(1) : seconds.toFixed(0);
export const milliseconds = (x) => x.toFixed(2);

/** A table whose first row is its head. */
export function markdown(rows) {
  const [head, ...body] = rows;
  const line = (cells) => `| ${cells.join(" | ")} |`;
  return ["", line(head), line(head.map((_, i) => (i === 0 ? "---" : "---:"))), ...body.map(line), ""].join("\n");
}
