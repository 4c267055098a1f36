/**
 * @file Where does a number stand on an axis, and which round numbers are written beside it?
 *
 *   linear   0    20    40    60          steps of 1, 2 or 5 times a power of ten
 *   log      0.1     1     10    100      decades; 2 and 5 between them where there are few, every second where many
 *
 * Source: Heckbert, "Nice Numbers for Graph Labels", Graphics Gems, 1990 (the choice of steps).
 */

/** Are numbers placed evenly, or by their logarithms? */
export type Scale = "linear" | "log";

/** One axis of a chart; it spans what is shown. */
export interface Axis {
  /** What the numbers are, with their unit. */
  readonly label: string;
  /** Default "linear". On "log" what is not positive is left out. */
  readonly scale?: Scale;
  /** Numbers that the axis shows even where no point is, such as 0. Default none. */
  readonly include?: readonly number[];
}

export interface Tick {
  readonly value: number;
  readonly text: string;
}

/** An axis that is laid out: numbers of [low, high] go to fractions of [0, 1]. */
export interface AxisLayout {
  readonly ticks: readonly Tick[];
  /** Outside [0, 1] for values outside the axis, NaN for those it cannot show. */
  readonly position: (value: number) => number;
}

/** Numbers this near to each other, as a share of their size, are one: no step between them would change a sum. */
const LEAST_SPAN = 1e-12;

/**
 * Lays out an axis over `values`, which must be finite, on "log" positive, and at least one. `isWidened`: it starts and ends at ticks, else at the values.
 * @param numTicks about how many ticks there is room for
 */
export function layOutAxis(values: readonly number[], scale: Scale, numTicks: number, isWidened: boolean): AxisLayout {
  let low = Infinity;
  let high = -Infinity;
  for (const value of values) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  const isOne = high - low <= LEAST_SPAN * Math.max(Math.abs(low), Math.abs(high));
  if (scale === "log") {
    if (isOne) [low, high] = [low / 2, high * 2];
    const decades = Math.log10(high / low);
    const ticks =
      decades >= 1 ? logTicks(low, high, decades, numTicks) : linearTicks(low, high, stepFor(low, high, numTicks));
    return { ticks, position: (value) => (value > 0 ? Math.log(value / low) / Math.log(high / low) : Number.NaN) };
  }
  if (isOne) [low, high] = low === 0 ? [-1, 1] : [low - Math.abs(low) / 10, high + Math.abs(high) / 10];
  const step = stepFor(low, high, numTicks);
  if (isWidened) {
    low = Math.floor(low / step + 1e-9) * step;
    high = Math.ceil(high / step - 1e-9) * step;
  }
  return { ticks: linearTicks(low, high, step), position: (value) => (value - low) / (high - low) };
}

/** The smallest of 1, 2 and 5 times a power of ten that makes at most `numTicks` steps. */
function stepFor(low: number, high: number, numTicks: number): number {
  const least = (high - low) / numTicks;
  const power = 10 ** Math.floor(Math.log10(least));
  return power * ([1, 2, 5].find((factor) => factor * power >= least * (1 - 1e-9)) ?? 10);
}

function linearTicks(low: number, high: number, step: number): Tick[] {
  const ticks: Tick[] = [];
  const largest = Math.max(Math.abs(low), Math.abs(high));
  for (let i = Math.ceil(low / step - 1e-9); i <= Math.floor(high / step + 1e-9); i++) {
    ticks.push({ value: i * step, text: format(i * step, step, largest) });
  }
  return ticks;
}

function logTicks(low: number, high: number, decades: number, numTicks: number): Tick[] {
  const factors = decades * 3 <= numTicks ? [1, 2, 5] : [1];
  const stride = Math.max(1, Math.ceil(decades / numTicks));
  const areSmall = low < 1e-4;
  const ticks: Tick[] = [];
  for (let exponent = Math.floor(Math.log10(low)); exponent <= Math.ceil(Math.log10(high)); exponent++) {
    if (exponent % stride !== 0) continue;
    for (const factor of factors) {
      const value = factor * 10 ** exponent;
      if (value >= low * (1 - 1e-9) && value <= high * (1 + 1e-9))
        ticks.push({ value, text: format(value, value, areSmall ? 0 : value) });
    }
  }
  return ticks;
}

/** As many decimals as `step` needs, units as `largest` does: all ticks of an axis read alike. */
function format(value: number, step: number, largest: number): string {
  if (value === 0) return "0";
  if (largest < 1e-4 || largest >= 1e12) {
    const exponent = Math.floor(Math.log10(Math.abs(value)) + 1e-9);
    const digits = String(Number((value / 10 ** exponent).toPrecision(3)));
    return `${digits === "1" ? "" : `${digits}·`}10${[...String(exponent)].map((c) => SUPERSCRIPTS[c]).join("")}`;
  }
  const [, unit, letter] = UNITS.find(([from]) => largest >= from) ?? [0, 1, ""];
  const decimals = Math.max(0, -Math.floor(Math.log10(step / unit) + 1e-9));
  return `${(value / unit).toFixed(decimals).replace("-", "−")}${letter}`;
}

/** From where on a unit is used, its size, its letter: four digits are still read with ease. */
const UNITS: readonly (readonly [number, number, string])[] = [
  [1e9, 1e9, "G"],
  [1e6, 1e6, "M"],
  [1e4, 1e3, "k"],
];
const SUPERSCRIPTS: Readonly<Record<string, string>> = {
  "-": "⁻",
  "0": "⁰",
  "1": "¹",
  "2": "²",
  "3": "³",
  "4": "⁴",
  "5": "⁵",
  "6": "⁶",
  "7": "⁷",
  "8": "⁸",
  "9": "⁹",
};
