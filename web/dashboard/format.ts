/** @file How are numbers of a training written? As the command line writes them. */

const grouped = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });

export const formatCount = (value: number): string => grouped.format(value);

/** `97.9 MiB`, `1.2 GiB`. */
export function formatBytes(bytes: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${unit === 0 || value >= 100 || Number.isInteger(value) ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}

/** `8.4 s`, `3 min 20 s`, `2 h 5 min`. Rounded before it is split, so that no minute has 60 seconds. */
export function formatSeconds(seconds: number): string {
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  const minutes = Math.round(seconds / 60);
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** A fraction in per cent, as `evaluate` prints it. */
export const formatPercent = (fraction: number): string => `${(100 * fraction).toFixed(2)} %`;

/** Three digits, no needless zeros. */
export const formatLoss = (loss: number): string => String(Number(loss.toPrecision(3)));

/** A setting as its flag would be written. */
export function formatSetting(value: unknown): string {
  if (Array.isArray(value)) return value.length === 0 ? "none" : value.join(", ");
  if (typeof value === "number" && Number.isInteger(value)) return formatCount(value);
  return String(value);
}

/** `1 world`, `4 worlds`. */
export const plural = (count: number, noun: string): string => `${formatCount(count)} ${noun}${count === 1 ? "" : "s"}`;
