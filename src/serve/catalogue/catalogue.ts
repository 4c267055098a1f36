/**
 * @file What is known of a label beside its name? The interface between the engine, which asks for items, and the store
 * that has them (catalogue-store.ts).
 */
import type { SkippedRows } from "../../data/bad-rows.js";
import type { CatalogueItem } from "../../mach/search-contract.js";

/** Items by label name. Read-only and safe to ask from a request: an answer takes microseconds. */
export interface Catalogue {
  /** What the catalogue says of `label`; undefined if it has no row. The object is shared: do not change it. */
  itemOf(label: string): CatalogueItem | undefined;
  /** Labels that have an item. */
  readonly size: number;
  /** Closes its file; nothing may be asked afterwards. */
  close(): void;
}

/** What reading the source brought to light. */
export interface CatalogueReport {
  /** Rows of the source, bad ones included. */
  readonly numRows: number;
  /** Rows whose label came again later: the last one counts. */
  readonly numDuplicates: number;
  /** Addresses (url, image) that were left out because a page may not follow them; null if none. */
  readonly droppedLinks: { readonly count: number; readonly firstLine: number; readonly first: string } | null;
  /** Bad rows by reason; empty unless they were to be skipped. */
  readonly skipped: readonly SkippedRows[];
}

/** How far reading a source is. */
export interface CatalogueProgress {
  /** Reading the source, then writing the store. */
  readonly phase: "reading" | "writing";
  /** Of this phase, 0 … 1. */
  readonly fraction: number;
  /** Rows read so far. */
  readonly rows: number;
}
