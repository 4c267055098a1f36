/**
 * @file What does a result say to people? A title from the catalogue, or the label's own name made readable; links that are
 * safe to follow; numbers as words.
 */
import type { CatalogueItem, FoundLabel } from "../../src/mach/search-contract.js";

export interface LabelText {
  readonly title: string;
  /** Stands small beside the title: what a name like `vendor:product` has before the colon. */
  readonly group: string | null;
}

/** `linux:linux_kernel` → linux kernel, of linux. Names with spaces are left as they are. */
export function readableLabel(label: string): LabelText {
  if (/\s/.test(label)) return { title: label, group: null };
  const words = (text: string): string => text.replace(/\\(.)/g, "$1").replace(/_+/g, " ").trim();
  const colon = label.indexOf(":");
  const [group, name] = colon < 0 ? ["", words(label)] : [words(label.slice(0, colon)), words(label.slice(colon + 1))];
  if (name === "") return { title: label, group: null };
  return { title: name, group: group === "" || group === name ? null : group };
}

export function textOf({ label, item }: Pick<FoundLabel, "label" | "item">): LabelText {
  return item?.title === undefined || item.title.trim() === ""
    ? readableLabel(label)
    : { title: item.title, group: null };
}

/** An address of the catalogue, if a page may lead there: http, https or relative to the page; else null. */
export function safeAddress(address: CatalogueItem["url"], base: string): string | null {
  if (address === undefined || address.trim() === "") return null;
  try {
    const url = new URL(address, base);
    return url.protocol === "https:" || url.protocol === "http:" ? url.href : null;
  } catch {
    return null;
  }
}

/** 0.97812 → "97.8 %", 0.0004 → "0.04 %", below one in a hundred thousand "< 0.001 %". With narrow no-break spaces. */
export function percent(probability: number): string {
  const value = 100 * probability;
  if (value === 0) return "0\u202f%";
  if (value < 0.001) return "<\u202f0.001\u202f%";
  const digits = value >= 99.95 ? 0 : value >= 1 ? 1 : value >= 0.1 ? 2 : 3;
  return `${value.toFixed(digits)}\u202f%`;
}

/** 51044 → "51,044". */
export function count(value: number): string {
  return value.toLocaleString("en-US");
}

/** "1 label", "3 labels". */
export function counted(value: number, noun: string): string {
  return `${count(value)} ${noun}${value === 1 ? "" : "s"}`;
}

/** 0.42 → "0.4 ms", 12.7 → "13 ms", 2500 → "2.5 s". */
export function milliseconds(value: number): string {
  if (value >= 1000) return `${(value / 1000).toFixed(1)}\u202fs`;
  return `${value < 9.95 ? value.toFixed(1) : Math.round(value)}\u202fms`;
}
