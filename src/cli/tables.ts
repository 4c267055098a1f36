/** @file How do results read on a terminal? Aligned columns, thousands separators, units. */

/** Columns aligned by width; numbers to the right. The first row is the header. */
export function formatTable(rows: readonly (readonly string[])[]): string {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  const isNumeric = rows[0].map((_, column) => rows.slice(1).every((row) => /^[-\d.,%× ]*$/.test(row[column])));
  const line = (row: readonly string[]): string =>
    row
      .map((cell, i) => (isNumeric[i] ? cell.padStart(widths[i]) : cell.padEnd(widths[i])))
      .join("  ")
      .trimEnd();
  return rows.map(line).join("\n");
}

/** `key   value` lines, keys padded to one width. */
export function formatPairs(pairs: readonly (readonly [string, string])[]): string {
  const width = Math.max(...pairs.map(([key]) => key.length));
  return pairs.map(([key, value]) => `${key.padEnd(width)}  ${value}`).join("\n");
}

/** 60851 → `60,851`. */
export function formatCount(value: number): string {
  return value.toLocaleString("en-US", { maximumFractionDigits: 0 });
}

/** 1234567 → `1.2 million`, 6.4e9 → `6.4 billion`. A unit begins where the one below it would print 1000.0. */
export function formatLarge(value: number): string {
  if (value >= 999.95e6) return `${(value / 1e9).toFixed(1)} billion`;
  if (value >= 1e6) return `${(value / 1e6).toFixed(1)} million`;
  return formatCount(value);
}

/** Bytes in binary units: `417 MiB`. */
export function formatBytes(bytes: number): string {
  if (bytes >= 1023.5 * 2 ** 20) return `${(bytes / 2 ** 30).toFixed(1)} GiB`;
  if (bytes >= 1023.5 * 2 ** 10) return `${(bytes / 2 ** 20).toFixed(bytes >= 9.95 * 2 ** 20 ? 0 : 1)} MiB`;
  if (bytes >= 2 ** 10) return `${(bytes / 2 ** 10).toFixed(0)} KiB`;
  return `${bytes} B`;
}

/** A fraction as a percentage with two decimals, as the literature prints P@k. */
export function formatPercent(fraction: number): string {
  return (100 * fraction).toFixed(2);
}
