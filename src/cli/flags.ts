/**
 * @file What is a flag? One object: name, value, help, parser. Commands list theirs; help and parsing follow from it.
 */
import { type Command, InvalidArgumentError, Option } from "commander";
import { MAX_WORLDS } from "../kernels/contract.js";

export interface Flag<T> {
  /** As commander writes it: `-k, --top <count>` or `--json`. */
  readonly syntax: string;
  readonly help: string;
  /** Text to value; throws through `reject`. Absent for flags without a value. */
  readonly parse?: (text: string) => T;
  /** Shown in help and used when the flag is absent. */
  readonly defaultValue?: T;
  readonly choices?: readonly string[];
  readonly env?: string;
}

/** Adds `flags` to a command, in this order. */
export function addFlags(command: Command, flags: readonly Flag<never>[] | readonly Flag<unknown>[]): Command {
  for (const flag of flags as readonly Flag<unknown>[]) {
    const option = new Option(flag.syntax, flag.help);
    if (flag.parse !== undefined) option.argParser(flag.parse);
    if (flag.choices !== undefined) option.choices([...flag.choices]);
    if (flag.defaultValue !== undefined) option.default(flag.defaultValue);
    if (flag.env !== undefined) option.env(flag.env);
    command.addOption(option);
  }
  return command;
}

function reject(expected: string, text: string): never {
  throw new InvalidArgumentError(`Expected ${expected}, got "${text}".`);
}

/** An integer in [minimum, maximum]. */
export function integer(minimum: number, maximum: number = Number.MAX_SAFE_INTEGER): (text: string) => number {
  return (text) => {
    const value = Number(text);
    const isOpen = maximum === Number.MAX_SAFE_INTEGER && !(value > maximum);
    const range = isOpen ? `of at least ${minimum}` : `from ${minimum} to ${maximum}`;
    if (!/^-?\d+$/.test(text) || value < minimum || value > maximum) reject(`an integer ${range}`, text);
    return value;
  };
}

/** A finite number in [minimum, maximum]. */
export function number(minimum: number, maximum: number = Number.POSITIVE_INFINITY): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() === "" || !Number.isFinite(value) || value < minimum || value > maximum) {
      reject(
        maximum === Number.POSITIVE_INFINITY
          ? `a number of at least ${minimum}`
          : `a number from ${minimum} to ${maximum}`,
        text,
      );
    }
    return value;
  };
}

/** `200` or `200,100`: finite numbers of at least `minimum`. */
export function numberList(minimum: number): (text: string) => number[] {
  return (text) => {
    const parts = text.split(",");
    const values = parts.map(Number);
    if (parts.some((part, i) => part.trim() === "" || !Number.isFinite(values[i]) || values[i] < minimum)) {
      reject(`numbers of at least ${minimum} separated by commas`, text);
    }
    return values;
  };
}

const BYTE_UNITS: Readonly<Record<string, number>> = {
  ...{ kB: 1e3, MB: 1e6, GB: 1e9, TB: 1e12 },
  ...{ KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30, TiB: 2 ** 40 },
};

/** `900MB`, `1.5GiB`: a number of bytes. The unit is required, its case is not. */
export function byteSize(text: string): number {
  const match = /^(\d+(?:\.\d+)?)\s*([a-z]+)$/i.exec(text.trim());
  const unit = Object.keys(BYTE_UNITS).find((name) => name.toLowerCase() === match?.[2].toLowerCase());
  const bytes = match === null || unit === undefined ? 0 : Number(match[1]) * BYTE_UNITS[unit];
  if (!(bytes > 0)) reject("a size with its unit, such as 24GB or 900MiB", text);
  return bytes;
}

const SECONDS: Readonly<Record<string, number>> = { h: 3600, m: 60, min: 60, s: 1, ms: 1e-3 };

/** `8h`, `1h30m`, `45s`, `50ms`: a number of seconds. Units are required. */
export function duration(text: string): number {
  const parts = text.trim().replace(/\s+/g, "");
  const pattern = /(\d+(?:\.\d+)?)(ms|min|h|m|s)/gy;
  let seconds = 0;
  let end = 0;
  for (let match = pattern.exec(parts); match !== null; match = pattern.exec(parts)) {
    seconds += Number(match[1]) * SECONDS[match[2]];
    end = pattern.lastIndex;
  }
  if (end !== parts.length || !(seconds > 0)) reject("a time with its unit, such as 8h, 1h30m, 45s or 50ms", text);
  return seconds;
}

/** Milliseconds that a timer of Node holds; a longer one would fire at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** As `duration`, for what a timer waits: from 1 ms to 24.8 days. */
export function timerDuration(text: string): number {
  const seconds = duration(text);
  if (seconds * 1000 < 1 || seconds * 1000 > LONGEST_TIMER_MS) reject("a time from 1ms to 596h", text);
  return seconds;
}

/** `512` or `512,512`; `none` is the empty list. */
export function sizes(text: string): number[] {
  if (text === "none") return [];
  const values = text.split(",").map(Number);
  if (!/^\d+(,\d+)*$/.test(text) || values.some((v) => v < 1 || v > 65_536)) {
    reject("sizes from 1 to 65536 separated by commas, or none", text);
  }
  return values;
}

/** Which worlds to train: `16` is a count (worlds 0 … 15), `0-7` and `3,5,8-11` are lists. */
export interface WorldSelection {
  /** The worlds, ascending; null when only a count was given. */
  readonly worlds: readonly number[] | null;
  /** Given count, or one more than the largest world named. */
  readonly count: number;
}

export function worldSelection(text: string): WorldSelection {
  const expected = `a count such as 16, at most ${MAX_WORLDS}, or worlds below it such as 0-7 or 3,5,8-11`;
  if (/^\d+$/.test(text)) {
    const count = Number(text);
    if (count < 1 || count > MAX_WORLDS) reject(expected, text);
    return { worlds: null, count };
  }
  const worlds = new Set<number>();
  for (const part of text.split(",")) {
    const match = /^(\d+)(?:-(\d+))?$/.exec(part);
    if (match === null) reject(expected, text);
    const first = Number(match[1]);
    const last = match[2] === undefined ? first : Number(match[2]);
    if (last < first || last >= MAX_WORLDS) reject(expected, text);
    for (let w = first; w <= last; w++) worlds.add(w);
  }
  const sorted = [...worlds].sort((a, b) => a - b);
  return { worlds: sorted, count: sorted[sorted.length - 1] + 1 };
}
